-- Every query of billing. The organization is in every predicate; the ledger's writers name it in every row.

-- name: insert_invocations
-- Writes a batch of calls to the request log and the billable ones to usage; a request id that is there already fails the batch.
WITH batch AS (
    SELECT * FROM unnest($1::text::billing.invocation[])
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
    SELECT * FROM unnest($1::text::billing.invocation[])
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
-- Takes calls back for one reason; logs as answered 503 those that were never written.
WITH batch AS (
    SELECT * FROM unnest(
        $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int4[], $9::int8[], $10::int8[]
    ) AS b (org_id, request_id, key_id, connection_id, vendor, operation, row_count, vendor_us, platform_us)
), logged AS (
    INSERT INTO billing.calls (org_id, request_id, key_id, connection_id, vendor, operation, row_count, vendor_us,
                               platform_us, status, units, billable, reason)
    SELECT batch.*, 503, 0, false, 'platform_error' FROM batch
    ON CONFLICT DO NOTHING
)
INSERT INTO billing.voids (org_id, request_id, reason)
SELECT org_id, request_id, $1::text FROM batch
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

-- name: list_plan_pins
-- Which plan holds from which month on, the newest month first; of a month's decisions the last.
SELECT DISTINCT ON (starts_on) starts_on, plan, version, pinned_at FROM billing.plan_pins
WHERE org_id = $1
ORDER BY starts_on DESC, pinned_at DESC;

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
    (org_id, invoice_id, position, kind, usage_period, meter, tier, quantity, unit_price, amount_minor,
     priced_quantity, per, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: get_invoice
-- The head of an invoice.
SELECT org_id, invoice_id, period, state, number, currency, total_minor, drafted_at, issued_at, due_on, prepaid_minor
FROM billing.invoices WHERE org_id = $1 AND invoice_id = $2;

-- name: list_invoices
-- The heads of an organization's invoices, newest month first, after a month when one is given.
SELECT org_id, invoice_id, period, state, number, currency, total_minor, drafted_at, issued_at, due_on, prepaid_minor
FROM billing.invoices
WHERE org_id = $1 AND ($2::date IS NULL OR period < $2)
ORDER BY period DESC
LIMIT $3;

-- name: list_invoice_lines
-- The lines of some invoices, in their order.
SELECT invoice_id, position, kind, usage_period, meter, tier, quantity, unit_price, amount_minor,
       coalesce(priced_quantity, quantity) AS priced_quantity, per, note
FROM billing.invoice_lines
WHERE org_id = $1 AND invoice_id = ANY ($2::uuid[])
ORDER BY invoice_id, position;

-- name: mark_invoice_issued
-- Gives a draft the organization's next number, its due date and what prepaid money pays of it.
UPDATE billing.invoices
SET state = 'issued', issued_at = $3, due_on = $4, prepaid_minor = $5,
    number = (SELECT coalesce(max(i.number), 0) + 1 FROM billing.invoices i WHERE i.org_id = $1)
WHERE org_id = $1 AND invoice_id = $2 AND state = 'draft';

-- name: list_calls
-- An organization's calls, newest first, after one when given.
SELECT c.org_id, c.request_id, c.key_id, c.connection_id, c.vendor, c.operation, c.status, c.meter, c.units, c.billable,
       c.reason, c.row_count AS rows, c.vendor_us, c.platform_us, c.recorded_at,
       (SELECT v.reason FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = c.request_id) AS void_reason
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
  AND ($12::int2 IS NULL OR c.status >= $12)
  AND ($13::int2 IS NULL OR c.status < $13)
ORDER BY c.request_id DESC
LIMIT $3;

-- name: get_call
-- One call by its request id.
SELECT c.org_id, c.request_id, c.key_id, c.connection_id, c.vendor, c.operation, c.status, c.meter, c.units, c.billable,
       c.reason, c.row_count AS rows, c.vendor_us, c.platform_us, c.recorded_at,
       (SELECT v.reason FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = c.request_id) AS void_reason
FROM billing.calls c
WHERE c.org_id = $1 AND c.request_id = $2;

-- name: list_units_before
-- Units of the meters of some calls in each one's month before it, in their order; void ones left out.
WITH asked AS (
    SELECT a.*, date_bin('15 minutes', billing.occurred_at(a.request_id), 'epoch') AS quarter
    FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS a (request_id, meter, starts_at, place)
), begun AS (
    SELECT a.meter, a.starts_at, min(a.quarter) AS first FROM asked a GROUP BY a.meter, a.starts_at
), common AS (
    SELECT b.meter, b.starts_at, b.first,
           (SELECT coalesce(sum(q.units), 0) FROM billing.quarter_sums q
            WHERE q.org_id = $1 AND q.meter = b.meter AND q.quarter >= b.starts_at AND q.quarter < b.first) AS units
    FROM begun b
), rest AS MATERIALIZED (
    SELECT u.request_id, u.meter, u.units
    FROM (SELECT min(starts_at) AS first, max(quarter) AS last FROM asked) AS span,
         billing.unsummed($1, billing.first_request_id(span.first), billing.first_request_id(span.last)) AS u
)
SELECT (c.units
     + (SELECT coalesce(sum(q.units), 0) FROM billing.quarter_sums q
        WHERE q.org_id = $1 AND q.meter = a.meter AND q.quarter >= c.first AND q.quarter < a.quarter)
     + (SELECT coalesce(sum(r.units), 0) FROM rest r
        WHERE r.meter = a.meter AND r.request_id >= billing.first_request_id(a.starts_at)
          AND r.request_id < billing.first_request_id(a.quarter))
     + (SELECT coalesce(sum(u.units), 0) FROM billing.usage u
        WHERE u.org_id = $1 AND u.meter = a.meter
          AND u.request_id >= billing.first_request_id(a.quarter) AND u.request_id < a.request_id
          AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)))::bigint
       AS units
FROM asked a JOIN common c USING (meter, starts_at)
ORDER BY a.place;

-- name: summarize_usage
-- Calls and units between two instants, of one key or all, by key, connection, operation, day or meter: whole days
-- ($6 up to $7, which begin at $8 and $9) from the sums by $11, the rest from the ledger.
WITH rest AS (
    SELECT u.request_id, u.key_id, u.connection_id, u.operation, u.meter, u.calls, u.units
    FROM billing.unsummed($1, billing.first_request_id($8), billing.first_request_id($9)) u
    UNION ALL
    SELECT u.request_id, u.key_id, u.connection_id, u.operation, u.meter, 1, u.units
    FROM (VALUES ($2::timestamptz, $8::timestamptz), ($9::timestamptz, $3::timestamptz)) AS edge (starts_at, ends_at)
    CROSS JOIN LATERAL (
        SELECT u.* FROM billing.usage u
        WHERE u.org_id = $1 AND edge.starts_at < edge.ends_at
          AND u.request_id >= billing.first_request_id(edge.starts_at)
          AND u.request_id < billing.first_request_id(edge.ends_at)
          AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)) AS u
), counted AS (
    SELECT CASE $4::text WHEN 'day' THEN d.day::text WHEN 'meter' THEN d.meter ELSE nullif(d.value, '') END AS "group",
           d.meter, d.calls, d.units
    FROM billing.day_sums d
    WHERE d.org_id = $1 AND d.by = $11::text AND d.day >= $6::date AND d.day < $7::date
      AND ($5::uuid IS NULL OR d.value = $5::text)
    UNION ALL
    SELECT CASE $4::text
               WHEN 'key' THEN r.key_id::text
               WHEN 'connection' THEN r.connection_id::text
               WHEN 'operation' THEN r.operation
               WHEN 'day' THEN (billing.occurred_at(r.request_id) AT TIME ZONE $10::text)::date::text
               ELSE r.meter
           END,
           r.meter, r.calls, r.units
    FROM rest r
    WHERE $5::uuid IS NULL OR r.key_id = $5
)
SELECT c."group", c.meter, sum(c.calls)::bigint AS calls, sum(c.units)::bigint AS units
FROM counted c
GROUP BY 1, 2
HAVING sum(c.calls) <> 0
ORDER BY 1 NULLS LAST, 2;

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
WHERE l.org_id = $1 AND l.usage_period = $2 AND l.meter IS NOT NULL
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

-- name: get_stripe_customer
-- An organization at Stripe.
SELECT customer_id, payment_method FROM billing.stripe_customers WHERE org_id = $1;

-- name: find_stripe_customer
-- Whose customer it is. Nobody but us made it, so there is at most one.
SELECT org_id FROM billing.stripe_customers WHERE customer_id = $1;

-- name: insert_stripe_customer
-- Links an organization to its customer; the first link stays.
INSERT INTO billing.stripe_customers (org_id, customer_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: mark_payment_method
-- What the organization pays with from now on.
UPDATE billing.stripe_customers SET payment_method = $2 WHERE org_id = $1;

-- name: begin_stripe_step
-- Notes that a step is about to be tried, with how it stood before; a done step stays done. One attempt more each time.
WITH before AS (
    SELECT state, error FROM billing.stripe_steps WHERE org_id = $1 AND invoice_id = $2 AND step = $3
)
INSERT INTO billing.stripe_steps AS s (org_id, invoice_id, step, state) VALUES ($1, $2, $3, 'trying')
ON CONFLICT (org_id, invoice_id, step) DO UPDATE
    SET state = CASE s.state WHEN 'done' THEN 'done' ELSE 'trying' END,
        attempts = s.attempts + CASE s.state WHEN 'done' THEN 0 ELSE 1 END,
        error = NULL, tried_at = clock_timestamp()
RETURNING state, generation, attempts, stripe_id, (SELECT state FROM before) AS was;

-- name: mark_stripe_step
-- How a try ended.
UPDATE billing.stripe_steps SET state = $4, stripe_id = $5, error = $6
WHERE org_id = $1 AND invoice_id = $2 AND step = $3 AND state = 'trying';

-- name: mark_stripe_step_renewed
-- A new idempotency key, once it is certain that nothing was done under the old one.
UPDATE billing.stripe_steps SET generation = generation + 1
WHERE org_id = $1 AND invoice_id = $2 AND step = $3 AND state = 'trying'
RETURNING generation;

-- name: list_stripe_steps
-- The steps of an invoice, in the order of their first try.
SELECT step, state, generation, attempts, stripe_id, error FROM billing.stripe_steps
WHERE org_id = $1 AND invoice_id = $2
ORDER BY tried_at, step;

-- name: list_undone_stripe_credits
-- Credit notes of finalized invoices, or of one, that are not on Stripe yet and are not refused, the oldest first.
SELECT c.org_id, c.invoice_id, c.note_id, c.amount_minor, c.refund
FROM billing.credit_notes c
JOIN billing.stripe_steps i USING (org_id, invoice_id)
LEFT JOIN billing.stripe_steps s ON s.org_id = c.org_id AND s.invoice_id = c.invoice_id AND s.step = 'credit:' || c.note_id
WHERE c.issued_at >= $1 AND ($2::uuid IS NULL OR c.invoice_id = $2) AND i.step = 'finalize' AND i.state = 'done'
  AND coalesce(s.state NOT IN ('done', 'refused'), true)
ORDER BY c.issued_at, c.note_id;

-- name: get_paid_on_stripe
-- What Stripe has told us was paid of an invoice, refunds aside.
SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM billing.payments p
WHERE p.org_id = $1 AND p.invoice_id = $2 AND starts_with(p.reference, $3::text || ':');

-- name: list_undone_stripe_invoices
-- Issued invoices that are not through all their steps and are not refused, the oldest first.
SELECT i.org_id, i.invoice_id
FROM billing.invoices i
WHERE i.state IN ('issued', 'past_due') AND i.issued_at >= $1
  AND NOT EXISTS (
      SELECT FROM billing.stripe_steps s
      WHERE s.org_id = i.org_id AND s.invoice_id = i.invoice_id
        AND (s.state = 'refused' OR (s.step = 'collect' AND s.state = 'done')))
ORDER BY i.issued_at, i.invoice_id;

-- name: insert_stripe_invoice
-- Links an invoice to Stripe's.
INSERT INTO billing.stripe_invoices (org_id, invoice_id, stripe_invoice_id, status) VALUES ($1, $2, $3, 'draft')
ON CONFLICT (org_id, invoice_id) DO NOTHING;

-- name: get_stripe_invoice
-- What Stripe last said of an invoice.
SELECT org_id, invoice_id, stripe_invoice_id, status, collection, total_minor, paid_minor, credited_minor,
       payment_attempts, next_attempt_at, hosted_url, read_at
FROM billing.stripe_invoices WHERE org_id = $1 AND invoice_id = $2;

-- name: lock_stripe_invoice
-- The invoice behind one of Stripe's, held until the transaction ends: who reads Stripe later also writes later.
SELECT org_id, invoice_id FROM billing.stripe_invoices WHERE stripe_invoice_id = $1 FOR UPDATE;

-- name: mark_stripe_invoice
-- What Stripe says of an invoice now.
UPDATE billing.stripe_invoices
SET status = $3, collection = $4, total_minor = $5, paid_minor = $6, credited_minor = $7, payment_attempts = $8,
    next_attempt_at = $9, hosted_url = $10, read_at = clock_timestamp()
WHERE org_id = $1 AND invoice_id = $2;

-- name: insert_stripe_event
-- Keeps an event once, by its id.
INSERT INTO billing.stripe_events (org_id, event_id, type, object_id, digest, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: get_stripe_event_digest
-- The digest of an event that is there.
SELECT digest FROM billing.stripe_events WHERE org_id = $1 AND event_id = $2;

-- name: list_waiting_stripe_events
-- Events that are to be handled, of every organization (org_id), in no meaningful order but the oldest first.
SELECT org_id, event_id, type, object_id, attempts FROM billing.stripe_events
WHERE state = 'waiting'
ORDER BY received_at, event_id
LIMIT $1;

-- name: mark_stripe_event
-- How handling an event ended.
UPDATE billing.stripe_events SET state = $3, error = $4, attempts = attempts + 1
WHERE org_id = $1 AND event_id = $2 AND state = 'waiting';

-- name: insert_reconciliation
-- Keeps a report.
INSERT INTO billing.reconciliations
    (org_id, reconciliation_id, period, ran_at, balanced, difference, money_difference_minor, report)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: list_reconciliations
-- Kept reports, newest first, after one when given; of one month or all.
SELECT reconciliation_id, report::text AS report FROM billing.reconciliations
WHERE org_id = $1 AND ($2::uuid IS NULL OR reconciliation_id < $2) AND ($4::date IS NULL OR period = $4)
ORDER BY reconciliation_id DESC
LIMIT $3;

-- name: mark_invoice
-- Moves an issued invoice to another state.
UPDATE billing.invoices SET state = $3 WHERE org_id = $1 AND invoice_id = $2;

-- name: insert_invoice_move
-- Keeps when and why an invoice came into a state.
INSERT INTO billing.invoice_moves (org_id, invoice_id, state, moved_at, reason) VALUES ($1, $2, $3, $4, $5);

-- name: list_invoice_moves
-- The history of an invoice since it was issued.
SELECT state, moved_at, reason FROM billing.invoice_moves WHERE org_id = $1 AND invoice_id = $2 ORDER BY moved_at, state;

-- name: list_overdue
-- Invoices that were due before a day and are still only issued.
SELECT invoice_id FROM billing.invoices WHERE org_id = $1 AND state = 'issued' AND due_on < $2 ORDER BY period;

-- name: insert_payment
-- Keeps money that came in or went back, once for each reference.
INSERT INTO billing.payments (org_id, reference, invoice_id, amount_minor, paid_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING org_id;

-- name: get_payment
-- A payment by its reference.
SELECT invoice_id, amount_minor FROM billing.payments WHERE org_id = $1 AND reference = $2;

-- name: get_balance
-- What is owed on an invoice, and what has been paid and credited.
SELECT i.total_minor, i.prepaid_minor,
       (SELECT coalesce(sum(c.amount_minor), 0)::bigint FROM billing.credit_notes c
        WHERE c.org_id = $1 AND c.invoice_id = $2) AS credited_minor,
       (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM billing.payments p
        WHERE p.org_id = $1 AND p.invoice_id = $2) AS paid_minor
FROM billing.invoices i WHERE i.org_id = $1 AND i.invoice_id = $2;

-- name: insert_credit_note
-- Credits part of an invoice under the organization's next credit note number.
INSERT INTO billing.credit_notes (org_id, note_id, invoice_id, number, amount_minor, reason, issued_at, refund)
VALUES ($1, $2, $3, (SELECT coalesce(max(c.number), 0) + 1 FROM billing.credit_notes c WHERE c.org_id = $1), $4, $5, $6, $7);

-- name: list_credit_notes
-- The credit notes of an invoice, the oldest first.
SELECT org_id, note_id, invoice_id, number, amount_minor, reason, issued_at, refund FROM billing.credit_notes
WHERE org_id = $1 AND invoice_id = $2 ORDER BY number;

-- name: get_credit_note
-- A credit note by its id.
SELECT org_id, note_id, invoice_id, number, amount_minor, reason, issued_at, refund FROM billing.credit_notes
WHERE org_id = $1 AND note_id = $2;

-- name: get_prepaid_balance
-- What is left of an organization's prepaid money.
SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM billing.prepaid p WHERE p.org_id = $1;

-- name: insert_prepaid
-- Prepaid money that came in or, negative, was used; once for each entry id.
INSERT INTO billing.prepaid (org_id, entry_id, amount_minor, invoice_id, note, entered_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: insert_details
-- Who invoices are made out to from now on.
INSERT INTO billing.details (org_id, name, address, tax_id, tax_name, tax_percent) VALUES ($1, $2, $3, $4, $5, $6);

-- name: get_details
-- Who an invoice is made out to, as it stood at an instant.
SELECT name, address, tax_id, tax_name, tax_percent FROM billing.details
WHERE org_id = $1 AND changed_at <= $2 ORDER BY changed_at DESC LIMIT 1;

-- name: list_billed_amounts
-- Money that invoices before one bill for a month of usage, by kind of line.
SELECT CASE WHEN l.meter IS NULL THEN l.kind ELSE 'usage' END AS kind, sum(l.amount_minor)::bigint AS amount_minor
FROM billing.invoices i JOIN billing.invoice_lines l USING (org_id, invoice_id)
WHERE i.org_id = $1 AND i.period < $2 AND l.usage_period = $3 AND l.kind <> 'tax'
GROUP BY 1
ORDER BY 1;

-- name: insert_budget
-- Makes a budget or changes its limit.
INSERT INTO billing.budgets (org_id, scope, scope_id, span, limit_minor) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (org_id, scope, scope_id, span) DO UPDATE
SET limit_minor = excluded.limit_minor, changed_at = clock_timestamp();

-- name: delete_budget
-- Takes a budget away.
DELETE FROM billing.budgets WHERE org_id = $1 AND scope = $2 AND scope_id = $3 AND span = $4 RETURNING org_id;

-- name: list_budgets
-- The budgets of an organization, its own first.
SELECT scope, scope_id, span, limit_minor FROM billing.budgets
WHERE org_id = $1 ORDER BY scope = 'organization' DESC, scope, scope_id, span;

-- name: list_alerts
-- The alerts of a budget in one window, in the order they were raised.
SELECT percent, limit_minor, spent_minor, raised_at FROM billing.budget_alerts
WHERE org_id = $1 AND scope = $2 AND scope_id = $3 AND span = $4 AND starts_at = $5 ORDER BY raised_at, percent;

-- name: insert_alert
-- Raises an alert, once.
INSERT INTO billing.budget_alerts (org_id, scope, scope_id, span, starts_at, limit_minor, percent, spent_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING;

-- name: sum_units
-- Units of each meter between two quarters of an hour; void ones left out.
SELECT s.meter, sum(s.units)::bigint AS units
FROM (
    SELECT q.meter, q.units FROM billing.quarter_sums q
    WHERE q.org_id = $1 AND q.quarter >= $2 AND q.quarter < $3
    UNION ALL
    SELECT u.meter, u.units FROM billing.unsummed($1, billing.first_request_id($2), billing.first_request_id($3)) u
) AS s
GROUP BY s.meter
HAVING sum(s.units) <> 0
ORDER BY s.meter;

-- name: sum_units_of
-- The same of one key ($6) or connection ($7), in whole days ($2 up to $3, which begin at $4 and $5).
SELECT s.meter, sum(s.units)::bigint AS units
FROM (
    SELECT d.meter, d.units FROM billing.day_sums d
    WHERE d.org_id = $1 AND d.day >= $2::date AND d.day < $3::date
      AND d.by = CASE WHEN $6::uuid IS NULL THEN 'connection' ELSE 'key' END
      AND d.value = coalesce($6::uuid, $7::uuid)::text
    UNION ALL
    SELECT u.meter, u.units FROM billing.unsummed($1, billing.first_request_id($4), billing.first_request_id($5)) u
    WHERE u.key_id = $6 OR u.connection_id = $7
) AS s
GROUP BY s.meter
HAVING sum(s.units) <> 0
ORDER BY s.meter;

-- name: sum_up_ledger
-- Takes what was recorded of every organization (org_id) into the sums; whether more is waiting.
SELECT billing.sum_up();

-- name: sum_up_keys
-- The same of how every organization's (org_id) keys are used.
SELECT billing.sum_up_keys();

-- name: list_key_figures
-- How a key of an organization (org_id, $1) was used since an instant ($4), by hour or day ($3); all together first.
SELECT f.at, f.calls, f.refused, f.failed, f.p50_ms, f.p99_ms FROM billing.key_figures($1, $2, $3, $4) f
ORDER BY f.at NULLS FIRST;

-- name: note_new_ranges
-- Lets the newest rows of every organization (org_id) be found by when they were recorded.
SELECT billing.note_new_ranges();

-- name: find_stretch
-- The last quarter of an hour of a meter's month ($2 to $3) before which at most $5 units had been counted at a cutoff,
-- and those units.
WITH moved AS (
    SELECT q.quarter, q.units FROM billing.quarter_sums q
    WHERE q.org_id = $1 AND q.meter = $4 AND q.quarter >= $2 AND q.quarter < $3
    UNION ALL
    SELECT date_bin('15 minutes', billing.occurred_at(u.request_id), 'epoch'), u.units
    FROM billing.unsummed($1, billing.first_request_id($2), billing.first_request_id($3)) u WHERE u.meter = $4
    UNION ALL
    SELECT date_bin('15 minutes', billing.occurred_at(u.request_id), 'epoch'), -u.units
    FROM billing.usage u
    WHERE u.org_id = $1 AND u.meter = $4 AND u.recorded_at > $6
      AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
      AND NOT EXISTS (SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id)
    UNION ALL
    SELECT date_bin('15 minutes', billing.occurred_at(u.request_id), 'epoch'), u.units
    FROM billing.voids v JOIN billing.usage u USING (org_id, request_id)
    WHERE v.org_id = $1 AND u.meter = $4 AND v.recorded_at > $6 AND u.recorded_at <= $6
      AND v.request_id >= billing.first_request_id($2) AND v.request_id < billing.first_request_id($3)
), quarters AS (
    SELECT m.quarter, sum(m.units) AS units FROM moved m GROUP BY m.quarter
), placed AS (
    SELECT q.quarter, (sum(q.units) OVER (ORDER BY q.quarter) - q.units)::bigint AS before FROM quarters q
)
SELECT billing.first_request_id(p.quarter) AS request_id, p.before
FROM placed p WHERE p.before <= $5 ORDER BY p.quarter DESC LIMIT 1;

-- name: lock_budgets
-- The limits of some budgets, locked until the transaction ends.
SELECT b.scope, b.scope_id, b.span, b.limit_minor
FROM billing.budgets b
WHERE b.org_id = $1 AND (b.scope, b.scope_id, b.span) IN (SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[]))
ORDER BY b.scope, b.scope_id, b.span
FOR UPDATE;

-- name: list_spend
-- What is settled in some windows of budgets.
SELECT s.scope, s.scope_id, s.span, s.starts_at, s.meter, s.base, s.settled
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::timestamptz[]) AS w (scope, scope_id, span, starts_at)
JOIN billing.spend s USING (scope, scope_id, span, starts_at)
WHERE s.org_id = $1;

-- name: list_spend_leases
-- What is leased in some windows of budgets.
SELECT l.scope, l.scope_id, l.span, l.starts_at, l.meter, l.holder, l.units, l.spent,
       l.expires_at <= clock_timestamp() AS expired
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::timestamptz[]) AS w (scope, scope_id, span, starts_at)
JOIN billing.spend_leases l USING (scope, scope_id, span, starts_at)
WHERE l.org_id = $1;

-- name: insert_spend
-- Writes what is settled in windows of budgets, as it stands now.
INSERT INTO billing.spend (org_id, scope, scope_id, span, starts_at, meter, base, settled)
SELECT $1, u.scope, u.scope_id, u.span, u.starts_at, u.meter, u.base, u.settled
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::bigint[], $8::bigint[])
    AS u (scope, scope_id, span, starts_at, meter, base, settled)
ON CONFLICT (org_id, scope, scope_id, span, starts_at, meter) DO UPDATE SET settled = excluded.settled;

-- name: insert_leases
-- Writes leases as they stand now, and how long they live.
INSERT INTO billing.spend_leases (org_id, scope, scope_id, span, starts_at, meter, holder, units, spent, expires_at)
SELECT $1, u.scope, u.scope_id, u.span, u.starts_at, u.meter, u.holder, u.units, u.spent, clock_timestamp() + $2
FROM unnest($3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[], $8::uuid[], $9::bigint[], $10::bigint[])
    AS u (scope, scope_id, span, starts_at, meter, holder, units, spent)
ON CONFLICT (org_id, scope, scope_id, span, starts_at, meter, holder) DO UPDATE
SET units = excluded.units, spent = excluded.spent, expires_at = excluded.expires_at;

-- name: delete_leases
-- Ends leases that ran out.
DELETE FROM billing.spend_leases
WHERE org_id = $1 AND scope = $2 AND scope_id = $3 AND span = $4 AND starts_at = $5 AND holder = ANY ($6::uuid[]);

-- name: set_organization
-- Lets the transaction see one organization: its org_id.
SELECT set_config('tickmark.org_id', $1::text, true);

-- name: list_counted_calls
-- Billed calls of one meter and month that had arrived, and were not void, at a cutoff, in the order they occurred.
SELECT u.request_id, u.key_id, u.connection_id, u.operation, u.units
FROM billing.usage u
WHERE u.org_id = $1
  AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
  AND u.meter = $4 AND u.request_id > $5 AND u.recorded_at <= $7
  AND NOT EXISTS (
      SELECT FROM billing.voids v WHERE v.org_id = $1 AND v.request_id = u.request_id AND v.recorded_at <= $7)
ORDER BY u.request_id
LIMIT $6;

-- name: list_moved_calls
-- Calls of one meter and month that came late between two cutoffs, and (negative) those billed before that became void.
SELECT u.request_id, u.key_id, u.connection_id, u.operation,
       CASE WHEN u.recorded_at > $7 THEN u.units ELSE -u.units END AS units
FROM billing.usage u
LEFT JOIN billing.voids v ON v.org_id = $1 AND v.request_id = u.request_id AND v.recorded_at <= $8
WHERE u.org_id = $1
  AND u.request_id >= billing.first_request_id($2) AND u.request_id < billing.first_request_id($3)
  AND u.meter = $4 AND u.request_id > $5
  AND CASE WHEN u.recorded_at > $7 THEN u.recorded_at <= $8 AND v.request_id IS NULL ELSE v.recorded_at > $7 END
ORDER BY u.request_id
LIMIT $6;

-- name: list_void_reasons
-- Which of some calls were taken back, and why.
SELECT request_id, reason FROM billing.voids WHERE org_id = $1 AND request_id = ANY ($2::uuid[]) ORDER BY request_id;

-- name: list_news
-- Alerts of budgets and moves of invoices before an instant, newest first.
SELECT * FROM (
    SELECT a.raised_at AS at, a.scope || '.' || a.span AS what, a.scope_id AS about, a.percent::int AS percent,
           a.limit_minor AS amount_minor
    FROM billing.budget_alerts a WHERE a.org_id = $1 AND a.raised_at < $2
    UNION ALL
    SELECT m.moved_at, 'invoice.' || m.state, m.invoice_id, NULL,
           (SELECT i.total_minor FROM billing.invoices i WHERE i.org_id = $1 AND i.invoice_id = m.invoice_id)
    FROM billing.invoice_moves m WHERE m.org_id = $1 AND m.moved_at < $2
) AS news
ORDER BY at DESC, what, about, percent DESC
LIMIT $3;

-- name: sum_up_vendors
-- Takes what was recorded of every organization (org_id), but with these keys, into the vendors' sums; whether more is waiting.
SELECT billing.sum_up_vendors($1);

-- name: list_vendor_figures
-- How vendors answered since an instant, over every organization (org_id) together.
SELECT f.vendor, f.calls_at_least, f.faulted_share, f.p50_ms, f.p95_ms FROM billing.vendor_figures($1) f;

-- name: list_vendor_days
-- How vendors answered by day since an instant, over every organization (org_id) together.
SELECT d.vendor, d.day, d.faulted_share FROM billing.vendor_days($1) d;

-- name: list_vendor_incidents
-- When vendors left calls unanswered since an instant, over every organization (org_id) together; newest first.
SELECT i.vendor, i.began_at, i.ended_at, i.calls_at_least, i.faulted_share FROM billing.vendor_incidents($1) i;

-- name: get_vendors_summed_until
-- Until when that is known; of no organization (org_id).
SELECT billing.vendors_summed_until();

-- name: get_free_calls_days
-- For how many days an organization keeps calls that cost nothing.
SELECT free_calls_days FROM billing.retention WHERE org_id = $1;

-- name: upsert_free_calls_days
-- Keeps them for so many days from now on.
INSERT INTO billing.retention (org_id, free_calls_days) VALUES ($1, $2)
ON CONFLICT (org_id) DO UPDATE SET free_calls_days = excluded.free_calls_days;

-- name: delete_free_calls_days
-- Keeps them for good.
DELETE FROM billing.retention WHERE org_id = $1;

-- name: list_forgetting
-- The organizations that keep them for a while only (org_id).
SELECT org_id FROM billing.retention ORDER BY org_id;

-- name: delete_free_calls
-- Forgets up to $2 of one organization's (org_id); how many are gone.
SELECT billing.forget_free_calls($1, $2);
