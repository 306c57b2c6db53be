-- What members do on our pages, and firms' people on connect pages, is an act in the audit log: its row rides in the
-- act's own transaction, hence under the role of requests. It may only add, to its own organization, and acts alone: a
-- call's row and a disclosure still come from metering, an operator's act from an operator.

CREATE POLICY acted ON audit_rows FOR INSERT TO tickmark_app WITH CHECK (
    org_id = current_org_id() AND consent_ids IS NULL AND content::jsonb ->> 'kind' = 'act'
    AND content::jsonb ->> 'actor' ~ '^(member:[0-9a-f-]{36}|connect_page)$');
CREATE POLICY acted ON audit_pending FOR INSERT TO tickmark_app WITH CHECK (org_id = current_org_id());
GRANT INSERT ON audit_rows, audit_pending TO tickmark_app;
