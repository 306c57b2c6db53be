-- name: list_overrides
-- The newest version of each place, in order.
SELECT DISTINCT ON (noun, vendor, connection) noun, vendor, connection, version, rules, key_id, made_at
FROM field_overrides
WHERE org_id = $1
ORDER BY noun, vendor, connection, version DESC;

-- name: list_override_versions
-- Every version of one place, newest first.
SELECT noun, vendor, connection, version, rules, key_id, made_at
FROM field_overrides
WHERE org_id = $1 AND noun = $2 AND vendor = $3 AND connection = $4
ORDER BY version DESC;

-- name: insert_override
-- A new version of a place; no row when another one came first.
INSERT INTO field_overrides (org_id, noun, vendor, connection, version, rules, key_id, made_at)
SELECT $1, $2, $3, $4, $5::integer, $6, $7, $8
WHERE $5 = 1 + coalesce(
    (SELECT max(version) FROM field_overrides WHERE org_id = $1 AND noun = $2 AND vendor = $3 AND connection = $4), 0
)
ON CONFLICT DO NOTHING
RETURNING version;
