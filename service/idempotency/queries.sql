-- name: insert_claim
-- Claims a key that nobody has used; no row when it is taken.
INSERT INTO idempotency_claims (org_id, key, fingerprint, request_id, claimed_at, held_until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org_id, key) DO NOTHING
RETURNING key;

-- name: lock_claim
-- A claim as it stands, held against other tries until the transaction ends.
SELECT fingerprint, request_id, earlier_request_ids, held_until, status, answer
FROM idempotency_claims
WHERE org_id = $1 AND key = $2
FOR UPDATE;

-- name: mark_claim_taken_over
-- A new try holds a claim whose former try ended without an answer.
UPDATE idempotency_claims
SET earlier_request_ids = earlier_request_ids || request_id, request_id = $3, held_until = $4
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
SET status = $4, answer = $5
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: mark_claim_released
-- The try has ended without an answer worth keeping; the same request may be sent again at once.
UPDATE idempotency_claims
SET held_until = $4
WHERE org_id = $1 AND key = $2 AND request_id = $3 AND status IS NULL;

-- name: delete_old_claims
-- Forgets claims first made before an instant, of every organization.
DELETE FROM idempotency_claims WHERE org_id IS NOT NULL AND claimed_at < $1;
