-- Organizations (our customers), the firms whose data they read, and their API keys.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    time_zone text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE firms (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    region text NOT NULL CHECK (region ~ '^[a-z]{2}$'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE api_keys (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    mode text NOT NULL CHECK (mode IN ('live', 'test')),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    pepper_version smallint NOT NULL,
    scopes text[] NOT NULL,
    firm_ids uuid[],       -- null: every firm of the organization
    connection_ids uuid[], -- null: every connection of those firms
    api_version date NOT NULL,
    ip_allow cidr[] NOT NULL DEFAULT '{}', -- empty: from anywhere
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz, -- written in batches, up to a minute late
    PRIMARY KEY (org_id, id)
);

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON organizations TO tickmark_app USING (id = current_org_id()) WITH CHECK (id = current_org_id());
CREATE POLICY every ON organizations TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON organizations TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON organizations TO tickmark_operator;

ALTER TABLE firms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON firms TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON firms TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON firms TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON firms TO tickmark_operator;

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON api_keys TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON api_keys TO tickmark_operator USING (true) WITH CHECK (true);
-- `authenticate_key` runs as the owner, who is bound by FORCE unless it is a superuser.
CREATE POLICY authenticate ON api_keys FOR SELECT TO CURRENT_USER USING (true);
-- Nobody who serves requests may read a token's hash back.
GRANT SELECT (org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow,
              created_at, expires_at, revoked_at, last_used_at),
      INSERT,
      UPDATE (expires_at, revoked_at, last_used_at)
    ON api_keys TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON api_keys TO tickmark_operator;

-- Whose key this is: asked before the organization is known, hence past row security, for one exact hash only.
CREATE FUNCTION authenticate_key(hashes bytea[])
    RETURNS TABLE (org_id uuid, key_id uuid, mode text, scopes text[], firm_ids uuid[], connection_ids uuid[],
                   api_version date, ip_allow text[], expires_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
        SELECT k.org_id, k.id, k.mode, k.scopes, k.firm_ids, k.connection_ids,
               k.api_version, k.ip_allow::text[], k.expires_at, k.revoked_at
        FROM public.api_keys k
        WHERE k.token_hash = ANY (hashes)
    $$;
REVOKE ALL ON FUNCTION authenticate_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_key TO tickmark_app;
