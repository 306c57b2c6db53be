-- How long the request log keeps what nobody pays for. What is billed is the ledger: it stays, with the invoices that it
-- is the proof of, and so do `usage` and `voids`.

CREATE TABLE billing.retention (
    org_id          uuid PRIMARY KEY,
    free_calls_days smallint NOT NULL CHECK (free_calls_days BETWEEN 30 AND 3650),
    forgotten_until uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000' -- before it no free call is left
);
ALTER TABLE billing.retention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON billing.retention TO tickmark_app
    USING (org_id = nullif(current_setting('tickmark.org_id', true), '')::uuid)
    WITH CHECK (org_id = nullif(current_setting('tickmark.org_id', true), '')::uuid);
CREATE POLICY every_row ON billing.retention FOR SELECT TO tickmark_operator USING (true);
GRANT SELECT, INSERT, UPDATE (free_calls_days), DELETE ON billing.retention TO tickmark_app;
GRANT SELECT ON billing.retention TO tickmark_operator;

-- The one exception to "never": a call that cost nothing, once it is older than its organization keeps such calls.
CREATE FUNCTION billing.refuse_edit_of_call() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT OLD.billable AND EXISTS (
        SELECT FROM billing.retention r
        WHERE r.org_id = OLD.org_id
          AND billing.occurred_at(OLD.request_id) < clock_timestamp() - make_interval(days => r.free_calls_days)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of %.% are never edited; write a correction', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE ALL ON FUNCTION billing.refuse_edit_of_call() FROM public;
DROP TRIGGER keep ON billing.calls;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.calls
    FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit_of_call();

-- No run-time role may delete from the ledger: the worker asks for this, which runs as the owner, who is bound by FORCE
-- unless it is a superuser.
CREATE POLICY read_to_forget ON billing.retention TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY read_to_forget ON billing.calls FOR SELECT TO CURRENT_USER USING (NOT billable);
CREATE POLICY forget ON billing.calls FOR DELETE TO CURRENT_USER USING (NOT billable);

-- Forgets up to `most` calls of one organization; gives how many, so that who asks goes on while there are some.
CREATE FUNCTION billing.forget_free_calls(org uuid, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    kept constant billing.retention := (SELECT r FROM billing.retention r WHERE r.org_id = org FOR UPDATE);
    bound constant uuid := billing.first_request_id(clock_timestamp() - make_interval(days => kept.free_calls_days));
    gone uuid[];
BEGIN
    IF kept.org_id IS NULL THEN
        RETURN 0;
    END IF;
    WITH old AS (
        SELECT c.request_id FROM billing.calls c
        WHERE c.org_id = org AND NOT c.billable AND c.request_id >= kept.forgotten_until AND c.request_id < bound
        ORDER BY c.request_id LIMIT most
    ), deleted AS (
        DELETE FROM billing.calls c USING old WHERE c.org_id = org AND c.request_id = old.request_id
        RETURNING c.request_id
    )
    SELECT coalesce(array_agg(d.request_id ORDER BY d.request_id), '{}') INTO gone FROM deleted d;
    UPDATE billing.retention r
    SET forgotten_until = CASE WHEN cardinality(gone) < most THEN greatest(bound, kept.forgotten_until)
                               ELSE gone[cardinality(gone)] END
    WHERE r.org_id = org;
    RETURN cardinality(gone);
END
$$;
REVOKE ALL ON FUNCTION billing.forget_free_calls(uuid, integer) FROM public;
GRANT EXECUTE ON FUNCTION billing.forget_free_calls(uuid, integer) TO tickmark_operator;
