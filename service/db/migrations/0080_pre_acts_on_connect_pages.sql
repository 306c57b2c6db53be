-- What a firm's person does on a connect page is an act of that page's link session: its signature, what came of each try
-- to connect, and leaving. `connect_page` without a name stays allowed for the release that is still running.

ALTER POLICY acted ON audit_rows WITH CHECK (
    org_id = current_org_id() AND consent_ids IS NULL AND content::jsonb ->> 'kind' = 'act'
    AND content::jsonb ->> 'actor' ~ '^((member|link_session):[0-9a-f-]{36}|connect_page)$');
