-- name: hold_operation
-- A write goes on behind the caller's back: a new operation, or the one that the same Idempotency-Key began.
INSERT INTO operations
    (org_id, id, idempotency_key, key_id, connection_id, operation, scope, asked, held_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (org_id, idempotency_key) DO UPDATE
SET held_until = excluded.held_until, state = 'running', ended_at = NULL, request_id = NULL, status = NULL,
    answer = NULL
RETURNING id, created_at;

-- name: get_operation
-- One operation as it stands.
SELECT id, idempotency_key, key_id, connection_id, operation, scope, asked, state, held_until, created_at, ended_at,
    request_id, status, answer
FROM operations
WHERE org_id = $1 AND id = $2;

-- name: take_operation
-- Takes over an operation that nobody holds any more; no row when somebody does.
UPDATE operations
SET held_until = $4
WHERE org_id = $1 AND id = $2 AND state = 'running' AND held_until < $3
RETURNING id;

-- name: mark_operation_ended
-- What became of the write that an Idempotency-Key began, if it is an operation. A later try of the same key may still
-- succeed after one that failed, and nothing undoes a success.
UPDATE operations
SET state = $3, ended_at = $4, request_id = $5, status = $6, answer = $7
WHERE org_id = $1 AND idempotency_key = $2 AND state <> 'succeeded';

-- name: list_cut_off_operations
-- Running operations that nobody has held since an instant, and whose claim is not in doubt: it was answered or let go
-- just before the end. Of every organization, the oldest first.
SELECT o.org_id, o.key_id, o.asked
FROM operations o
WHERE o.org_id IS NOT NULL AND o.state = 'running' AND o.held_until < $1
  AND NOT EXISTS (
    SELECT FROM idempotency_claims c
    WHERE c.org_id = o.org_id AND c.key = o.idempotency_key AND c.status IS NULL AND c.look_at IS NOT NULL)
ORDER BY o.held_until, o.id LIMIT $2;

-- name: mark_operations_left_behind
-- Ends as unknown what nobody has held since an instant, of every organization; how many.
WITH ended AS (
    UPDATE operations SET state = 'unknown', ended_at = $2
    WHERE org_id IS NOT NULL AND state = 'running' AND held_until < $1
    RETURNING id
)
SELECT count(*) FROM ended;

-- name: delete_old_operations
-- Forgets operations begun before an instant, of every organization.
DELETE FROM operations WHERE org_id IS NOT NULL AND created_at < $1;
