-- name: get_test_bodies_days
-- For how many days an organization keeps what test keys send and are answered; null for not at all.
SELECT test_bodies_days FROM organizations WHERE id = $1 /* its org_id */;

-- name: mark_test_bodies_days
-- Keeps them for so many days from now on.
UPDATE organizations SET test_bodies_days = $2 WHERE id = $1 /* its org_id */;

-- name: insert_call_bodies
-- Keeps the sealed bodies of one call with a test key, if the organization still wants them.
INSERT INTO call_bodies (org_id, request_id, key_id, subject, key_version, sealed, kept_at)
SELECT $1, $2, $3, $4, $5, $6, $7 FROM organizations WHERE id = $1 AND test_bodies_days IS NOT NULL;

-- name: get_call_bodies
-- The sealed bodies of one call, as long as they are to be kept.
SELECT b.key_id, b.subject, b.key_version, b.sealed, b.kept_at
FROM call_bodies b JOIN organizations o ON o.id = b.org_id
WHERE b.org_id = $1 AND b.request_id = $2 AND b.kept_at > $3::timestamptz - make_interval(days => o.test_bodies_days);

-- name: delete_old_bodies
-- Forgets what an organization does not keep any longer; of one (org_id), or of every organization.
DELETE FROM call_bodies b USING organizations o
WHERE o.id = b.org_id AND ($2::uuid IS NULL OR b.org_id = $2)
  AND (o.test_bodies_days IS NULL OR b.kept_at <= $1::timestamptz - make_interval(days => o.test_bodies_days));
