-- Every query of billing. The organization is in every predicate; the ledger's writers name it in every row.

-- name: insert_invocations
-- Writes a batch of calls to the request log and the billable ones to usage; a request id that is there already fails the batch.
WITH batch AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::int2[], $8::text[], $9::int4[],
        $10::bool[], $11::text[], $12::int4[], $13::int8[], $14::int8[]
    ) AS b (org_id, request_id, key_id, connection_id, vendor, operation, status, meter, units,
            billable, reason, row_count, vendor_us, platform_us)
), logged AS (
    INSERT INTO billing.calls (org_id, request_id, key_id, connection_id, vendor, operation, status, meter, units,
                               billable, reason, row_count, vendor_us, platform_us)
    SELECT * FROM batch
)
INSERT INTO billing.usage (org_id, request_id, key_id, connection_id, units, meter, operation)
SELECT org_id, request_id, key_id, connection_id, units, meter, operation FROM batch WHERE billable;

-- name: insert_invocations_again
-- The same for a batch that may be there, in part or whole: what is there already stays. A quarter slower.
WITH batch AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::int2[], $8::text[], $9::int4[],
        $10::bool[], $11::text[], $12::int4[], $13::int8[], $14::int8[]
    ) AS b (org_id, request_id, key_id, connection_id, vendor, operation, status, meter, units,
            billable, reason, row_count, vendor_us, platform_us)
), logged AS (
    INSERT INTO billing.calls (org_id, request_id, key_id, connection_id, vendor, operation, status, meter, units,
                               billable, reason, row_count, vendor_us, platform_us)
    SELECT * FROM batch
    ON CONFLICT DO NOTHING
)
INSERT INTO billing.usage (org_id, request_id, key_id, connection_id, units, meter, operation)
SELECT org_id, request_id, key_id, connection_id, units, meter, operation FROM batch WHERE billable
ON CONFLICT DO NOTHING;

-- name: insert_voids
-- Takes back calls whose caller was answered 503 although they may have been written; logs those that were not.
WITH batch AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::int4[], $8::int8[], $9::int8[]
    ) AS b (org_id, request_id, key_id, connection_id, vendor, operation, row_count, vendor_us, platform_us)
), logged AS (
    INSERT INTO billing.calls (org_id, request_id, key_id, connection_id, vendor, operation, row_count, vendor_us,
                               platform_us, status, units, billable, reason)
    SELECT batch.*, 503, 0, false, 'platform_error' FROM batch
    ON CONFLICT DO NOTHING
)
INSERT INTO billing.voids (org_id, request_id, reason)
SELECT org_id, request_id, 'answered_503' FROM batch
ON CONFLICT DO NOTHING;

-- name: make_partitions
-- Makes room for the UTC months to come; how many partitions are new.
SELECT billing.make_partitions($1, $2);

-- name: lock_account
-- One closing or issuing at a time for an organization, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('tickmark billing ' || $1::uuid::text, 0));

-- name: insert_account
-- Opens an account; nothing when there is one.
INSERT INTO billing.accounts (org_id, opened_at, time_zone, currency)
VALUES ($1, coalesce($2, clock_timestamp()), $3, $4)
ON CONFLICT DO NOTHING
RETURNING org_id, opened_at, time_zone, currency;

-- name: get_account
-- An organization's account.
SELECT org_id, opened_at, time_zone, currency FROM billing.accounts WHERE org_id = $1;

-- name: insert_plan_pin
-- Decides the plan of a month and of those after it.
INSERT INTO billing.plan_pins (org_id, starts_on, plan, version, plan_digest) VALUES ($1, $2, $3, $4, $5);

-- name: get_plan_pin
-- The plan that holds in the month that starts on a day.
SELECT plan, version, plan_digest FROM billing.plan_pins
WHERE org_id = $1 AND starts_on <= $2
ORDER BY starts_on DESC, pinned_at DESC
LIMIT 1;

-- name: fix_cutoff
-- An instant such that every ledger row recorded until then is visible from now on.
SELECT billing.fix_cutoff();

-- name: get_period
-- A sealed month.
SELECT starts_on, starts_at, ends_at, cutoff, plan, version, plan_digest FROM billing.periods
WHERE org_id = $1 AND starts_on = $2;

-- name: get_latest_period
-- The last month sealed before a day.
SELECT starts_on, starts_at, ends_at, cutoff, plan, version, plan_digest FROM billing.periods
WHERE org_id = $1 AND starts_on < $2
ORDER BY starts_on DESC
LIMIT 1;

-- name: insert_period
-- Seals a month.
INSERT INTO billing.periods (org_id, starts_on, starts_at, ends_at, cutoff, plan, version, plan_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: summarize_quantities
-- Units of each meter that occurred between two instants and had arrived, and were not void, at a third (null: now).
SELECT u.meter, sum(u.units)::bigint AS quantity
FROM billing.usage u
WHERE u.org_id = $1
  AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
  AND ($4::timestamptz IS NULL OR u.recorded_at <= $4)
  AND NOT EXISTS (
      SELECT FROM billing.voids v
      WHERE v.org_id = $1 AND v.request_id = u.request_id AND ($4 IS NULL OR v.recorded_at <= $4))
GROUP BY u.meter
ORDER BY u.meter;

-- name: list_late_quantities
-- What changed in earlier sealed months between two cutoffs: late units, less units that were billed and became void.
WITH late AS (
    SELECT u.request_id, u.meter, u.units
    FROM billing.usage u
    WHERE u.org_id = $1 AND u.request_id < billing.first_request_id($2)
      AND u.recorded_at > $3 AND u.recorded_at <= $4
      AND NOT EXISTS (
          SELECT FROM billing.voids v
          WHERE v.org_id = $1 AND v.request_id = u.request_id AND v.recorded_at <= $4)
    UNION ALL
    SELECT u.request_id, u.meter, -u.units
    FROM billing.voids v JOIN billing.usage u USING (org_id, request_id)
    WHERE v.org_id = $1 AND v.request_id < billing.first_request_id($2)
      AND v.recorded_at > $3 AND v.recorded_at <= $4 AND u.recorded_at <= $3
)
SELECT p.starts_on, p.plan, p.version, p.plan_digest, late.meter, sum(late.units)::bigint AS quantity
FROM late
JOIN billing.periods p
  ON p.org_id = $1
 AND late.request_id >= billing.first_request_id(p.starts_at) AND late.request_id < billing.first_request_id(p.ends_at)
GROUP BY p.starts_on, p.plan, p.version, p.plan_digest, late.meter
HAVING sum(late.units) <> 0
ORDER BY p.starts_on, late.meter;

-- name: get_billed_quantity
-- Units of one meter and month on all invoices before the one of a period.
SELECT coalesce(sum(l.quantity), 0)::bigint
FROM billing.invoices i JOIN billing.invoice_lines l USING (org_id, invoice_id)
WHERE i.org_id = $1 AND i.period < $2 AND l.usage_period = $3 AND l.meter = $4;

-- name: insert_invoice
-- Drafts an invoice.
INSERT INTO billing.invoices (org_id, invoice_id, period, currency, total_minor, drafted_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: insert_invoice_line
-- One line of a draft.
INSERT INTO billing.invoice_lines
    (org_id, invoice_id, position, kind, usage_period, meter, tier, quantity, unit_price, amount_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: get_invoice
-- The head of an invoice.
SELECT org_id, invoice_id, period, state, number, currency, total_minor, drafted_at, issued_at
FROM billing.invoices WHERE org_id = $1 AND invoice_id = $2;

-- name: list_invoices
-- The heads of an organization's invoices, newest month first, after a month when one is given.
SELECT org_id, invoice_id, period, state, number, currency, total_minor, drafted_at, issued_at
FROM billing.invoices
WHERE org_id = $1 AND ($2::date IS NULL OR period < $2)
ORDER BY period DESC
LIMIT $3;

-- name: list_invoice_lines
-- The lines of some invoices, in their order.
SELECT invoice_id, position, kind, usage_period, meter, tier, quantity, unit_price, amount_minor
FROM billing.invoice_lines
WHERE org_id = $1 AND invoice_id = ANY ($2::uuid[])
ORDER BY invoice_id, position;

-- name: mark_invoice_issued
-- Gives a draft the organization's next number.
UPDATE billing.invoices
SET state = 'issued', issued_at = $3,
    number = (SELECT coalesce(max(i.number), 0) + 1 FROM billing.invoices i WHERE i.org_id = $1)
WHERE org_id = $1 AND invoice_id = $2 AND state = 'draft';

-- name: list_calls
-- An organization's calls, newest first, after one when given.
SELECT c.org_id, c.request_id, c.key_id, c.connection_id, c.vendor, c.operation, c.status, c.meter, c.units, c.billable,
       c.reason, c.row_count AS rows, c.vendor_us, c.platform_us, c.recorded_at,
       EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = c.request_id) AS void
FROM billing.calls c
WHERE c.org_id = $1
  AND ($2::uuid IS NULL OR c.request_id < $2)
  AND ($4::timestamptz IS NULL OR c.request_id >= billing.first_request_id($4))
  AND ($5::timestamptz IS NULL OR c.request_id < billing.first_request_id($5))
  AND ($6::uuid IS NULL OR c.key_id = $6)
  AND ($7::uuid IS NULL OR c.connection_id = $7)
  AND ($8::text IS NULL OR c.operation = $8)
  AND ($9::text IS NULL OR c.meter = $9)
  AND ($10::int2 IS NULL OR c.status = $10)
  AND ($11::bool IS NULL OR c.billable = $11)
ORDER BY c.request_id DESC
LIMIT $3;

-- name: get_call
-- One call by its request id.
SELECT c.org_id, c.request_id, c.key_id, c.connection_id, c.vendor, c.operation, c.status, c.meter, c.units, c.billable,
       c.reason, c.row_count AS rows, c.vendor_us, c.platform_us, c.recorded_at,
       EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = c.request_id) AS void
FROM billing.calls c
WHERE c.org_id = $1 AND c.request_id = $2;

-- name: get_units_before
-- Units of a meter in its month before a call.
SELECT coalesce(sum(u.units), 0)::bigint
FROM billing.usage u
WHERE u.org_id = $1 AND u.request_id >= billing.first_request_id($2) AND u.request_id < $3 AND u.meter = $4
  AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id);

-- name: summarize_usage
-- Calls and units between two instants, of one key or all, by key, connection, operation, day of the organization or meter.
SELECT CASE $4::text
           WHEN 'key' THEN u.key_id::text
           WHEN 'connection' THEN u.connection_id::text
           WHEN 'operation' THEN u.operation
           WHEN 'day' THEN (billing.occurred_at(u.request_id) AT TIME ZONE a.time_zone)::date::text
           ELSE u.meter
       END AS "group",
       u.meter, count(*) AS calls, sum(u.units)::bigint AS units
FROM billing.usage u JOIN billing.accounts a USING (org_id)
WHERE u.org_id = $1
  AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
  AND ($5::uuid IS NULL OR u.key_id = $5)
  AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)
GROUP BY 1, u.meter
ORDER BY 1 NULLS LAST, u.meter;

-- name: compare_calls_with_usage
-- The request log against usage between two instants, in one snapshot: figures, and up to $5 requests of each fault.
WITH served AS (
    SELECT c.request_id, c.meter, c.units
    FROM billing.calls c
    WHERE c.org_id = $1 AND c.billable
      AND c.request_id >= billing.first_request_id($2) AND c.request_id < billing.first_request_id($3)
      AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = c.request_id)
), counted AS (
    SELECT u.request_id, u.meter, u.units, coalesce(u.recorded_at > $4::timestamptz, false) AS is_late
    FROM billing.usage u
    WHERE u.org_id = $1
      AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
      AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)
), paired AS (
    SELECT request_id, s.units AS served, u.units AS counted, u.is_late,
           CASE WHEN u.units IS NULL THEN 'uncounted'
                WHEN s.units IS NULL THEN 'unserved'
                WHEN s.units <> u.units OR s.meter <> u.meter THEN 'unequal' END AS fault
    FROM served s FULL JOIN counted u USING (request_id)
)
SELECT (SELECT count(*) FROM billing.calls c
        WHERE c.org_id = $1
          AND c.request_id >= billing.first_request_id($2) AND c.request_id < billing.first_request_id($3)) AS calls,
       count(served) AS billable_calls,
       coalesce(sum(served), 0)::bigint AS served_units,
       count(counted) AS usage_rows,
       coalesce(sum(counted), 0)::bigint AS usage_units,
       coalesce(sum(counted) FILTER (WHERE is_late), 0)::bigint
           - (SELECT coalesce(sum(u.units), 0)::bigint
              FROM billing.voids v JOIN billing.usage u USING (org_id, request_id)
              WHERE v.org_id = $1 AND v.recorded_at > $4 AND u.recorded_at <= $4
                AND v.request_id >= billing.first_request_id($2)
                AND v.request_id < billing.first_request_id($3)) AS pending_units,
       coalesce(sum(greatest(abs(coalesce(served, 0) - coalesce(counted, 0)), 1))
                FILTER (WHERE fault IS NOT NULL), 0)::bigint AS difference,
       coalesce((array_agg(request_id ORDER BY request_id) FILTER (WHERE fault = 'uncounted'))[1:$5], '{}') AS uncounted,
       coalesce((array_agg(request_id ORDER BY request_id) FILTER (WHERE fault = 'unserved'))[1:$5], '{}') AS unserved,
       coalesce((array_agg(request_id ORDER BY request_id) FILTER (WHERE fault = 'unequal'))[1:$5], '{}') AS unequal
FROM paired;

-- name: get_last_cutoff
-- The cutoff up to which an organization has been billed.
SELECT max(cutoff) FROM billing.periods WHERE org_id = $1;

-- name: list_billed_quantities
-- What all invoices bill for one month of usage, by meter and tier.
SELECT l.meter, l.tier, sum(l.quantity)::bigint AS quantity
FROM billing.invoice_lines l
WHERE l.org_id = $1 AND l.usage_period = $2
GROUP BY l.meter, l.tier
ORDER BY l.meter, l.tier;

-- name: list_invoices_for_period
-- Invoices with a line for one month of usage, and the invoice of that month.
SELECT i.invoice_id
FROM billing.invoices i
WHERE i.org_id = $1
  AND (i.period = $2 OR EXISTS (
      SELECT FROM billing.invoice_lines l
      WHERE l.org_id = $1 AND l.invoice_id = i.invoice_id AND l.usage_period = $2))
ORDER BY i.period;
