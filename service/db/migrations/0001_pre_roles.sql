-- The run-time roles. They own nothing, cannot log in and never bypass row security; a login role is granted them and
-- the pools assume one of them at connection start. Roles belong to the cluster, so other databases may have made them.
DO $$
DECLARE
    role_name text;
    -- Since PostgreSQL 16 whoever makes a role administers it but may not assume it unasked.
    needed constant text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['tickmark_app', 'tickmark_meter', 'tickmark_operator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's migration was quicker
            END;
        END IF;
        IF NOT pg_has_role(current_user, role_name, needed) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', role_name, current_user);
            EXCEPTION WHEN unique_violation OR insufficient_privilege THEN
                NULL; -- where another owner made the roles, an administrator grants them to the login (the pool says so)
            END;
        END IF;
    END LOOP;
END
$$;

-- Whose rows a request may see: set for one transaction, null (hence nothing) when nobody said.
CREATE FUNCTION current_org_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('tickmark.org_id', true), '')::uuid $$;

GRANT USAGE ON SCHEMA public TO tickmark_app, tickmark_meter, tickmark_operator;
GRANT SELECT ON schema_migrations TO tickmark_app, tickmark_meter, tickmark_operator;
