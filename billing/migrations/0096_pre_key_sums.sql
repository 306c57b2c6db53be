-- How each key is used over time: calls, those that went wrong, and how long they took. Of hours for two days, of days
-- for three months, so that a busy key has some thousands of rows however long it lives.

-- Hours and days begin as they do in the time zone of the organization's account, or in UTC where it has none. Band b
-- holds times up to e^((b+1)/10) ms: within 5 % of its middle. A call that was taken back counts as it was recorded.
CREATE TABLE billing.key_sums (
    org_id  uuid NOT NULL,
    key_id  uuid NOT NULL,
    span    text COLLATE "C" NOT NULL CHECK (span IN ('hour', 'day')),
    at      timestamptz NOT NULL,
    band    smallint NOT NULL,
    calls   bigint NOT NULL,
    refused bigint NOT NULL,
    failed  bigint NOT NULL,
    PRIMARY KEY (org_id, key_id, span, at, band)
);
CREATE INDEX key_sums_age ON billing.key_sums (span, at);

ALTER TABLE billing.summed ADD COLUMN keys_until timestamptz NOT NULL DEFAULT '-infinity';

CREATE FUNCTION billing.keys_summed_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$ SELECT s.keys_until FROM billing.summed s $$;

CREATE FUNCTION billing.band_of(took_us bigint) RETURNS smallint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN floor(10 * ln(greatest(took_us, 1000) / 1000.0::float8));

-- Takes up what was recorded since, one step of it, and forgets what is old; whether more is waiting.
CREATE FUNCTION billing.sum_up_keys() RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
DECLARE
    since timestamptz;
    cutoff timestamptz;
    stop timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(1953063787, 4);
    cutoff := billing.fix_cutoff();
    SELECT greatest(s.keys_until, cutoff - interval '92 days') INTO since FROM billing.summed s;
    stop := billing.end_of_step('billing.calls', since, cutoff);
    INSERT INTO billing.key_sums AS k (org_id, key_id, span, at, band, calls, refused, failed)
    SELECT c.org_id, c.key_id, s.span,
           date_trunc(s.span, billing.occurred_at(c.request_id), coalesce(a.time_zone, 'UTC')),
           billing.band_of(c.vendor_us + c.platform_us), count(*),
           count(*) FILTER (WHERE c.status BETWEEN 400 AND 499), count(*) FILTER (WHERE c.status >= 500)
    FROM billing.calls c
    LEFT JOIN billing.accounts a USING (org_id)
    CROSS JOIN (VALUES ('hour'), ('day')) AS s (span)
    WHERE c.recorded_at > since AND c.recorded_at <= stop
      AND (s.span = 'day' OR c.recorded_at > cutoff - interval '50 hours')
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (org_id, key_id, span, at, band)
        DO UPDATE SET calls = k.calls + excluded.calls, refused = k.refused + excluded.refused,
                      failed = k.failed + excluded.failed;
    DELETE FROM billing.key_sums k
    WHERE (k.span = 'hour' AND k.at < cutoff - interval '50 hours') OR (k.span = 'day' AND k.at < cutoff - interval '92 days');
    UPDATE billing.summed SET keys_until = stop;
    RETURN stop < cutoff;
END
$$;

-- One key's figures since an instant, of each hour or day in which it was used, and of all of them (`at` is null). What
-- is not in the sums yet is counted.
CREATE FUNCTION billing.key_figures(org uuid, key uuid, spans text, since timestamptz)
    RETURNS TABLE (at timestamptz, calls bigint, refused bigint, failed bigint, p50_ms float8, p99_ms float8)
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    until constant timestamptz := billing.keys_summed_until();
    zone constant text := coalesce((SELECT a.time_zone FROM billing.accounts a WHERE a.org_id = org), 'UTC');
BEGIN
    -- Planned for this very cutoff: it is near the end of the table, which no plan for all cutoffs would know.
    RETURN QUERY EXECUTE '
        WITH found AS (
            SELECT k.at, k.band, k.calls, k.refused, k.failed
            FROM billing.key_sums k WHERE k.org_id = $1 AND k.key_id = $2 AND k.span = $3 AND k.at >= $4
            UNION ALL
            SELECT date_trunc($3, billing.occurred_at(c.request_id), $6),
                   billing.band_of(c.vendor_us + c.platform_us), 1,
                   (c.status BETWEEN 400 AND 499)::int, (c.status >= 500)::int
            FROM billing.calls c
            WHERE c.org_id = $1 AND c.key_id = $2 AND c.request_id >= billing.first_request_id($4) AND c.recorded_at > $5
        ), bands AS (
            SELECT f.at, f.band, sum(f.calls) AS calls, sum(f.refused) AS refused, sum(f.failed) AS failed
            FROM found f GROUP BY GROUPING SETS ((f.at, f.band), (f.band))
        ), placed AS (
            SELECT b.*, sum(b.calls) OVER (PARTITION BY b.at ORDER BY b.band) AS upto,
                   sum(b.calls) OVER (PARTITION BY b.at) AS of_all
            FROM bands b
        )
        SELECT p.at, max(p.of_all)::bigint, sum(p.refused)::bigint, sum(p.failed)::bigint,
               exp((min(p.band) FILTER (WHERE p.upto >= p.of_all * 0.50) + 0.5) / 10.0)::float8,
               exp((min(p.band) FILTER (WHERE p.upto >= p.of_all * 0.99) + 0.5) / 10.0)::float8
        FROM placed p GROUP BY p.at ORDER BY p.at'
        USING org, key, spans, since, until, zone;
END
$$;

REVOKE ALL ON FUNCTION billing.sum_up_keys(), billing.keys_summed_until(), billing.key_figures(uuid, uuid, text, timestamptz)
    FROM public;
GRANT EXECUTE ON FUNCTION billing.sum_up_keys() TO tickmark_operator;
GRANT EXECUTE ON FUNCTION billing.keys_summed_until(), billing.key_figures(uuid, uuid, text, timestamptz)
    TO tickmark_app, tickmark_operator;
GRANT UPDATE (keys_until) ON billing.summed TO tickmark_operator;

ALTER TABLE billing.key_sums ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON billing.key_sums FOR SELECT TO tickmark_app
    USING (org_id = nullif(current_setting('tickmark.org_id', true), '')::uuid);
CREATE POLICY every_row ON billing.key_sums TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT ON billing.key_sums TO tickmark_app, tickmark_operator;
GRANT INSERT, UPDATE, DELETE ON billing.key_sums TO tickmark_operator;
