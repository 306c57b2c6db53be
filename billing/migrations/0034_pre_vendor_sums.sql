-- How vendors answered lately: the calls of the last day by vendor, five minutes and how long the vendor took, summed
-- over all organizations and naming none. Whole rows are never asked for by a request: `vendor_figures` gives shares and
-- percentiles, and nothing of a vendor with too few calls to tell.

-- `org_id` says that these rows are of no organization. Band b holds times up to e^((b+1)/10) ms: within 5 % of its middle.
CREATE TABLE billing.vendor_sums (
    org_id uuid NOT NULL CHECK (org_id = '00000000-0000-0000-0000-000000000000'),
    vendor text COLLATE "C" NOT NULL,
    slot   timestamptz NOT NULL,
    band   smallint NOT NULL,
    calls  bigint NOT NULL,
    faults bigint NOT NULL,
    PRIMARY KEY (org_id, slot, vendor, band)
);

ALTER TABLE billing.summed ADD COLUMN vendors_until timestamptz NOT NULL DEFAULT '-infinity';

-- What arrived since is found by when it was recorded, as in the ledger.
CREATE INDEX calls_recorded_at ON billing.calls USING brin (recorded_at) WITH (pages_per_range = 32);

CREATE OR REPLACE FUNCTION billing.note_new_ranges() RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM brin_summarize_new_values(i.indexrelid::regclass)
    FROM pg_inherits h JOIN pg_index i ON i.indexrelid = h.inhrelid
    WHERE h.inhparent IN ('billing.usage_recorded_at'::regclass, 'billing.calls_recorded_at'::regclass);
END
$$;

-- Takes up what was recorded since, of the last day at most, but for calls with these keys; and forgets what is older.
-- Measured is a call that a vendor was asked for. A fault is the vendor's own: refused, unreadable, away, too slow.
CREATE FUNCTION billing.sum_up_vendors(but_of uuid[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    since timestamptz;
    cutoff timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, 3);
    cutoff := billing.fix_cutoff();
    SELECT greatest(s.vendors_until, cutoff - interval '25 hours') INTO since FROM billing.summed s;
    INSERT INTO billing.vendor_sums AS v (org_id, vendor, slot, band, calls, faults)
    SELECT '00000000-0000-0000-0000-000000000000', c.vendor, date_bin('5 minutes', c.recorded_at, 'epoch'),
           floor(10 * ln(greatest(c.vendor_us, 1000) / 1000.0::float8)), count(*),
           count(*) FILTER (WHERE c.reason = 'vendor_error' AND c.status IN (502, 503, 504))
    FROM billing.calls c
    WHERE c.recorded_at > since AND c.recorded_at <= cutoff AND c.vendor IS NOT NULL AND c.vendor_us > 0
      AND c.key_id <> ALL (but_of)
    GROUP BY 2, 3, 4
    ON CONFLICT (org_id, slot, vendor, band) DO UPDATE SET calls = v.calls + excluded.calls, faults = v.faults + excluded.faults;
    DELETE FROM billing.vendor_sums v
    WHERE v.org_id = '00000000-0000-0000-0000-000000000000' AND v.slot < cutoff - interval '25 hours';
    UPDATE billing.summed SET vendors_until = cutoff;
END
$$;
REVOKE ALL ON FUNCTION billing.sum_up_vendors(uuid[]) FROM public;
GRANT EXECUTE ON FUNCTION billing.sum_up_vendors(uuid[]) TO tickmark_operator;

-- Until when that is known; null before the first time.
CREATE FUNCTION billing.vendors_summed_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT nullif(s.vendors_until, '-infinity') FROM billing.summed s $$;

-- Each vendor's figures since an instant. How many calls they rest on is told by its order of size alone.
CREATE FUNCTION billing.vendor_figures(since timestamptz)
    RETURNS TABLE (vendor text, calls_at_least bigint, faulted_share float8, p50_ms float8, p95_ms float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
    WITH bands AS (
        SELECT v.vendor, v.band, sum(v.calls) AS calls, sum(v.faults) AS faults
        FROM billing.vendor_sums v
        WHERE v.org_id = '00000000-0000-0000-0000-000000000000' AND v.slot >= since GROUP BY v.vendor, v.band
    ), placed AS (
        SELECT b.vendor, b.band, b.faults, sum(b.calls) OVER (PARTITION BY b.vendor ORDER BY b.band) AS upto,
               sum(b.calls) OVER (PARTITION BY b.vendor) AS calls
        FROM bands b
    )
    SELECT p.vendor, greatest(20, 10 ^ floor(log(max(p.calls))))::bigint,
           round(sum(p.faults) / max(p.calls), 4)::float8,
           exp((min(p.band) FILTER (WHERE p.upto >= p.calls * 0.50) + 0.5) / 10.0)::float8,
           exp((min(p.band) FILTER (WHERE p.upto >= p.calls * 0.95) + 0.5) / 10.0)::float8
    FROM placed p
    GROUP BY p.vendor
    HAVING max(p.calls) >= 20
    ORDER BY p.vendor
    $$;
REVOKE ALL ON FUNCTION billing.vendors_summed_until(), billing.vendor_figures(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION billing.vendors_summed_until(), billing.vendor_figures(timestamptz)
    TO tickmark_app, tickmark_operator;

ALTER TABLE billing.vendor_sums ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tell ON billing.vendor_sums FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY every_row ON billing.vendor_sums TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON billing.vendor_sums TO tickmark_operator;
GRANT UPDATE (vendors_until) ON billing.summed TO tickmark_operator;
