-- What is remembered of how vendors answered: each hour's calls and faults for three months, over all organizations and
-- naming none. As with the figures of the last day, requests are told shares of hours with at least 20 calls, no rows.
CREATE TABLE billing.vendor_hours (
    org_id uuid NOT NULL CHECK (org_id = '00000000-0000-0000-0000-000000000000'),
    vendor text COLLATE "C" NOT NULL,
    hour   timestamptz NOT NULL,
    calls  bigint NOT NULL,
    faults bigint NOT NULL,
    PRIMARY KEY (org_id, hour, vendor)
);
INSERT INTO billing.vendor_hours
SELECT org_id, vendor, date_trunc('hour', slot, 'UTC'), sum(calls), sum(faults) FROM billing.vendor_sums GROUP BY 1, 2, 3;

CREATE OR REPLACE FUNCTION billing.sum_up_vendors(but_of uuid[]) RETURNS boolean
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
    WITH moved AS MATERIALIZED (
        SELECT '00000000-0000-0000-0000-000000000000'::uuid AS org_id, c.vendor,
               date_bin('5 minutes', c.recorded_at, 'epoch') AS slot,
               floor(10 * ln(greatest(c.vendor_us, 1000) / 1000.0::float8)) AS band, count(*) AS calls,
               count(*) FILTER (WHERE c.reason = 'vendor_error' AND c.status IN (502, 503, 504)) AS faults
        FROM billing.calls c
        WHERE c.recorded_at > since AND c.recorded_at <= stop AND c.vendor IS NOT NULL AND c.vendor_us > 0
          AND c.key_id <> ALL (but_of)
        GROUP BY 2, 3, 4
    ), hours AS (
        INSERT INTO billing.vendor_hours AS h (org_id, vendor, hour, calls, faults)
        SELECT m.org_id, m.vendor, date_trunc('hour', m.slot, 'UTC'), sum(m.calls), sum(m.faults) FROM moved m GROUP BY 1, 2, 3
        ON CONFLICT (org_id, hour, vendor) DO UPDATE SET calls = h.calls + excluded.calls, faults = h.faults + excluded.faults
    )
    INSERT INTO billing.vendor_sums AS v (org_id, vendor, slot, band, calls, faults)
    SELECT m.org_id, m.vendor, m.slot, m.band, m.calls, m.faults FROM moved m
    ON CONFLICT (org_id, slot, vendor, band) DO UPDATE SET calls = v.calls + excluded.calls, faults = v.faults + excluded.faults;
    DELETE FROM billing.vendor_sums v
    WHERE v.org_id = '00000000-0000-0000-0000-000000000000' AND v.slot < cutoff - interval '25 hours';
    DELETE FROM billing.vendor_hours h
    WHERE h.org_id = '00000000-0000-0000-0000-000000000000' AND h.hour < cutoff - interval '91 days';
    UPDATE billing.summed SET vendors_until = stop;
    RETURN stop < cutoff;
END
$$;

-- Each vendor's days (UTC) since an instant that had enough calls to say anything.
CREATE FUNCTION billing.vendor_days(since timestamptz) RETURNS TABLE (vendor text, day date, faulted_share float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
    SELECT h.vendor, (h.hour AT TIME ZONE 'UTC')::date, round(sum(h.faults) / sum(h.calls), 4)::float8
    FROM billing.vendor_hours h
    WHERE h.org_id = '00000000-0000-0000-0000-000000000000' AND h.hour >= since
    GROUP BY 1, 2 HAVING sum(h.calls) >= 20
    ORDER BY 1, 2
    $$;

-- Stretches of hours since an instant in each of which a vendor left at least a tenth of 20 calls or more unanswered;
-- one good hour, or one without enough calls, in between does not end them. Newest first.
CREATE FUNCTION billing.vendor_incidents(since timestamptz)
    RETURNS TABLE (vendor text, began_at timestamptz, ended_at timestamptz, calls_at_least bigint, faulted_share float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
    WITH bad AS (
        SELECT h.vendor, h.hour, h.calls, h.faults,
               h.hour - lag(h.hour) OVER (PARTITION BY h.vendor ORDER BY h.hour) <= interval '2 hours' AS goes_on
        FROM billing.vendor_hours h
        WHERE h.org_id = '00000000-0000-0000-0000-000000000000' AND h.hour >= since
          AND h.calls >= 20 AND h.faults * 10 >= h.calls
    ), placed AS (
        SELECT b.*, count(*) FILTER (WHERE b.goes_on IS NOT TRUE) OVER (PARTITION BY b.vendor ORDER BY b.hour) AS nth FROM bad b
    )
    SELECT p.vendor, min(p.hour), max(p.hour) + interval '1 hour',
           greatest(20, 10 ^ floor(log(sum(p.calls))))::bigint, round(sum(p.faults) / sum(p.calls), 4)::float8
    FROM placed p GROUP BY p.vendor, p.nth
    ORDER BY 2 DESC, 1
    $$;

REVOKE ALL ON FUNCTION billing.vendor_days(timestamptz), billing.vendor_incidents(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION billing.vendor_days(timestamptz), billing.vendor_incidents(timestamptz)
    TO tickmark_app, tickmark_operator;

ALTER TABLE billing.vendor_hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tell ON billing.vendor_hours FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY every_row ON billing.vendor_hours TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON billing.vendor_hours TO tickmark_operator;
