-- Keys that somebody found where they should not be. A report ends the key; its row says where it lay.

CREATE TABLE key_leaks (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key_id uuid NOT NULL,
    found_at_url text CHECK (length(found_at_url) <= 2000),
    found_in text NOT NULL CHECK (length(found_in) <= 100),
    reported_at timestamptz NOT NULL,
    ended_key boolean NOT NULL, -- false: it had ended before
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, key_id) REFERENCES api_keys (org_id, id)
);
CREATE UNIQUE INDEX key_leaks_once ON key_leaks (org_id, key_id, md5(coalesce(found_at_url, '')));

ALTER TABLE key_leaks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON key_leaks TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON key_leaks TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON key_leaks TO tickmark_app, tickmark_operator;

-- The act is the reporter's, who is neither member nor key.
CREATE POLICY reported ON audit_rows FOR INSERT TO tickmark_app WITH CHECK (
    org_id = current_org_id() AND consent_ids IS NULL AND content::jsonb ->> 'kind' = 'act'
    AND content::jsonb ->> 'actor' = 'secret_scanning' AND content::jsonb ->> 'what' = 'keys.leaked');
