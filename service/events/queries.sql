-- name: list_events
-- Events of an organization before an instant, since one and of a type if given, after one of them in the list, newest
-- first; of money only if wanted.
SELECT e.id, e.type, e.mode, e.at, e.about, e.about_id, e.facts::text AS facts FROM events e
WHERE e.org_id = $1 AND e.at < $2
  AND ($3::uuid IS NULL OR (e.at, e.id) < ((SELECT f.at FROM events f WHERE f.org_id = $1 AND f.id = $3), $3))
  AND ($5::boolean OR split_part(e.type, '.', 1) NOT IN ('budget', 'invoice'))
  AND ($6::timestamptz IS NULL OR e.at >= $6) AND ($7::text IS NULL OR e.type = $7)
ORDER BY e.at DESC, e.id DESC LIMIT $4;

-- name: get_event
-- One event of an organization.
SELECT id, type, mode, at, about, about_id, facts::text AS facts FROM events WHERE org_id = $1 AND id = $2;

-- name: publish_event
-- Tells of something: the event's id.
SELECT publish_event($1, $2, $3, $4, $5, $6, $7::text::jsonb);

-- name: insert_event
-- An event for one endpoint alone.
INSERT INTO events (org_id, id, type, mode, at, about, about_id, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb);

-- name: lock_organization
-- Keeps others from adding endpoints to an organization until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('webhook endpoints of org_id ' || $1::text, 0));

-- name: count_endpoints
-- How many endpoints an organization has.
SELECT count(*) FROM webhook_endpoints WHERE org_id = $1;

-- name: insert_endpoint
-- A new endpoint.
INSERT INTO webhook_endpoints
    (org_id, id, url, description, event_types, mode, api_version, enabled, disabled_because, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, true, NULL, $8, $8);

-- name: list_endpoints
-- Endpoints of an organization, oldest first; of one mode or both.
SELECT id, url, description, event_types, mode, api_version, enabled, disabled_because, created_at, updated_at, delivered_at
FROM webhook_endpoints WHERE org_id = $1 AND ($2::text IS NULL OR mode = $2) ORDER BY id;

-- name: get_endpoint
-- One endpoint of an organization.
SELECT id, url, description, event_types, mode, api_version, enabled, disabled_because, created_at, updated_at, delivered_at
FROM webhook_endpoints WHERE org_id = $1 AND id = $2;

-- name: mark_endpoint
-- Changes what an endpoint is.
UPDATE webhook_endpoints
SET url = $3, description = $4, event_types = $5, enabled = $6, disabled_because = $7, updated_at = $8
WHERE org_id = $1 AND id = $2;

-- name: mark_endpoint_disabled
-- Sends it nothing any more; nothing for one that is disabled.
UPDATE webhook_endpoints SET enabled = false, disabled_because = $3, updated_at = $4
WHERE org_id = $1 AND id = $2 AND enabled RETURNING mode;

-- name: mark_endpoint_reached
-- Notes that an endpoint took something.
UPDATE webhook_endpoints SET delivered_at = $3
WHERE org_id = $1 AND id = $2 AND (delivered_at IS NULL OR delivered_at < $3);

-- name: delete_endpoint
-- Removes an endpoint with all that was sent to it.
DELETE FROM webhook_endpoints WHERE org_id = $1 AND id = $2 RETURNING true;

-- name: insert_secret
-- A new secret of an endpoint, in use until it is rolled.
INSERT INTO webhook_secrets (org_id, id, endpoint_id, key_version, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: list_secrets
-- The secrets of an endpoint that are in use at an instant, the newest first.
SELECT id, key_version, sealed, created_at, ends_at FROM webhook_secrets
WHERE org_id = $1 AND endpoint_id = $2 AND (ends_at IS NULL OR ends_at > $3) ORDER BY id DESC;

-- name: delete_older_secrets
-- Forgets the secrets of an endpoint but the newest: two are in use at the most.
DELETE FROM webhook_secrets WHERE org_id = $1 AND endpoint_id = $2 AND ends_at IS NOT NULL;

-- name: mark_secret_ending
-- Lets the secret in use end.
UPDATE webhook_secrets SET ends_at = $3 WHERE org_id = $1 AND endpoint_id = $2 AND ends_at IS NULL;

-- name: insert_delivery
-- One event for one endpoint, due at once.
INSERT INTO webhook_deliveries (org_id, id, endpoint_id, event_id, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $5);

-- name: list_deliveries
-- What was sent to an endpoint or waits for it, newest first, after one when given; in one state or all.
SELECT d.id, d.endpoint_id, d.event_id, e.type, d.state, d.attempts, d.due_at, d.created_at, d.settled_at,
       a.outcome AS last_outcome, a.status AS last_status
FROM webhook_deliveries d
JOIN events e ON e.org_id = d.org_id AND e.id = d.event_id
LEFT JOIN LATERAL (SELECT t.outcome, t.status FROM webhook_attempts t
                   WHERE t.org_id = d.org_id AND t.delivery_id = d.id ORDER BY t.number DESC LIMIT 1) a ON true
WHERE d.org_id = $1 AND d.endpoint_id = $2 AND ($3::uuid IS NULL OR d.id < $3) AND ($5::text IS NULL OR d.state = $5)
ORDER BY d.id DESC LIMIT $4;

-- name: get_delivery
-- One of them.
SELECT d.id, d.endpoint_id, d.event_id, e.type, d.state, d.attempts, d.due_at, d.created_at, d.settled_at,
       a.outcome AS last_outcome, a.status AS last_status
FROM webhook_deliveries d
JOIN events e ON e.org_id = d.org_id AND e.id = d.event_id
LEFT JOIN LATERAL (SELECT t.outcome, t.status FROM webhook_attempts t
                   WHERE t.org_id = d.org_id AND t.delivery_id = d.id ORDER BY t.number DESC LIMIT 1) a ON true
WHERE d.org_id = $1 AND d.id = $2;

-- name: list_attempts
-- The attempts of a delivery whose end is known, in their order.
SELECT number, at, duration_ms, outcome, status FROM webhook_attempts WHERE org_id = $1 AND delivery_id = $2 ORDER BY number;

-- name: mark_delivery_again
-- Sends one again, from the beginning of the schedule; an attempt under way is waited for.
UPDATE webhook_deliveries SET state = 'waiting', tries = 0, due_at = $3, settled_at = NULL WHERE org_id = $1 AND id = $2;

-- name: mark_failed_again
-- Sends again what failed, or waits for its next attempt, of what happened since an instant; the oldest first.
UPDATE webhook_deliveries d SET state = 'waiting', tries = 0, due_at = $4, settled_at = NULL
FROM (SELECT w.id FROM webhook_deliveries w JOIN events e ON e.org_id = w.org_id AND e.id = w.event_id
      WHERE w.org_id = $1 AND w.endpoint_id = $2 AND w.state <> 'delivered' AND e.at >= $3 ORDER BY w.id LIMIT $5) f
WHERE d.org_id = $1 AND d.id = f.id RETURNING d.id;

-- name: list_untold
-- Events since an instant that an endpoint wants and that were never meant for it, oldest first.
SELECT e.id FROM events e JOIN webhook_endpoints w ON w.org_id = e.org_id AND w.id = $2
WHERE e.org_id = $1 AND e.at >= $3 AND (w.mode = 'live' OR e.mode = 'test') AND e.type <> 'webhook_endpoint.ping'
  AND (w.event_types IS NULL OR e.type = ANY (w.event_types))
  AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.org_id = e.org_id AND d.endpoint_id = $2 AND d.event_id = e.id)
ORDER BY e.at, e.id LIMIT $4;

-- name: list_due_endpoints
-- Enabled endpoints of all organizations (org_id) for which something is due, but for these.
SELECT w.org_id, w.id FROM webhook_endpoints w
WHERE w.enabled AND w.id <> ALL ($2::uuid[]) AND EXISTS (
    SELECT FROM webhook_deliveries d
    WHERE d.org_id = w.org_id AND d.endpoint_id = w.id AND d.state = 'waiting' AND d.due_at <= $1
      AND (d.leased_until IS NULL OR d.leased_until <= $1))
LIMIT $3;

-- name: claim_deliveries
-- Takes some of what is due for an endpoint, oldest first, for as long as a lease; nobody else has them meanwhile.
WITH due AS (
    SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints w ON w.org_id = d.org_id AND w.id = d.endpoint_id AND w.enabled
    WHERE d.org_id = $1 AND d.endpoint_id = $2 AND d.state = 'waiting' AND d.due_at <= $3
      AND (d.leased_until IS NULL OR d.leased_until <= $3)
    ORDER BY d.due_at, d.id LIMIT $5 FOR UPDATE OF d SKIP LOCKED
), taken AS (
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, tries = d.tries + 1, leased_until = $4
    FROM due WHERE d.org_id = $1 AND d.id = due.id
    RETURNING d.id, d.event_id, d.attempts, d.tries, d.created_at
)
SELECT t.id, t.attempts AS number, t.tries, t.created_at, e.id AS event_id, e.type, e.mode, e.at, e.about, e.about_id,
       e.facts::text AS facts
FROM taken t JOIN events e ON e.org_id = $1 AND e.id = t.event_id ORDER BY t.id;

-- name: insert_attempt
-- Keeps how an attempt ended, unless its delivery is gone.
INSERT INTO webhook_attempts (org_id, delivery_id, number, at, duration_ms, outcome, status)
SELECT org_id, id, $3, $4, $5, $6, $7 FROM webhook_deliveries WHERE org_id = $1 AND id = $2
ON CONFLICT DO NOTHING;

-- name: mark_delivery
-- What follows from an attempt: a failed one changes nothing where another was begun since, or it was delivered.
UPDATE webhook_deliveries SET state = $4, due_at = coalesce($5, due_at), leased_until = NULL, settled_at = $6
WHERE org_id = $1 AND id = $2 AND state = 'waiting' AND ($4 = 'delivered' OR attempts = $3);

-- name: delete_old_deliveries
-- Forgets deliveries of all organizations (org_id) that were settled before an instant, some at a time.
DELETE FROM webhook_deliveries d USING (
    SELECT org_id, id FROM webhook_deliveries WHERE state <> 'waiting' AND settled_at < $1 LIMIT $2) o
WHERE d.org_id = o.org_id AND d.id = o.id RETURNING d.id;
