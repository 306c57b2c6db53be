-- What the platform does to a connection by itself, such as asking the firm after a vendor's refusal, is an act in the
-- audit log too, written under the role of requests where a request came upon it: to its own organization, acts alone.
CREATE POLICY followed ON audit_rows FOR INSERT TO tickmark_app WITH CHECK (
    org_id = current_org_id() AND consent_ids IS NULL AND content::jsonb ->> 'kind' = 'act'
    AND content::jsonb ->> 'actor' = 'platform');
