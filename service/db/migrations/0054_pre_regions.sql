-- A database keeps the firms of one region and of no other, for good: which, and where the others are answered, is
-- written by `tickmark migrate`. A firm of another region can stand here as a signpost only: its id, its region and
-- nothing else, so that a call that went astray is told where to go (SQLSTATE TM421: DETAIL is the address, if known).

CREATE TABLE regions (
    region text PRIMARY KEY CHECK (region ~ '^[a-z]{2}$'),
    url text CHECK (length(url) <= 500),
    is_here boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX regions_one_here ON regions (is_here) WHERE is_here;
GRANT SELECT ON regions TO tickmark_app, tickmark_meter, tickmark_operator;

CREATE FUNCTION keep_region() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.is_here AND (TG_OP = 'DELETE' OR NOT NEW.is_here OR NEW.region <> OLD.region) THEN
        RAISE EXCEPTION 'this database belongs to region % for good', OLD.region USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON regions FOR EACH ROW EXECUTE FUNCTION keep_region();

-- Null where nobody has said it yet: then nothing of any firm can be kept.
CREATE FUNCTION region_here() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT region FROM public.regions WHERE is_here $$;

-- True for a firm that is kept here, and for one that does not exist; an error that says where for any other.
CREATE FUNCTION is_here(of_org uuid, of_firm uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    found text;
BEGIN
    SELECT region INTO found FROM public.firms
    WHERE org_id = of_org AND id = of_firm AND region IS DISTINCT FROM public.region_here();
    IF found IS NOT NULL THEN
        RAISE EXCEPTION '%', found USING ERRCODE = 'TM421',
            DETAIL = coalesce((SELECT url FROM public.regions WHERE region = found), '');
    END IF;
    RETURN true;
END
$$;

CREATE FUNCTION refuse_firm_elsewhere() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM public.is_here(NEW.org_id, NEW.firm_id);
    RETURN NEW;
END
$$;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['connections', 'firm_data_keys', 'connection_secrets', 'consents', 'firm_policies',
                                'approvals', 'link_sessions'] LOOP
        EXECUTE format('CREATE TRIGGER here BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION refuse_firm_elsewhere()', kept);
    END LOOP;
END
$$;

CREATE FUNCTION keep_firm_region() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.region <> OLD.region THEN
        RAISE EXCEPTION 'a firm stays in its region' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.region IS DISTINCT FROM public.region_here() AND NEW.name <> 'A firm in ' || NEW.region THEN
        RAISE EXCEPTION 'a firm of another region is kept without its name' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_region BEFORE INSERT OR UPDATE ON firms FOR EACH ROW EXECUTE FUNCTION keep_firm_region();
