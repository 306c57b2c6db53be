-- Keys that make keys and invite people, where an owner or admin has said that they may. What a key made ends with it.

ALTER TABLE organizations ADD COLUMN keys_grant_by uuid; -- the member on whose word keys may; null: they may not
ALTER TABLE organizations ADD CONSTRAINT keys_grant_by_member
    FOREIGN KEY (id, keys_grant_by) REFERENCES members (org_id, id) NOT VALID;
ALTER TABLE organizations VALIDATE CONSTRAINT keys_grant_by_member;
GRANT UPDATE (keys_grant_by) ON organizations TO tickmark_app;

ALTER TABLE api_keys ADD COLUMN made_by_key uuid; -- null: a member or an operator made it
ALTER TABLE api_keys ADD CONSTRAINT made_by_own_key
    FOREIGN KEY (org_id, made_by_key) REFERENCES api_keys (org_id, id) NOT VALID;
ALTER TABLE api_keys VALIDATE CONSTRAINT made_by_own_key;
CREATE INDEX api_keys_of_key ON api_keys (org_id, made_by_key) WHERE made_by_key IS NOT NULL;
GRANT SELECT (made_by_key) ON api_keys TO tickmark_app;

ALTER TABLE invitations ADD COLUMN invited_by_key uuid; -- null: `invited_by` did it; else the key, on that member's word
ALTER TABLE invitations ADD CONSTRAINT invited_by_own_key
    FOREIGN KEY (org_id, invited_by_key) REFERENCES api_keys (org_id, id) NOT VALID;
ALTER TABLE invitations VALIDATE CONSTRAINT invited_by_own_key;

-- Which key was made, and who was invited, stands in no call's row: it is the key's act.
CREATE POLICY acted_by_key ON audit_rows FOR INSERT TO tickmark_app WITH CHECK (
    org_id = current_org_id() AND consent_ids IS NULL AND content::jsonb ->> 'kind' = 'act'
    AND content::jsonb ->> 'actor' ~ '^key:[0-9a-f-]{36}$' AND content::jsonb ->> 'what' ~ '^(keys|team|orgs)\.');
