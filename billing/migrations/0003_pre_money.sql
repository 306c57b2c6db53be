-- What becomes of an issued invoice, credit notes, payments, prepaid money; budgets and what is reserved of them.

ALTER TABLE billing.invoices
    ADD COLUMN due_on date,
    ADD COLUMN prepaid_minor bigint NOT NULL DEFAULT 0 CHECK (prepaid_minor >= 0),
    DROP CONSTRAINT numbered_once_issued,
    ADD CONSTRAINT numbered_once_issued CHECK (
        CASE WHEN state = 'draft' THEN number IS NULL AND issued_at IS NULL AND prepaid_minor = 0
             WHEN state IN ('issued', 'paid', 'past_due', 'uncollectible', 'void')
                 THEN number IS NOT NULL AND number > 0 AND issued_at IS NOT NULL
             ELSE false END);

-- A line of usage has a meter; a discount, credit, minimum or tax has none and says what it is in `note`.
-- `priced_quantity` is what `unit_price` multiplies: packages of `per` units, else the units themselves (null: as many).
ALTER TABLE billing.invoice_lines
    ALTER COLUMN meter DROP NOT NULL,
    ADD COLUMN priced_quantity bigint,
    ADD COLUMN per integer NOT NULL DEFAULT 1 CHECK (per > 0),
    ADD COLUMN note text;

-- Only the state of an invoice moves, along these ways; its money, number and lines never do.
CREATE OR REPLACE FUNCTION billing.keep_invoice() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT (OLD.state, NEW.state) IN (
        ('draft', 'issued'), ('issued', 'paid'), ('issued', 'past_due'), ('issued', 'uncollectible'), ('issued', 'void'),
        ('past_due', 'paid'), ('past_due', 'uncollectible'), ('past_due', 'void'),
        ('uncollectible', 'paid'), ('uncollectible', 'void')
    ) THEN
        RAISE EXCEPTION 'an invoice does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.org_id, OLD.invoice_id, OLD.period, OLD.currency, OLD.total_minor, OLD.drafted_at)
            IS DISTINCT FROM (NEW.org_id, NEW.invoice_id, NEW.period, NEW.currency, NEW.total_minor, NEW.drafted_at)
        OR OLD.state <> 'draft' AND (OLD.number, OLD.issued_at, OLD.due_on, OLD.prepaid_minor)
            IS DISTINCT FROM (NEW.number, NEW.issued_at, NEW.due_on, NEW.prepaid_minor) THEN
        RAISE EXCEPTION 'only the state of an invoice moves' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- No state is reached twice, so this is the whole history of an invoice.
CREATE TABLE billing.invoice_moves (
    org_id     uuid NOT NULL,
    invoice_id uuid NOT NULL,
    state      text NOT NULL,
    moved_at   timestamptz NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (org_id, invoice_id, state),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices
);

-- Money that came in for an invoice or, negative, went back. `reference` is the rail's own and makes a repeat harmless.
CREATE TABLE billing.payments (
    org_id       uuid NOT NULL,
    reference    text NOT NULL,
    invoice_id   uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    paid_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, reference),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices
);

CREATE TABLE billing.credit_notes (
    org_id       uuid NOT NULL,
    note_id      uuid NOT NULL,
    invoice_id   uuid NOT NULL,
    number       bigint NOT NULL CHECK (number > 0),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    reason       text NOT NULL,
    issued_at    timestamptz NOT NULL,
    PRIMARY KEY (org_id, note_id),
    UNIQUE (org_id, number),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices
);

-- What was paid in advance: amounts that came in, amounts (negative) that were used for an invoice.
CREATE TABLE billing.prepaid (
    org_id       uuid NOT NULL REFERENCES billing.accounts,
    entry_id     uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    invoice_id   uuid,
    note         text NOT NULL,
    entered_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, entry_id)
);

CREATE FUNCTION billing.bound_credit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM billing.invoices i WHERE i.org_id = NEW.org_id AND i.invoice_id = NEW.invoice_id FOR UPDATE;
    IF (SELECT sum(c.amount_minor) FROM billing.credit_notes c
        WHERE c.org_id = NEW.org_id AND c.invoice_id = NEW.invoice_id)
        > (SELECT i.total_minor FROM billing.invoices i WHERE i.org_id = NEW.org_id AND i.invoice_id = NEW.invoice_id) THEN
        RAISE EXCEPTION 'credit notes exceed their invoice' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER bound AFTER INSERT ON billing.credit_notes FOR EACH ROW EXECUTE FUNCTION billing.bound_credit();

CREATE FUNCTION billing.bound_prepaid() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (SELECT sum(p.amount_minor) FROM billing.prepaid p WHERE p.org_id = NEW.org_id) < 0 THEN
        RAISE EXCEPTION 'more prepaid money is used than there is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER bound AFTER INSERT ON billing.prepaid FOR EACH ROW EXECUTE FUNCTION billing.bound_prepaid();

-- Who the invoices are made out to and how they are taxed, from an instant on; an invoice keeps to what held then.
CREATE TABLE billing.details (
    org_id      uuid NOT NULL REFERENCES billing.accounts,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    name        text NOT NULL,
    address     text NOT NULL,
    tax_id      text,
    tax_name    text,
    tax_percent numeric CHECK (tax_percent BETWEEN 0 AND 100),
    PRIMARY KEY (org_id, changed_at),
    CHECK ((tax_name IS NULL) = (tax_percent IS NULL))
);

-- Spend caps. The row of a budget is also the lock under which its money is reserved.
CREATE TABLE billing.budgets (
    org_id      uuid NOT NULL REFERENCES billing.accounts,
    scope       text NOT NULL CHECK (scope IN ('organization', 'key', 'connection')),
    scope_id    uuid NOT NULL,
    span        text NOT NULL CHECK (span IN ('day', 'month')),
    limit_minor bigint NOT NULL CHECK (limit_minor >= 0),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, scope, scope_id, span)
);

-- Units of a budget's day or month that are known to be used. `base` is where they start on the month's line of units.
CREATE TABLE billing.spend (
    org_id    uuid NOT NULL,
    scope     text NOT NULL,
    scope_id  uuid NOT NULL,
    span      text NOT NULL,
    starts_at timestamptz NOT NULL,
    meter     text NOT NULL,
    base      bigint NOT NULL,
    settled   bigint NOT NULL,
    PRIMARY KEY (org_id, scope, scope_id, span, starts_at, meter)
) WITH (fillfactor = 50);

-- Units a process may use without asking. One that dies is settled from the ledger once `expires_at` has passed.
CREATE TABLE billing.spend_leases (
    org_id     uuid NOT NULL,
    scope      text NOT NULL,
    scope_id   uuid NOT NULL,
    span       text NOT NULL,
    starts_at  timestamptz NOT NULL,
    meter      text NOT NULL,
    holder     uuid NOT NULL,
    units      bigint NOT NULL CHECK (units >= 0),
    spent      bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, scope, scope_id, span, starts_at, meter, holder)
) WITH (fillfactor = 50);

-- Once for each share of each limit in each day or month.
CREATE TABLE billing.budget_alerts (
    org_id      uuid NOT NULL,
    scope       text NOT NULL,
    scope_id    uuid NOT NULL,
    span        text NOT NULL,
    starts_at   timestamptz NOT NULL,
    limit_minor bigint NOT NULL,
    percent     smallint NOT NULL,
    spent_minor bigint NOT NULL,
    raised_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, scope, scope_id, span, starts_at, limit_minor, percent)
);

DO $$
DECLARE
    name text;
    own_org constant text := '(org_id = nullif(current_setting(''tickmark.org_id'', true), '''')::uuid)';
BEGIN
    FOREACH name IN ARRAY ARRAY['invoice_moves', 'payments', 'credit_notes', 'prepaid', 'details', 'budget_alerts'] LOOP
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.%I '
                       'FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['invoice_moves', 'payments', 'credit_notes', 'prepaid', 'details',
                                'budgets', 'spend', 'spend_leases', 'budget_alerts'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_rows ON billing.%I FOR SELECT TO tickmark_app USING %s', name, own_org);
        EXECUTE format('CREATE POLICY every_row ON billing.%I TO tickmark_operator USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON billing.%I TO tickmark_app, tickmark_operator', name);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_operator', name);
    END LOOP;
    -- Requests set their organization's budgets and reserve from them.
    FOREACH name IN ARRAY ARRAY['budgets', 'spend', 'spend_leases'] LOOP
        EXECUTE format('CREATE POLICY kept_rows ON billing.%I TO tickmark_app USING %s WITH CHECK %s', name, own_org, own_org);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON billing.%I TO tickmark_app, tickmark_operator', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['budget_alerts', 'details'] LOOP
        EXECUTE format('CREATE POLICY added_rows ON billing.%I FOR INSERT TO tickmark_app WITH CHECK %s', name, own_org);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_app', name);
    END LOOP;
END
$$;

GRANT UPDATE (due_on, prepaid_minor) ON billing.invoices TO tickmark_operator;
