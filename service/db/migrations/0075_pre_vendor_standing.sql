-- How many changes of a vendor's answers stand open, over all organizations and naming none: the same change at several
-- connections is one. Changes at sandboxes are practice.
CREATE INDEX issues_open_of_vendor ON issues (vendor) WHERE resolved_at IS NULL AND ignored_at IS NULL;
CREATE POLICY count_open ON issues FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY count_open ON connections FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION open_issues_of_vendors() RETURNS TABLE (vendor text, issues bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
    SELECT i.vendor, count(DISTINCT (i.surface, i.kind, i.path))
    FROM public.issues i JOIN public.connections c ON c.org_id = i.org_id AND c.id = i.connection_id
    WHERE i.resolved_at IS NULL AND i.ignored_at IS NULL AND NOT c.sandbox
    GROUP BY i.vendor ORDER BY i.vendor
    $$;
REVOKE ALL ON FUNCTION open_issues_of_vendors() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_issues_of_vendors() TO tickmark_app;
