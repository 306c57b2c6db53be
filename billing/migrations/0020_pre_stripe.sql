-- Stripe as the rail: who our customers are there, how far each invoice is, what Stripe has told us; kept reconciliations.

CREATE TABLE billing.stripe_customers (
    org_id         uuid PRIMARY KEY REFERENCES billing.accounts,
    customer_id    text COLLATE "C" NOT NULL UNIQUE,
    payment_method text COLLATE "C",
    linked_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Each outside step of an invoice, with a failure state of its own. `generation` is part of the idempotency key: Stripe
-- keeps a failed answer under a key and would give it for ever.
CREATE TABLE billing.stripe_steps (
    org_id     uuid NOT NULL,
    invoice_id uuid NOT NULL,
    step       text COLLATE "C" NOT NULL,
    state      text NOT NULL CHECK (state IN ('trying', 'done', 'waiting', 'unknown', 'broken', 'refused')),
    generation integer NOT NULL DEFAULT 1 CHECK (generation > 0),
    attempts   integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    stripe_id  text COLLATE "C",
    error      text,
    tried_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, invoice_id, step),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices,
    CONSTRAINT done_has_its_object CHECK ((state = 'done') = (stripe_id IS NOT NULL))
);
CREATE INDEX stripe_steps_undone ON billing.stripe_steps (tried_at) WHERE state <> 'done';

-- What Stripe said of our invoice when it was last read; never computed from an event.
CREATE TABLE billing.stripe_invoices (
    org_id                uuid NOT NULL,
    invoice_id            uuid NOT NULL,
    stripe_invoice_id     text COLLATE "C" NOT NULL UNIQUE,
    status                text NOT NULL,
    collection            text NOT NULL DEFAULT 'none'
        CHECK (collection IN ('none', 'due', 'retrying', 'failed', 'paid', 'uncollectible', 'void')),
    total_minor           bigint NOT NULL DEFAULT 0,
    paid_minor            bigint NOT NULL DEFAULT 0,
    credited_minor        bigint NOT NULL DEFAULT 0,
    payment_attempts      integer NOT NULL DEFAULT 0,
    next_attempt_at       timestamptz,
    hosted_url            text,
    read_at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, invoice_id),
    FOREIGN KEY (org_id, invoice_id) REFERENCES billing.invoices
);

-- One row for each event, whatever the order and however often it came. An event that names no organization of ours is
-- kept under the nil id. The body is not kept: what it speaks of is read again.
CREATE TABLE billing.stripe_events (
    org_id      uuid NOT NULL,
    event_id    text COLLATE "C" NOT NULL UNIQUE,
    type        text COLLATE "C" NOT NULL,
    object_id   text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handled', 'ignored', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,
    error       text,
    PRIMARY KEY (org_id, event_id)
);
CREATE INDEX stripe_events_waiting ON billing.stripe_events (received_at) WHERE state = 'waiting';

CREATE TABLE billing.reconciliations (
    org_id                 uuid NOT NULL REFERENCES billing.accounts,
    reconciliation_id      uuid NOT NULL,
    period                 date NOT NULL,
    ran_at                 timestamptz NOT NULL,
    balanced               boolean NOT NULL,
    difference             bigint NOT NULL,
    money_difference_minor bigint NOT NULL,
    report                 jsonb NOT NULL,
    PRIMARY KEY (org_id, reconciliation_id)
);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.reconciliations
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();

DO $$
DECLARE
    name text;
    own_org constant text := '(org_id = nullif(current_setting(''tickmark.org_id'', true), '''')::uuid)';
BEGIN
    FOREACH name IN ARRAY ARRAY['stripe_customers', 'stripe_steps', 'stripe_invoices', 'stripe_events', 'reconciliations']
    LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_rows ON billing.%I FOR SELECT TO tickmark_app USING %s', name, own_org);
        EXECUTE format('CREATE POLICY every_row ON billing.%I TO tickmark_operator USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON billing.%I TO tickmark_app, tickmark_operator', name);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_operator', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['stripe_customers', 'stripe_events'] LOOP
        EXECUTE format('CREATE POLICY added_rows ON billing.%I FOR INSERT TO tickmark_app WITH CHECK %s', name, own_org);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_app', name);
    END LOOP;
END
$$;

GRANT UPDATE (payment_method) ON billing.stripe_customers TO tickmark_operator;
GRANT UPDATE (state, generation, attempts, stripe_id, error, tried_at) ON billing.stripe_steps TO tickmark_operator;
GRANT UPDATE (status, collection, total_minor, paid_minor, credited_minor, payment_attempts, next_attempt_at, hosted_url,
              read_at) ON billing.stripe_invoices TO tickmark_operator;
GRANT UPDATE (state, attempts, error) ON billing.stripe_events TO tickmark_operator;
