-- Running sums of the ledger, so that what is asked of a month does not count its calls again. They are made from the
-- ledger alone, a minute or so behind it, up to the cutoff in `summed`; `unsummed` gives what came after, in the same
-- snapshot, so a sum and its rest are always exact. Invoices are still made from the ledger itself.

-- One row, of no organization: the cutoff is everybody's.
CREATE TABLE billing.summed (
    org_id uuid PRIMARY KEY CHECK (org_id = '00000000-0000-0000-0000-000000000000'),
    until  timestamptz NOT NULL
);
INSERT INTO billing.summed VALUES ('00000000-0000-0000-0000-000000000000', '-infinity');

-- By quarter of an hour: the finest offset that a time zone has, so that every zone's days and months are whole ones.
CREATE TABLE billing.quarter_sums (
    org_id  uuid NOT NULL,
    meter   text COLLATE "C" NOT NULL,
    quarter timestamptz NOT NULL,
    units   bigint NOT NULL,
    PRIMARY KEY (org_id, meter, quarter)
);

-- By day of the organization's account, or of UTC where it has none: all of it, and each key, connection and operation.
CREATE TABLE billing.day_sums (
    org_id uuid NOT NULL,
    by     text COLLATE "C" NOT NULL CHECK (by IN ('all', 'key', 'connection', 'operation')),
    day    date NOT NULL,
    value  text COLLATE "C" NOT NULL, -- an id or a name; empty for all of it, and for calls of no connection
    meter  text COLLATE "C" NOT NULL,
    calls  bigint NOT NULL,
    units  bigint NOT NULL,
    PRIMARY KEY (org_id, by, day, value, meter)
);

-- The cutoff, which is nobody's secret; it runs as the owner, who is bound by FORCE unless it is a superuser.
CREATE FUNCTION billing.summed_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT s.until FROM billing.summed s $$;
REVOKE ALL ON FUNCTION billing.summed_until() FROM public;
GRANT EXECUTE ON FUNCTION billing.summed_until() TO tickmark_app, tickmark_operator;

-- Ledger rows beyond the sums, and (negative) those within them that became void since.
CREATE FUNCTION billing.unsummed(org uuid, first_id uuid, end_id uuid)
    RETURNS TABLE (request_id uuid, key_id uuid, connection_id uuid, operation text, meter text, calls integer, units integer)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    until constant timestamptz := billing.summed_until();
BEGIN
    -- Planned for this very cutoff: it is near the end of the table, which no plan for all cutoffs would know.
    RETURN QUERY EXECUTE '
        SELECT u.request_id, u.key_id, u.connection_id, u.operation, u.meter, 1, u.units
        FROM billing.usage u
        WHERE u.org_id = $1 AND u.request_id >= $2 AND u.request_id < $3 AND u.recorded_at > $4
          AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)
        UNION ALL
        SELECT u.request_id, u.key_id, u.connection_id, u.operation, u.meter, -1, -u.units
        FROM billing.voids v JOIN billing.usage u ON u.org_id = $1 AND u.request_id = v.request_id
        WHERE v.org_id = $1 AND v.request_id >= $2 AND v.request_id < $3 AND v.recorded_at > $4 AND u.recorded_at <= $4'
        USING org, first_id, end_id, until;
END
$$;

-- Takes up what was recorded since, at most a week of it; whether more is waiting.
CREATE FUNCTION billing.sum_up() RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    since timestamptz;
    cutoff timestamptz;
    stop timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, 2);
    SELECT s.until INTO since FROM billing.summed s;
    cutoff := billing.fix_cutoff();
    stop := least(cutoff, greatest(since, coalesce((SELECT min(a.opened_at) FROM billing.accounts a), cutoff)) + interval '7 days');
    WITH moved AS MATERIALIZED (
        SELECT u.org_id, billing.occurred_at(u.request_id) AS at, u.meter, u.operation, u.key_id, u.connection_id,
               1 AS calls, u.units
        FROM billing.usage u
        WHERE u.recorded_at > since AND u.recorded_at <= stop
          AND NOT EXISTS (SELECT FROM billing.voids v
                          WHERE v.org_id = u.org_id AND v.request_id = u.request_id AND v.recorded_at <= stop)
        UNION ALL
        SELECT u.org_id, billing.occurred_at(u.request_id), u.meter, u.operation, u.key_id, u.connection_id, -1, -u.units
        FROM billing.voids v JOIN billing.usage u USING (org_id, request_id)
        WHERE v.recorded_at > since AND v.recorded_at <= stop AND u.recorded_at <= since
    ), quarters AS (
        INSERT INTO billing.quarter_sums AS q (org_id, meter, quarter, units)
        SELECT m.org_id, m.meter, date_bin('15 minutes', m.at, 'epoch'), sum(m.units) FROM moved m GROUP BY 1, 2, 3
        ON CONFLICT (org_id, meter, quarter) DO UPDATE SET units = q.units + excluded.units
    )
    INSERT INTO billing.day_sums AS d (org_id, by, day, value, meter, calls, units)
    SELECT m.org_id, k.by, (m.at AT TIME ZONE coalesce(a.time_zone, 'UTC'))::date, k.value, m.meter, sum(m.calls),
           sum(m.units)
    FROM moved m
    LEFT JOIN billing.accounts a USING (org_id)
    CROSS JOIN LATERAL (VALUES ('all', ''), ('key', m.key_id::text), ('connection', coalesce(m.connection_id::text, '')),
                               ('operation', m.operation)) AS k (by, value)
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (org_id, by, day, value, meter)
        DO UPDATE SET calls = d.calls + excluded.calls, units = d.units + excluded.units;
    UPDATE billing.summed SET until = stop;
    RETURN stop < cutoff;
END
$$;

-- What came last is found by its recording time only once these indexes know of it.
CREATE FUNCTION billing.note_new_ranges() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM brin_summarize_new_values(i.indexrelid::regclass)
    FROM pg_inherits h JOIN pg_index i ON i.indexrelid = h.inhrelid
    WHERE h.inhparent = 'billing.usage_recorded_at'::regclass;
END
$$;

REVOKE ALL ON FUNCTION billing.sum_up(), billing.note_new_ranges() FROM public;
GRANT EXECUTE ON FUNCTION billing.sum_up(), billing.note_new_ranges() TO tickmark_operator;

ALTER TABLE billing.summed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tell ON billing.summed FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY every_row ON billing.summed TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON billing.summed TO tickmark_operator;
GRANT UPDATE (until) ON billing.summed TO tickmark_operator;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['quarter_sums', 'day_sums'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_rows ON billing.%I FOR SELECT TO tickmark_app '
                       'USING (org_id = nullif(current_setting(''tickmark.org_id'', true), '''')::uuid)', name);
        EXECUTE format('CREATE POLICY every_row ON billing.%I TO tickmark_operator USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON billing.%I TO tickmark_app, tickmark_operator', name);
        EXECUTE format('GRANT INSERT, UPDATE ON billing.%I TO tickmark_operator', name);
    END LOOP;
END
$$;
