-- name: insert_claim
-- Claims a key that nobody has used; no row when it is taken.
INSERT INTO idempotency_claims
    (org_id, key, fingerprint, request_id, claimed_at, held_until, in_doubt, key_id, asked, look_at)
VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9)
ON CONFLICT (org_id, key) DO NOTHING
RETURNING key;

-- name: lock_claim
-- A claim as it stands, held against other tries until the transaction ends.
SELECT fingerprint, request_id, earlier_request_ids, claimed_at, held_until, in_doubt, status, answer
FROM idempotency_claims
WHERE org_id = $1 AND key = $2
FOR UPDATE;

-- name: mark_claim_taken_over
-- A new try holds a claim whose former try ended without an answer.
UPDATE idempotency_claims
SET earlier_request_ids = earlier_request_ids || request_id, request_id = $3, held_until = $4, in_doubt = true,
    key_id = $5, asked = $6, look_at = greatest(look_at, $7)
WHERE org_id = $1 AND key = $2 AND status IS NULL;

-- name: mark_claim_counted_as
-- The try that holds the claim is recorded under another request id too: a later try has to know of it.
UPDATE idempotency_claims
SET earlier_request_ids = earlier_request_ids || $4::uuid
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: mark_claim_prolonged
-- The try that holds the claim is still at work.
UPDATE idempotency_claims
SET held_until = $4
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: mark_claim_answered
-- Keeps the answer of the try that holds the claim.
UPDATE idempotency_claims
SET status = $4, answer = $5, in_doubt = false, asked = NULL, look_at = NULL
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: mark_claim_released
-- The try has ended without an answer worth keeping; the same request may be sent again at once. In doubt ($5), the
-- worker looks after it.
UPDATE idempotency_claims
SET held_until = $4, in_doubt = $5, asked = CASE WHEN $5 THEN asked END, look_at = CASE WHEN $5 THEN look_at END
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: is_any_claim_to_look_at
-- Whether a write in doubt is due, of any organization.
SELECT EXISTS (
    SELECT FROM idempotency_claims
    WHERE org_id IS NOT NULL AND look_at <= $1 AND status IS NULL AND in_doubt AND held_until <= $1);

-- name: take_claims_to_look_at
-- The writes in doubt that are due, the most overdue first, $2 of each organization and $3 in all; each is due again
-- after the pause ($4) that belongs to how often it was looked at.
WITH due AS (
    SELECT org_id, key, row_number() OVER (PARTITION BY org_id ORDER BY look_at, key) AS place, look_at AS since
    FROM idempotency_claims
    WHERE org_id IS NOT NULL AND look_at <= $1 AND status IS NULL AND in_doubt AND held_until <= $1),
chosen AS (SELECT org_id, key FROM due WHERE place <= $2 ORDER BY since, key LIMIT $3)
UPDATE idempotency_claims c
SET looks = c.looks + 1, look_at = $1::timestamptz + ($4::interval[])[least(c.looks + 1, array_length($4, 1))]
FROM chosen
WHERE c.org_id = chosen.org_id AND c.key = chosen.key AND c.look_at <= $1 AND c.status IS NULL
RETURNING c.org_id, c.key, c.key_id, c.request_id, c.asked, c.looks, c.claimed_at;

-- name: mark_claim_given_up
-- Nobody can say what became of a write in doubt: this is its answer from now on.
UPDATE idempotency_claims
SET status = $4, answer = $5, in_doubt = false, asked = NULL, look_at = NULL
WHERE org_id = $1 AND key = $2 AND status IS NULL AND in_doubt AND held_until <= $3
RETURNING key;

-- name: delete_old_claims
-- Forgets claims first made before an instant, of every organization.
DELETE FROM idempotency_claims WHERE org_id IS NOT NULL AND claimed_at < $1;
