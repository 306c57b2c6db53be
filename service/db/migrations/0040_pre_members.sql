-- People who sign in to the portal for an organization: members, their sessions, invitations.

CREATE TABLE members (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'auditor')),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    totp_sealed bytea,    -- the second factor's secret under AES-GCM; null until enrolled
    totp_last_step bigint, -- a code is taken once
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (org_id, id)
);

CREATE UNIQUE INDEX members_of_address ON members (email) WHERE removed_at IS NULL; -- an address signs in to one

CREATE TABLE member_sessions (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    user_agent text NOT NULL CHECK (length(user_agent) <= 200),
    address text NOT NULL CHECK (length(address) <= 64),
    confirmed_at timestamptz NOT NULL, -- when the member last proved who it is, by code or, without one, by password
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX member_sessions_of_member ON member_sessions (org_id, member_id);

CREATE TABLE invitations (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'auditor')),
    invited_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, invited_by) REFERENCES members (org_id, id)
);

ALTER TABLE members ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON members TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON members TO tickmark_operator USING (true) WITH CHECK (true);
-- `find_member` runs as the owner, who is bound by FORCE unless it is a superuser.
CREATE POLICY find ON members FOR SELECT TO CURRENT_USER USING (true);
-- Requests write a password's hash but read it back only through `find_member`, for one exact address.
GRANT SELECT (org_id, id, email, name, role, totp_sealed, totp_last_step, created_at, removed_at),
      INSERT,
      UPDATE (name, role, password_hash, totp_sealed, totp_last_step, removed_at)
    ON members TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON members TO tickmark_operator;

ALTER TABLE member_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_sessions TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON member_sessions TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (secret_hash, confirmed_at, seen_at) ON member_sessions TO tickmark_app;
GRANT SELECT, DELETE ON member_sessions TO tickmark_operator;

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON invitations TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON invitations TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (accepted_at, revoked_at) ON invitations TO tickmark_app;
GRANT SELECT, INSERT, UPDATE ON invitations TO tickmark_operator;

-- Who signs in with this address: asked before the organization is known, hence past row security.
CREATE FUNCTION find_member(address text)
    RETURNS TABLE (org_id uuid, member_id uuid, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
        SELECT m.org_id, m.id, m.password_hash FROM public.members m WHERE m.email = address AND m.removed_at IS NULL
    $$;
REVOKE ALL ON FUNCTION find_member FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_member TO tickmark_app;

-- Signing up makes an organization and its firms; row security holds each to its own id.
GRANT INSERT, UPDATE (name, time_zone) ON organizations TO tickmark_app;
GRANT INSERT, UPDATE (name) ON firms TO tickmark_app;
