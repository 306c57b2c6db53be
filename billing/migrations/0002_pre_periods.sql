-- From usage to invoice: who pays by which plan, which months are sealed, what was drafted.

CREATE TABLE billing.accounts (
    org_id    uuid PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    currency  text NOT NULL CHECK (currency ~ '^[A-Z]{3}$')
);

-- The plan of each period: of the pins that start on or before its first day the latest start, then the latest word.
CREATE TABLE billing.plan_pins (
    org_id      uuid NOT NULL REFERENCES billing.accounts,
    starts_on   date NOT NULL CHECK (extract(day FROM starts_on) = 1),
    plan        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    plan_digest text NOT NULL,
    pinned_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, starts_on, pinned_at)
);

-- One row for each month that was closed. `cutoff` says which ledger rows had arrived.
CREATE TABLE billing.periods (
    org_id      uuid NOT NULL REFERENCES billing.accounts,
    starts_on   date NOT NULL CHECK (extract(day FROM starts_on) = 1),
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL CHECK (ends_at > starts_at),
    cutoff      timestamptz NOT NULL,
    plan        text NOT NULL,
    version     integer NOT NULL,
    plan_digest text NOT NULL,
    PRIMARY KEY (org_id, starts_on)
);

CREATE TABLE billing.invoices (
    org_id      uuid NOT NULL,
    invoice_id  uuid NOT NULL,
    period      date NOT NULL,
    state       text NOT NULL DEFAULT 'draft',
    number      bigint,
    currency    text NOT NULL,
    total_minor bigint NOT NULL,
    drafted_at  timestamptz NOT NULL,
    issued_at   timestamptz,
    PRIMARY KEY (org_id, invoice_id),
    UNIQUE (org_id, period),
    UNIQUE (org_id, number),
    FOREIGN KEY (org_id, period) REFERENCES billing.periods,
    CONSTRAINT numbered_once_issued CHECK (
        CASE state WHEN 'draft' THEN number IS NULL AND issued_at IS NULL
                   WHEN 'issued' THEN number > 0 AND issued_at IS NOT NULL
                   ELSE false END)
);

CREATE TABLE billing.invoice_lines (
    org_id       uuid NOT NULL,
    invoice_id   uuid NOT NULL,
    position     integer NOT NULL CHECK (position > 0),
    kind         text NOT NULL,
    usage_period date NOT NULL,
    meter        text NOT NULL,
    tier         integer NOT NULL,
    quantity     bigint NOT NULL,
    unit_price   numeric NOT NULL CHECK (scale(unit_price) <= 12 AND unit_price >= 0),
    amount_minor bigint NOT NULL,
    PRIMARY KEY (org_id, invoice_id, position),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices
);

-- Only the state of an invoice moves; its money and its lines never do.
CREATE FUNCTION billing.keep_invoice() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT (OLD.state = 'draft' AND NEW.state = 'issued') THEN
        RAISE EXCEPTION 'an invoice goes from draft to issued, not from % to %', OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep BEFORE UPDATE ON billing.invoices FOR EACH ROW EXECUTE FUNCTION billing.keep_invoice();
CREATE TRIGGER keep_row BEFORE DELETE ON billing.invoices FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.invoice_lines FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.periods FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.plan_pins FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();

DO $$
DECLARE
    name text;
    own_org constant text := '(org_id = nullif(current_setting(''tickmark.org_id'', true), '''')::uuid)';
BEGIN
    FOREACH name IN ARRAY ARRAY['accounts', 'plan_pins', 'periods', 'invoices', 'invoice_lines'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_rows ON billing.%I FOR SELECT TO tickmark_app USING %s', name, own_org);
        EXECUTE format('CREATE POLICY every_row ON billing.%I TO tickmark_operator USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON billing.%I TO tickmark_app, tickmark_operator', name);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_operator', name);
    END LOOP;
    -- A sign-up opens its own account within a request.
    FOREACH name IN ARRAY ARRAY['accounts', 'plan_pins'] LOOP
        EXECUTE format('CREATE POLICY opened_rows ON billing.%I FOR INSERT TO tickmark_app WITH CHECK %s', name, own_org);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_app', name);
    END LOOP;
END
$$;

-- The state alone may move; locking a row FOR UPDATE needs the same grant.
GRANT UPDATE (state, number, issued_at) ON billing.invoices TO tickmark_operator;
