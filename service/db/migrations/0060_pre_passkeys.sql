-- Passkeys (WebAuthn credentials) of members: only what is public of them is here.

CREATE TABLE member_passkeys (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    credential_id bytea NOT NULL CHECK (length(credential_id) BETWEEN 16 AND 1023),
    public_key bytea NOT NULL CHECK (length(public_key) BETWEEN 16 AND 4096),
    sign_count bigint NOT NULL,       -- 0 for ever where the authenticator does not count
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    transports text[] NOT NULL,
    synced boolean NOT NULL,          -- kept by a password manager or platform, not in one device alone
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, credential_id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX member_passkeys_of_member ON member_passkeys (org_id, member_id);

ALTER TABLE member_passkeys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_passkeys TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON member_passkeys TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (sign_count, name, synced, last_used_at) ON member_passkeys TO tickmark_app;
GRANT SELECT, DELETE ON member_passkeys TO tickmark_operator;
