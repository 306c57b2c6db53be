-- What was sent and answered with test keys, where an organization asked to keep it: redacted, sealed, for some days.
-- No live key's body can get in, whatever the code says.

ALTER TABLE organizations ADD COLUMN test_bodies_days smallint CHECK (test_bodies_days BETWEEN 1 AND 30); -- null: none kept
GRANT UPDATE (test_bodies_days) ON organizations TO tickmark_app;

CREATE TABLE call_bodies (
    org_id uuid NOT NULL,
    request_id uuid NOT NULL,
    key_id uuid NOT NULL,
    subject uuid NOT NULL, -- whose audit key seals it: the firm, or the organization where no firm is known
    key_version integer NOT NULL,
    sealed bytea NOT NULL CHECK (octet_length(sealed) <= 600000),
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, request_id),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
);
CREATE INDEX call_bodies_by_age ON call_bodies (org_id, kept_at);

ALTER TABLE call_bodies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON call_bodies FOR SELECT TO tickmark_app USING (org_id = current_org_id());
CREATE POLICY own_gone ON call_bodies FOR DELETE TO tickmark_app USING (org_id = current_org_id());
CREATE POLICY of_test_keys ON call_bodies FOR INSERT TO tickmark_app WITH CHECK (
    org_id = current_org_id()
    AND EXISTS (SELECT FROM api_keys k WHERE k.org_id = call_bodies.org_id AND k.id = key_id AND k.mode = 'test'));
CREATE POLICY every ON call_bodies TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON call_bodies TO tickmark_app;
GRANT SELECT, DELETE ON call_bodies TO tickmark_operator;
