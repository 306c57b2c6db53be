-- What helps a member whose authenticator is lost: codes that work once, and a removal that waits and can be stopped.

CREATE TABLE member_recovery_codes (
    org_id uuid NOT NULL,
    member_id uuid NOT NULL,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32), -- HMAC-SHA256 under a key that is not in the database
    used_at timestamptz,
    PRIMARY KEY (org_id, member_id, code_hash),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);

CREATE TABLE member_recoveries (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    ready_at timestamptz NOT NULL,  -- not before this
    expires_at timestamptz NOT NULL CHECK (expires_at > ready_at),
    ended_at timestamptz,           -- stopped or carried out
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE UNIQUE INDEX member_recoveries_open ON member_recoveries (org_id, member_id) WHERE ended_at IS NULL;

ALTER TABLE member_recovery_codes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_recovery_codes TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON member_recovery_codes TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON member_recovery_codes TO tickmark_app;
GRANT SELECT, DELETE ON member_recovery_codes TO tickmark_operator;

ALTER TABLE member_recoveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_recoveries TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON member_recoveries TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (ended_at) ON member_recoveries TO tickmark_app;
GRANT SELECT, UPDATE (ended_at) ON member_recoveries TO tickmark_operator;
