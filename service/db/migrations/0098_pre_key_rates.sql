-- How many calls a minute a key may make, where it is to be fewer than keys may here.

ALTER TABLE api_keys ADD COLUMN calls_per_minute integer CHECK (calls_per_minute > 0);
GRANT SELECT (calls_per_minute), INSERT (calls_per_minute), UPDATE (calls_per_minute) ON api_keys TO tickmark_app;

-- The result gains a column, which takes a new function; who runs the previous release names the columns it wants.
DROP FUNCTION authenticate_key(bytea[]);
CREATE FUNCTION authenticate_key(hashes bytea[])
    RETURNS TABLE (org_id uuid, key_id uuid, mode text, scopes text[], firm_ids uuid[], connection_ids uuid[],
                   api_version date, ip_allow text[], expires_at timestamptz, revoked_at timestamptz,
                   calls_per_minute integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
        SELECT k.org_id, k.id, k.mode, k.scopes, k.firm_ids, k.connection_ids,
               k.api_version, (CASE WHEN k.ip_allow = '{}' THEN o.ip_allow ELSE k.ip_allow END)::text[],
               k.expires_at, k.revoked_at, k.calls_per_minute
        FROM public.api_keys k JOIN public.organizations o ON o.id = k.org_id
        WHERE k.token_hash = ANY (hashes)
    $$;
REVOKE ALL ON FUNCTION authenticate_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_key TO tickmark_app;
