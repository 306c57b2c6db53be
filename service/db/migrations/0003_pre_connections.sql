-- A firm's consented link to a vendor: its books, its sealed credentials, its consent.

CREATE TABLE connections (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    firm_id uuid NOT NULL,
    vendor text NOT NULL CHECK (vendor ~ '^[a-z][a-z0-9_]{1,31}$'),
    state text NOT NULL CHECK (state IN ('pending', 'healthy', 'degraded', 'expiring', 'needs_attention',
                                         'paused', 'revoked', 'disconnected')),
    state_reason text,
    sandbox boolean NOT NULL,
    base_url text, -- sandboxes and self-hosted vendors; only operators may write it
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id)
);

CREATE TABLE connection_accounts (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    ordinal smallint NOT NULL CHECK (ordinal >= 0),
    remote_id text NOT NULL,
    name text NOT NULL,
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    time_zone text,
    PRIMARY KEY (org_id, connection_id, ordinal),
    UNIQUE (org_id, connection_id, remote_id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);

CREATE TABLE firm_data_keys (
    org_id uuid NOT NULL,
    firm_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    wrapping_key text NOT NULL, -- which key-encryption key opens it
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, firm_id, version),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id)
);

CREATE TABLE connection_secrets (
    org_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    name text NOT NULL,
    firm_id uuid NOT NULL,
    key_version integer NOT NULL,
    sealed bytea NOT NULL,
    fence bigint NOT NULL DEFAULT 1, -- grows with every rotation; a writer who lost its lock is turned away by it
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, connection_id, name),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id),
    FOREIGN KEY (org_id, firm_id, key_version) REFERENCES firm_data_keys (org_id, firm_id, version)
);

CREATE TABLE consents (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    firm_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    scopes text[] NOT NULL,
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, firm_id) REFERENCES firms (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES connections (org_id, id)
);
CREATE INDEX consents_of_connection ON consents (org_id, connection_id);

ALTER TABLE connections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON connections TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON connections TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (state, state_reason, updated_at) ON connections TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON connections TO tickmark_operator;

ALTER TABLE connection_accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON connection_accounts TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON connection_accounts TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON connection_accounts TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON connection_accounts TO tickmark_operator;

ALTER TABLE firm_data_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON firm_data_keys TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON firm_data_keys TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON firm_data_keys TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON firm_data_keys TO tickmark_operator;

ALTER TABLE connection_secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON connection_secrets TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON connection_secrets TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sealed, key_version, fence, updated_at) ON connection_secrets TO tickmark_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON connection_secrets TO tickmark_operator;

ALTER TABLE consents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON consents TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON consents TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON consents TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON consents TO tickmark_operator;
