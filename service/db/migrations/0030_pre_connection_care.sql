-- What keeps connections alive and explains them: their lifetimes, what led to their state, the pages on which firms
-- connect, second persons, and what a vendor's answers are expected to look like.

ALTER TABLE connection_secrets
    ADD COLUMN expires_at timestamptz,         -- of the access token; null: it does not expire
    ADD COLUMN refresh_expires_at timestamptz, -- grows with every renewal
    ADD COLUMN hard_expires_at timestamptz,    -- never grows: the firm has to connect again by then
    ADD COLUMN renewing_since timestamptz,     -- set before a vendor is asked, cleared with its answer
    ADD COLUMN renewals bigint NOT NULL DEFAULT 0;
CREATE INDEX connection_secrets_due ON connection_secrets (expires_at) WHERE expires_at IS NOT NULL;
GRANT UPDATE (expires_at, refresh_expires_at, hard_expires_at, renewing_since, renewals) ON connection_secrets TO tickmark_app;
GRANT INSERT, DELETE ON connection_secrets TO tickmark_app;

-- Requests may make connections, at the vendors' own addresses: `base_url` is left to operators.
GRANT INSERT (org_id, id, firm_id, vendor, state, state_reason, sandbox, created_at, updated_at) ON connections TO tickmark_app;
GRANT INSERT ON connection_accounts TO tickmark_app;
GRANT INSERT, DELETE ON firm_data_keys TO tickmark_app;
GRANT DELETE ON firm_data_keys TO tickmark_operator;

-- The timeline of a connection. A change of state cannot be made without its line here.
CREATE TABLE connection_events (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    state text NOT NULL,
    detail text CHECK (length(detail) <= 500),
    vendor_status smallint,
    vendor_code text CHECK (length(vendor_code) <= 100),
    PRIMARY KEY (org_id, connection_id, seq),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE FUNCTION note_connection_state() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (NEW.state, NEW.state_reason) IS DISTINCT FROM (OLD.state, OLD.state_reason) THEN
        INSERT INTO connection_events (org_id, connection_id, at, kind, state, detail)
        VALUES (NEW.org_id, NEW.id, NEW.updated_at, CASE TG_OP WHEN 'INSERT' THEN 'connected' ELSE 'state' END,
                NEW.state, left(NEW.state_reason, 500));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_state AFTER INSERT OR UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION note_connection_state();

-- How an organization's connect pages behave.
CREATE TABLE connect_settings (
    org_id uuid PRIMARY KEY REFERENCES organizations,
    return_urls text[] NOT NULL DEFAULT '{}' CHECK (cardinality(return_urls) <= 50),
    accent text CHECK (accent ~ '^[0-9a-f]{6}$'),
    updated_at timestamptz NOT NULL
);

-- What a firm wants two persons for.
CREATE TABLE firm_policies (
    org_id uuid NOT NULL,
    firm_id uuid NOT NULL,
    dual_control text[] NOT NULL CHECK (dual_control <@ ARRAY['connect', 'consent', 'export', 'policy']),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, firm_id),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id)
);

CREATE TABLE approvals (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    firm_id uuid NOT NULL,
    connection_id uuid,
    action text NOT NULL CHECK (action IN ('connect', 'consent', 'export', 'policy')),
    detail text NOT NULL CHECK (length(detail) <= 500),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32), -- of exactly what is approved
    requested_by text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 320),
    requested_key uuid,             -- null: on a connect page
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decision text CHECK (decision IN ('approved', 'refused')),
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 320),
    decided_key uuid,
    decided_at timestamptz,
    used_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    CONSTRAINT decided_whole CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)),
    CONSTRAINT second_person CHECK (lower(decided_by) <> lower(requested_by)),
    CONSTRAINT second_key CHECK (decided_key <> requested_key),
    CONSTRAINT used_when_approved CHECK (used_at IS NULL OR decision = 'approved')
);
CREATE INDEX approvals_of_connection ON approvals (org_id, connection_id);

CREATE TABLE link_sessions (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    firm_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    sandbox boolean NOT NULL,
    vendors text[] NOT NULL CHECK (cardinality(vendors) BETWEEN 1 AND 20),
    items text[] NOT NULL,
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
    consent_days integer NOT NULL CHECK (consent_days BETWEEN 1 AND 3650),
    return_url text NOT NULL CHECK (length(return_url) <= 2000),
    relinks uuid,                   -- the connection that is connected again
    created_by uuid NOT NULL,       -- the key
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    step text NOT NULL CHECK (step IN ('sign', 'connect', 'choose', 'finished', 'closed')),
    vendor text,
    signer_name text CHECK (length(signer_name) BETWEEN 1 AND 200),
    signer_email text CHECK (length(signer_email) BETWEEN 3 AND 320),
    clients_consented boolean NOT NULL DEFAULT false,
    signed_at timestamptz,
    statement text,                 -- the very words that were signed
    state_hash bytea UNIQUE CHECK (length(state_hash) = 32),     -- of the state that a vendor has to send back, once
    browser_hash bytea CHECK (length(browser_hash) = 32),        -- of the cookie of the browser it was given to
    key_version integer,
    sealed bytea,                   -- what is held between two steps: a verifier, then tokens and the accounts found
    tries smallint NOT NULL DEFAULT 0,
    notice text,                    -- what the page says next
    connection_id uuid,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id),
    FOREIGN KEY (org_id, relinks) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    CONSTRAINT finished_with_connection CHECK ((step = 'finished') = (connection_id IS NOT NULL)),
    CONSTRAINT nothing_kept_after CHECK (step NOT IN ('finished', 'closed') OR sealed IS NULL)
);
CREATE INDEX link_sessions_by_end ON link_sessions (expires_at) WHERE sealed IS NOT NULL;

-- What the canary has learned of one kind of record at one connection.
CREATE TABLE surface_shapes (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    surface text NOT NULL,
    shape text NOT NULL,            -- JSON: each field the connector reads → the JSON types it was seen with
    records bigint NOT NULL,
    probed_at timestamptz NOT NULL,
    outcome text NOT NULL,
    PRIMARY KEY (org_id, connection_id, surface),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE issues (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    vendor text NOT NULL,
    surface text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('unreadable', 'missing_field', 'changed_type')),
    path text NOT NULL CHECK (length(path) <= 300),
    expected text NOT NULL CHECK (length(expected) <= 300),
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    resolved_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);
CREATE UNIQUE INDEX issues_open ON issues (org_id, connection_id, surface, kind, path) WHERE resolved_at IS NULL;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['connection_events', 'connect_settings', 'firm_policies', 'approvals', 'link_sessions',
                                'surface_shapes', 'issues'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', kept);
        EXECUTE format('CREATE POLICY own ON %I TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id())', kept);
        EXECUTE format('CREATE POLICY every ON %I TO tickmark_operator USING (true) WITH CHECK (true)', kept);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO tickmark_app, tickmark_operator', kept);
    END LOOP;
END
$$;
GRANT UPDATE ON connect_settings, firm_policies, link_sessions, surface_shapes, issues TO tickmark_app, tickmark_operator;
GRANT UPDATE (decision, decided_by, decided_key, decided_at, used_at) ON approvals TO tickmark_app, tickmark_operator;

-- Whose page a link or a vendor's answer belongs to: asked before the organization is known, hence past row security,
-- for one exact hash only.
CREATE POLICY find ON link_sessions FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION find_link_session(hash bytea)
    RETURNS TABLE (org_id uuid, session_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT s.org_id, s.id FROM public.link_sessions s WHERE s.token_hash = hash OR s.state_hash = hash $$;
REVOKE ALL ON FUNCTION find_link_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_link_session TO tickmark_app;
