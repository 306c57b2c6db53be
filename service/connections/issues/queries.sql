-- name: get_shape
-- What was learned of one kind of record.
SELECT shape, records FROM surface_shapes WHERE org_id = $1 AND connection_id = $2 AND surface = $3;

-- name: upsert_shape
-- What a probe has learned.
INSERT INTO surface_shapes (org_id, connection_id, surface, shape, records, probed_at, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (org_id, connection_id, surface) DO UPDATE
SET shape = EXCLUDED.shape, records = EXCLUDED.records, probed_at = EXCLUDED.probed_at, outcome = EXCLUDED.outcome;

-- name: list_due_connections
-- Connections in use that no probe has looked at since an instant, the longest unseen first (operators only).
SELECT c.org_id, c.id
FROM connections c
LEFT JOIN (SELECT org_id, connection_id, max(probed_at) AS probed_at FROM surface_shapes GROUP BY 1, 2) p
  ON p.org_id = c.org_id AND p.connection_id = c.id
WHERE c.state IN ('healthy', 'degraded', 'expiring') AND (p.probed_at IS NULL OR p.probed_at < $1)
ORDER BY p.probed_at NULLS FIRST, c.id LIMIT $2;

-- name: upsert_issue
-- Opens an issue, or says that it was seen again; true where it is new.
INSERT INTO issues (org_id, id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (org_id, connection_id, surface, kind, path) WHERE resolved_at IS NULL DO UPDATE
SET seen_at = EXCLUDED.seen_at, times = issues.times + 1
RETURNING times = 1 AS opened;

-- name: mark_resolved
-- Issues of one kind of record that a probe has not met again.
UPDATE issues SET resolved_at = $4
WHERE org_id = $1 AND connection_id = $2 AND surface = $3 AND resolved_at IS NULL AND seen_at < $4 RETURNING id;

-- name: mark_accepted
-- One issue whose change is the new normal.
UPDATE issues SET resolved_at = $3 WHERE org_id = $1 AND id = $2 AND resolved_at IS NULL
RETURNING connection_id, surface;

-- name: count_open
-- Issues of a connection that are open and not set aside.
SELECT count(*) FROM issues WHERE org_id = $1 AND connection_id = $2 AND resolved_at IS NULL AND ignored_at IS NULL;

-- name: mark_ignored
-- One issue that is set aside: seen again, it stays so.
UPDATE issues SET ignored_at = $3 WHERE org_id = $1 AND id = $2 AND resolved_at IS NULL AND ignored_at IS NULL
RETURNING connection_id, surface;

-- name: list_open_of_vendors
-- How many changes stand open at each vendor, over every organization (org_id) together.
SELECT vendor, issues FROM open_issues_of_vendors();

-- name: get_issue
-- One issue.
SELECT id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at, times, resolved_at,
       ignored_at
FROM issues WHERE org_id = $1 AND id = $2;

-- name: list_issues
-- Issues of an organization, newest first, of some connections; with a flag only open ones that are not set aside.
SELECT id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at, times, resolved_at,
       ignored_at
FROM issues
WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) AND connection_id = ANY ($3::uuid[])
  AND (NOT $4 OR (resolved_at IS NULL AND ignored_at IS NULL))
ORDER BY id DESC LIMIT $5;
