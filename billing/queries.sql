-- Every query of billing. The organization is in every predicate; the ledger's writers name it in every row.

-- name: insert_invocations
-- Writes a batch of calls to the request log and the billable ones to usage; what is already there stays.
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
