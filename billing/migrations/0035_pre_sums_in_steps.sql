-- Summing up goes on in steps that end in any case: by rows, not by time alone, so that a worker that was away during a
-- busy week catches up within its time limit a piece after the other.

-- Where a step from `since` ends: a week on at most, and not much beyond 200,000 rows unless one millisecond has more.
CREATE FUNCTION billing.end_of_step(of regclass, since timestamptz, cutoff timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    most constant integer := 200000;
    start constant timestamptz := greatest(since, least(cutoff, (SELECT min(a.opened_at) FROM billing.accounts a)));
    stop timestamptz := least(cutoff, start + interval '7 days');
    waiting bigint;
BEGIN
    WHILE stop > start + interval '1 millisecond' LOOP
        -- Planned for these very bounds, which no plan for all of them would know to be near each other.
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s WHERE recorded_at > $1 AND recorded_at <= $2 LIMIT $3) AS w', of)
        INTO waiting USING since, stop, most + 1;
        EXIT WHEN waiting <= most;
        stop := start + (stop - start) / 2;
    END LOOP;
    RETURN stop;
END
$$;
REVOKE ALL ON FUNCTION billing.end_of_step(regclass, timestamptz, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION billing.end_of_step(regclass, timestamptz, timestamptz) TO tickmark_operator;

-- Takes up what was recorded since, one step of it; whether more is waiting.
CREATE OR REPLACE FUNCTION billing.sum_up() RETURNS boolean
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
    stop := billing.end_of_step('billing.usage', since, cutoff);
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

-- The same of vendors' answers, of the last day at most, and forgets what is older. Measured is a call that a vendor was
-- asked for. A fault is the vendor's own: refused, unreadable, away, too slow.
DROP FUNCTION billing.sum_up_vendors(uuid[]);
CREATE FUNCTION billing.sum_up_vendors(but_of uuid[]) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    since timestamptz;
    cutoff timestamptz;
    stop timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, 3);
    cutoff := billing.fix_cutoff();
    SELECT greatest(s.vendors_until, cutoff - interval '25 hours') INTO since FROM billing.summed s;
    stop := billing.end_of_step('billing.calls', since, cutoff);
    INSERT INTO billing.vendor_sums AS v (org_id, vendor, slot, band, calls, faults)
    SELECT '00000000-0000-0000-0000-000000000000', c.vendor, date_bin('5 minutes', c.recorded_at, 'epoch'),
           floor(10 * ln(greatest(c.vendor_us, 1000) / 1000.0::float8)), count(*),
           count(*) FILTER (WHERE c.reason = 'vendor_error' AND c.status IN (502, 503, 504))
    FROM billing.calls c
    WHERE c.recorded_at > since AND c.recorded_at <= stop AND c.vendor IS NOT NULL AND c.vendor_us > 0
      AND c.key_id <> ALL (but_of)
    GROUP BY 2, 3, 4
    ON CONFLICT (org_id, slot, vendor, band) DO UPDATE SET calls = v.calls + excluded.calls, faults = v.faults + excluded.faults;
    DELETE FROM billing.vendor_sums v
    WHERE v.org_id = '00000000-0000-0000-0000-000000000000' AND v.slot < cutoff - interval '25 hours';
    UPDATE billing.summed SET vendors_until = stop;
    RETURN stop < cutoff;
END
$$;
REVOKE ALL ON FUNCTION billing.sum_up_vendors(uuid[]) FROM public;
GRANT EXECUTE ON FUNCTION billing.sum_up_vendors(uuid[]) TO tickmark_operator;
