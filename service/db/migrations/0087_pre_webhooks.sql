-- What happened, told: one row for each event, written by the transaction in which it happened, and in the same one a
-- delivery for each endpoint that wants it. Nothing is told of what was rolled back, nothing is forgotten.

-- A UUIDv7 (RFC 9562) of an instant, as service/ids.py makes them.
CREATE FUNCTION new_uuid_at(at timestamptz) RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
    AS $$
        SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
            52, 1), 53, 1), 'hex')::uuid
    $$;

CREATE TABLE events (
    org_id uuid NOT NULL, -- no reference: what happened stays told
    id uuid NOT NULL,
    type text NOT NULL CHECK (type ~ '^[a-z_]{1,40}(\.[a-z_]{1,40})?$'),
    mode text NOT NULL CHECK (mode IN ('live', 'test')), -- test: of sandboxes and test keys
    at timestamptz NOT NULL,
    about text NOT NULL CHECK (about IN ('org', 'key', 'con', 'bill', 'whe')),
    about_id uuid NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX events_by_time ON events (org_id, at DESC, id DESC);

CREATE TABLE webhook_endpoints (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    url text NOT NULL CHECK (length(url) BETWEEN 8 AND 2000),
    description text NOT NULL CHECK (length(description) <= 200),
    event_types text[] CHECK (cardinality(event_types) BETWEEN 1 AND 100), -- null: all, those to come too
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    api_version date NOT NULL,
    enabled boolean NOT NULL,
    disabled_because text CHECK (disabled_because IN ('asked', 'gone', 'failing')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    delivered_at timestamptz, -- the last time that it took something
    PRIMARY KEY (org_id, id),
    CONSTRAINT disabled_for_a_reason CHECK (enabled = (disabled_because IS NULL))
);

-- What bodies are signed with, sealed. Two at a time while one replaces the other.
CREATE TABLE webhook_secrets (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    key_version integer NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz, -- null: until it is rolled
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
);
CREATE UNIQUE INDEX webhook_secrets_newest ON webhook_secrets (org_id, endpoint_id) WHERE ends_at IS NULL;

CREATE TABLE webhook_deliveries (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0, -- begun, over all
    tries smallint NOT NULL DEFAULT 0,   -- begun since it was sent or replayed: where it is in the schedule
    due_at timestamptz NOT NULL,
    leased_until timestamptz,            -- an attempt is under way until then, unless its worker died
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, endpoint_id, event_id),
    FOREIGN KEY (org_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE,
    FOREIGN KEY (org_id, event_id) REFERENCES events
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (org_id, endpoint_id, due_at, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (org_id, endpoint_id, id DESC);
CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at) WHERE state <> 'waiting';

CREATE TABLE webhook_attempts (
    org_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    duration_ms integer NOT NULL CHECK (duration_ms >= 0),
    outcome text NOT NULL CHECK (outcome ~ '^[a-z_]{1,40}$'),
    status smallint,
    PRIMARY KEY (org_id, delivery_id, number),
    FOREIGN KEY (org_id, delivery_id) REFERENCES webhook_deliveries ON DELETE CASCADE
);

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['events', 'webhook_endpoints', 'webhook_secrets', 'webhook_deliveries', 'webhook_attempts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', kept);
        EXECUTE format('CREATE POLICY own ON %I TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id())', kept);
        EXECUTE format('CREATE POLICY every ON %I TO tickmark_operator USING (true) WITH CHECK (true)', kept);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO tickmark_app, tickmark_operator', kept);
    END LOOP;
END
$$;
GRANT UPDATE (url, description, event_types, enabled, disabled_because, updated_at, delivered_at)
    ON webhook_endpoints TO tickmark_app, tickmark_operator;
GRANT UPDATE (ends_at) ON webhook_secrets TO tickmark_app, tickmark_operator;
GRANT UPDATE (state, attempts, tries, due_at, leased_until, settled_at)
    ON webhook_deliveries TO tickmark_app, tickmark_operator;
GRANT DELETE ON webhook_endpoints, webhook_secrets, webhook_deliveries TO tickmark_app, tickmark_operator;

-- Tells of something. An endpoint that is being deleted is waited for, so that it cannot undo what happened; a live
-- endpoint hears of sandboxes too, a test endpoint of nothing else.
CREATE FUNCTION publish_event(org uuid, type text, mode text, at timestamptz, about text, about_id uuid, facts jsonb)
    RETURNS uuid
    LANGUAGE plpgsql SET search_path = ''
    AS $$
#variable_conflict use_variable
DECLARE
    event constant uuid := public.new_uuid_at(at);
BEGIN
    INSERT INTO public.events VALUES (org, event, type, mode, at, about, about_id, facts);
    INSERT INTO public.webhook_deliveries (org_id, id, endpoint_id, event_id, due_at, created_at)
    SELECT org, public.new_uuid_at(clock_timestamp()), e.id, event, now(), now() FROM public.webhook_endpoints e
    WHERE e.org_id = org AND e.enabled AND (e.mode = 'live' OR mode = 'test')
      AND (e.event_types IS NULL OR type = ANY (e.event_types))
    FOR KEY SHARE OF e;
    RETURN event;
END
$$;

CREATE FUNCTION tell_connection_event() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    PERFORM public.publish_event(NEW.org_id, 'connection.' || NEW.kind, CASE WHEN c.sandbox THEN 'test' ELSE 'live' END,
        NEW.at, 'con', NEW.connection_id,
        jsonb_build_object('firm', c.firm_id, 'vendor', c.vendor, 'state', NEW.state, 'detail', NEW.detail))
    FROM public.connections c WHERE c.org_id = NEW.org_id AND c.id = NEW.connection_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT ON connection_events FOR EACH ROW EXECUTE FUNCTION tell_connection_event();

CREATE FUNCTION tell_key_leak() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    PERFORM public.publish_event(NEW.org_id, 'key.leaked', k.mode, NEW.reported_at, 'key', NEW.key_id,
        jsonb_build_object('ended', NEW.ended_key))
    FROM public.api_keys k WHERE k.org_id = NEW.org_id AND k.id = NEW.key_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT ON key_leaks FOR EACH ROW EXECUTE FUNCTION tell_key_leak();

-- Billing's own migrations set these two on its tables, which are not there yet in a new database.
CREATE FUNCTION tell_budget_alert() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    PERFORM public.publish_event(NEW.org_id, 'budget.alert', 'live', NEW.raised_at,
        CASE NEW.scope WHEN 'organization' THEN 'org' WHEN 'key' THEN 'key' ELSE 'con' END, NEW.scope_id,
        jsonb_build_object('span', NEW.span, 'percent', NEW.percent, 'amount_minor', NEW.limit_minor, 'currency', a.currency))
    FROM billing.accounts a WHERE a.org_id = NEW.org_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION tell_invoice_move() RETURNS trigger
    LANGUAGE plpgsql SET search_path = ''
    AS $$
BEGIN
    PERFORM public.publish_event(NEW.org_id, 'invoice.' || NEW.state, 'live', NEW.moved_at, 'bill', NEW.invoice_id,
        jsonb_build_object('amount_minor', i.total_minor, 'currency', a.currency))
    FROM billing.invoices i JOIN billing.accounts a ON a.org_id = i.org_id
    WHERE i.org_id = NEW.org_id AND i.invoice_id = NEW.invoice_id;
    RETURN NULL;
END
$$;

-- What happened before this: told to nobody, but listed as it was.
SET LOCAL ROLE tickmark_operator;
INSERT INTO events
SELECT e.org_id, new_uuid_at(e.at), 'connection.' || e.kind, CASE WHEN c.sandbox THEN 'test' ELSE 'live' END, e.at, 'con',
       e.connection_id, jsonb_build_object('firm', c.firm_id, 'vendor', c.vendor, 'state', e.state, 'detail', e.detail)
FROM connection_events e JOIN connections c ON c.org_id = e.org_id AND c.id = e.connection_id
ORDER BY e.seq;
INSERT INTO events
SELECT l.org_id, new_uuid_at(l.reported_at), 'key.leaked', k.mode, l.reported_at, 'key', l.key_id,
       jsonb_build_object('ended', l.ended_key)
FROM key_leaks l JOIN api_keys k ON k.org_id = l.org_id AND k.id = l.key_id;
RESET ROLE;
