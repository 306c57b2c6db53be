-- name: get_policy
-- What a firm wants two persons for.
SELECT dual_control FROM firm_policies WHERE org_id = $1 AND firm_id = $2;

-- name: upsert_policy
-- Changes what a firm wants two persons for.
INSERT INTO firm_policies (org_id, firm_id, dual_control, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, firm_id) DO UPDATE SET dual_control = EXCLUDED.dual_control, updated_at = EXCLUDED.updated_at;

-- name: list_export_firms
-- Firms that want two persons for exports: among these firms, or those of these connections; null is all.
SELECT p.firm_id FROM firm_policies p
WHERE p.org_id = $1 AND 'export' = ANY (p.dual_control) AND ($2::uuid[] IS NULL OR p.firm_id = ANY ($2))
  AND ($3::uuid[] IS NULL OR EXISTS (SELECT FROM connections c
                                     WHERE c.org_id = p.org_id AND c.firm_id = p.firm_id AND c.id = ANY ($3)))
ORDER BY p.firm_id;

-- name: insert_approval
-- Something that waits for a second person.
INSERT INTO approvals (org_id, id, firm_id, connection_id, action, detail, fingerprint, requested_by, requested_key,
                       requested_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: get_approval
-- One request for a second person, held until the transaction ends.
SELECT id, firm_id, connection_id, action, detail, fingerprint, requested_by, requested_key, requested_at, expires_at,
       decision, decided_by, decided_at, used_at
FROM approvals WHERE org_id = $1 AND id = $2 FOR UPDATE;

-- name: get_same_approval
-- What the same person asked for before with the same key, or on our pages, exactly so, and can still be decided or used;
-- the agreed first.
SELECT id, firm_id, connection_id, action, detail, fingerprint, requested_by, requested_key, requested_at, expires_at,
       decision, decided_by, decided_at, used_at
FROM approvals
WHERE org_id = $1 AND firm_id = $2 AND action = $3 AND fingerprint = $4 AND lower(requested_by) = lower($5)
  AND requested_key IS NOT DISTINCT FROM $7 AND used_at IS NULL AND expires_at > $6 AND decision IS DISTINCT FROM 'refused'
ORDER BY decision NULLS LAST, id LIMIT 1 FOR UPDATE;

-- name: list_approvals
-- Requests of an organization, newest first, of some firms; with a flag only those that wait.
SELECT id, firm_id, connection_id, action, detail, fingerprint, requested_by, requested_key, requested_at, expires_at,
       decision, decided_by, decided_at, used_at
FROM approvals
WHERE org_id = $1 AND ($2::uuid[] IS NULL OR firm_id = ANY ($2)) AND (NOT $3 OR (decision IS NULL AND expires_at > $4))
ORDER BY id DESC LIMIT 200;

-- name: mark_decided
-- The second person's word.
UPDATE approvals SET decision = $3, decided_by = $4, decided_key = $5, decided_at = $6
WHERE org_id = $1 AND id = $2 AND decision IS NULL AND expires_at > $6 RETURNING id;

-- name: mark_used
-- An approval serves once.
UPDATE approvals SET used_at = $3 WHERE org_id = $1 AND id = $2 AND decision = 'approved' AND used_at IS NULL
RETURNING id;

-- name: has_other_approval
-- Whether something else still waits for a second person before a connection may be used.
SELECT EXISTS (SELECT FROM approvals
               WHERE org_id = $1 AND connection_id = $2 AND id <> $3 AND action IN ('connect', 'consent')
                 AND decision IS NULL);
