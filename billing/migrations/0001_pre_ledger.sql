-- The ledger: what was served (`calls`), what is counted for money (`usage`), what is taken back (`voids`).
--
-- A row is never edited. Its identity is (org_id, request_id), so the insert is the deduplication and nothing rests on a
-- timestamp. When a call occurred is read from its request id (a UUIDv7), so the two can never disagree.

CREATE SCHEMA billing;
GRANT USAGE ON SCHEMA billing TO tickmark_app, tickmark_meter, tickmark_operator;

CREATE TABLE billing.calls (
    org_id        uuid NOT NULL,
    request_id    uuid NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    key_id        uuid NOT NULL,
    connection_id uuid,
    vendor_us     bigint NOT NULL,
    platform_us   bigint NOT NULL,
    units         integer NOT NULL,
    row_count     integer NOT NULL,
    status        smallint NOT NULL,
    billable      boolean NOT NULL,
    meter         text COLLATE "C",
    vendor        text COLLATE "C",
    operation     text COLLATE "C" NOT NULL,
    reason        text COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, request_id),
    CONSTRAINT billable_calls_have_units CHECK (CASE WHEN billable THEN meter IS NOT NULL AND units > 0 ELSE units = 0 END)
) PARTITION BY RANGE (request_id);

CREATE TABLE billing.usage (
    org_id        uuid NOT NULL,
    request_id    uuid NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    key_id        uuid NOT NULL,
    connection_id uuid,
    units         integer NOT NULL CHECK (units > 0),
    meter         text COLLATE "C" NOT NULL,
    operation     text COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, request_id)
) PARTITION BY RANGE (request_id);

-- A call whose usage must not be billed although it was, or may have been, written: its caller was answered 503.
CREATE TABLE billing.voids (
    org_id      uuid NOT NULL,
    request_id  uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason      text NOT NULL,
    PRIMARY KEY (org_id, request_id)
);

-- What arrived after a cutoff, without an index entry for each row: the tables are written in the order of this column.
CREATE INDEX usage_recorded_at ON billing.usage USING brin (recorded_at) WITH (pages_per_range = 32);

CREATE FUNCTION billing.occurred_at(request_id uuid) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN to_timestamp(('x' || translate(left(request_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0);

-- The smallest request id of an instant: bounds of partitions and of billing periods.
CREATE FUNCTION billing.first_request_id(instant timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN rpad(lpad(to_hex(floor(extract(epoch FROM instant) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- Whoever writes the ledger holds the gate shared until commit; who fixes a cutoff closes it for an instant. Hence
-- every row recorded at or before a cutoff is committed when the cutoff is known, and no row falls between two bills.
CREATE FUNCTION billing.pass_gate() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1953063787, 1); RETURN NULL; END $$;

CREATE TRIGGER gate BEFORE INSERT ON billing.calls FOR EACH STATEMENT EXECUTE FUNCTION billing.pass_gate();
CREATE TRIGGER gate BEFORE INSERT ON billing.usage FOR EACH STATEMENT EXECUTE FUNCTION billing.pass_gate();
CREATE TRIGGER gate BEFORE INSERT ON billing.voids FOR EACH STATEMENT EXECUTE FUNCTION billing.pass_gate();

-- Raises lock_not_available where a writer will not end; the reader must see each commit, hence read committed only.
CREATE FUNCTION billing.fix_cutoff() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE
    SET lock_timeout = '500ms'
    AS $$
DECLARE
    cutoff timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a cutoff needs a read committed transaction' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_lock(1953063787, 1);
    cutoff := clock_timestamp();
    PERFORM pg_advisory_unlock(1953063787, 1);
    RETURN cutoff;
END
$$;

-- Not even the owner edits the ledger. Retention drops whole partitions.
CREATE FUNCTION billing.refuse_edit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of %.% are never edited; write a correction', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.calls FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.usage FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON billing.voids FOR EACH ROW EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON billing.calls FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON billing.usage FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_edit();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON billing.voids FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_edit();

-- Roles reach rows through the parent tables alone: a partition has no grant and, forced, shows nothing on its own.
CREATE FUNCTION billing.harden_partition(partition regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_edit()',
                   partition);
END
$$;

CREATE TABLE billing.calls_default PARTITION OF billing.calls DEFAULT;
CREATE TABLE billing.usage_default PARTITION OF billing.usage DEFAULT;
SELECT billing.harden_partition('billing.calls_default'), billing.harden_partition('billing.usage_default');

-- Makes the partitions of the UTC month of `around` and of the `ahead` months after it; gives how many are new.
-- A month that already has rows in the default partition stays there: slower to drop one day, never wrong.
-- It locks out the meter for an instant each, and gives up (lock_not_available) rather than for longer.
CREATE FUNCTION billing.make_partitions(around timestamptz, ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '500ms'
    AS $$
DECLARE
    first_month constant timestamp := date_trunc('month', around AT TIME ZONE 'UTC');
    month timestamp;
    parent text;
    partition text;
    made integer := 0;
BEGIN
    FOR step IN 0..least(ahead, 60) LOOP
        month := first_month + make_interval(months => step);
        FOREACH parent IN ARRAY ARRAY['calls', 'usage'] LOOP
            partition := format('billing.%I', parent || to_char(month, '_YYYY_MM'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE %s PARTITION OF billing.%I FOR VALUES FROM (%L) TO (%L)', partition, parent,
                               billing.first_request_id(month AT TIME ZONE 'UTC'),
                               billing.first_request_id((month + interval '1 month') AT TIME ZONE 'UTC'));
                PERFORM billing.harden_partition(partition::regclass);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

REVOKE ALL ON FUNCTION billing.make_partitions(timestamptz, integer), billing.harden_partition(regclass),
    billing.fix_cutoff() FROM public;
GRANT EXECUTE ON FUNCTION billing.make_partitions(timestamptz, integer), billing.fix_cutoff() TO tickmark_operator;

SELECT billing.make_partitions(now() - interval '1 month', 4);

-- Requests read their own organization, the worker and command line read all, the meter only adds.
DO $$
DECLARE
    ledger text;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['calls', 'usage', 'voids'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', ledger);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', ledger);
        EXECUTE format('CREATE POLICY own_rows ON billing.%I FOR SELECT TO tickmark_app '
                       'USING (org_id = nullif(current_setting(''tickmark.org_id'', true), '''')::uuid)', ledger);
        EXECUTE format('CREATE POLICY every_row ON billing.%I FOR SELECT TO tickmark_operator USING (true)', ledger);
        EXECUTE format('CREATE POLICY added_rows ON billing.%I FOR INSERT TO tickmark_meter WITH CHECK (true)', ledger);
        EXECUTE format('GRANT SELECT ON billing.%I TO tickmark_app, tickmark_operator', ledger);
        EXECUTE format('GRANT INSERT ON billing.%I TO tickmark_meter', ledger);
    END LOOP;
END
$$;
