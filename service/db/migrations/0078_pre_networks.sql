-- Networks that an organization's keys may be used from: those of its keys that have no list of their own.

ALTER TABLE organizations ADD COLUMN ip_allow cidr[] NOT NULL DEFAULT '{}'; -- empty: from anywhere
GRANT UPDATE (ip_allow) ON organizations TO tickmark_app;

-- `authenticate_key` runs as the owner, who is bound by FORCE unless it is a superuser.
CREATE POLICY authenticate ON organizations FOR SELECT TO CURRENT_USER USING (true);
CREATE OR REPLACE FUNCTION authenticate_key(hashes bytea[])
    RETURNS TABLE (org_id uuid, key_id uuid, mode text, scopes text[], firm_ids uuid[], connection_ids uuid[],
                   api_version date, ip_allow text[], expires_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
        SELECT k.org_id, k.id, k.mode, k.scopes, k.firm_ids, k.connection_ids,
               k.api_version, (CASE WHEN k.ip_allow = '{}' THEN o.ip_allow ELSE k.ip_allow END)::text[],
               k.expires_at, k.revoked_at
        FROM public.api_keys k JOIN public.organizations o ON o.id = k.org_id
        WHERE k.token_hash = ANY (hashes)
    $$;
