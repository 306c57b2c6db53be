-- name: insert_connection
-- A new connection of a firm, by an operator.
INSERT INTO connections (org_id, id, firm_id, vendor, state, state_reason, sandbox, base_url, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: insert_account
-- One book of records behind a connection.
INSERT INTO connection_accounts (org_id, connection_id, ordinal, remote_id, name, currency, time_zone)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: insert_consent
-- A firm's consent to a connection.
INSERT INTO consents (org_id, id, firm_id, connection_id, scopes, granted_by, granted_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: mark_consents_revoked
-- Ends every consent of a connection.
UPDATE consents SET revoked_at = $3 WHERE org_id = $1 AND connection_id = $2 AND revoked_at IS NULL;

-- name: get_connection
-- One connection of an organization.
SELECT org_id, id, firm_id, vendor, state, state_reason, sandbox, base_url, created_at, updated_at
FROM connections WHERE org_id = $1 AND id = $2;

-- name: get_standing
-- One connection of an organization, its books of records in order as JSON, and whether a consent to it, or to all of its
-- firm's, is in force at an instant.
SELECT c.org_id, c.id, c.firm_id, c.vendor, c.state, c.state_reason, c.sandbox, c.base_url, c.created_at, c.updated_at,
    coalesce((
        SELECT json_agg(json_build_object('ordinal', a.ordinal, 'remote_id', a.remote_id, 'name', a.name,
            'currency', a.currency, 'time_zone', a.time_zone) ORDER BY a.ordinal)
        FROM connection_accounts a WHERE a.org_id = c.org_id AND a.connection_id = c.id)::text, '[]') AS accounts,
    EXISTS (
        SELECT FROM consents n
        WHERE n.org_id = c.org_id AND n.firm_id = c.firm_id AND (n.connection_id IS NULL OR n.connection_id = c.id)
          AND coalesce(n.starts_at, n.granted_at) <= $3
          AND (n.expires_at IS NULL OR n.expires_at > $3) AND (n.revoked_at IS NULL OR n.revoked_at > $3)) AS consented
FROM connections c WHERE c.org_id = $1 AND c.id = $2;

-- name: lock_connection
-- A connection's state, which nobody else changes until the transaction ends.
SELECT state FROM connections WHERE org_id = $1 AND id = $2 FOR UPDATE;

-- name: list_connections
-- The connections of an organization, oldest first.
SELECT org_id, id, firm_id, vendor, state, state_reason, sandbox, base_url, created_at, updated_at
FROM connections WHERE org_id = $1 ORDER BY id;

-- name: list_accounts
-- The books of records behind a connection, in order.
SELECT ordinal, remote_id, name, currency, time_zone
FROM connection_accounts WHERE org_id = $1 AND connection_id = $2 ORDER BY ordinal;

-- name: list_accounts_of
-- The books of records behind some connections, in order.
SELECT connection_id, ordinal, remote_id, name, currency, time_zone
FROM connection_accounts WHERE org_id = $1 AND connection_id = ANY ($2::uuid[]) ORDER BY connection_id, ordinal;

-- name: list_account_marks
-- Digests of what the accounts of a connection are told by, where their vendor names none.
SELECT coalesce(array_agg(mark ORDER BY mark), '{}')
FROM connection_accounts, unnest(marks) AS mark WHERE org_id = $1 AND connection_id = $2;

-- name: mark_account_told_by
-- What an account is told by from now on.
UPDATE connection_accounts SET marks = $4 WHERE org_id = $1 AND connection_id = $2 AND remote_id = $3;

-- name: delete_account_marks
-- Nobody connects again what has ended: nothing has to be told from it.
UPDATE connection_accounts SET marks = '{}' WHERE org_id = $1 AND connection_id = $2;

-- name: mark_connection_state
-- Sets a connection's state and why.
UPDATE connections SET state = $3, state_reason = $4, updated_at = $5 WHERE org_id = $1 AND id = $2 RETURNING firm_id;

-- name: get_newest_data_key
-- The data key that seals a firm's new secrets.
SELECT org_id, firm_id, version, wrapping_key, wrapped
FROM firm_data_keys WHERE org_id = $1 AND firm_id = $2 ORDER BY version DESC LIMIT 1;

-- name: insert_data_key
-- A new data key of a firm, unless somebody was quicker.
INSERT INTO firm_data_keys (org_id, firm_id, version, wrapping_key, wrapped) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: list_data_keys_to_rewrap
-- Data keys still under another key-encryption key than this, locked, at most 500 at a time.
SELECT org_id, firm_id, version, wrapping_key, wrapped
FROM firm_data_keys WHERE wrapping_key <> $1 ORDER BY org_id, firm_id, version LIMIT 500 FOR UPDATE;

-- name: mark_data_key_rewrapped
-- The same data key under another key-encryption key.
UPDATE firm_data_keys SET wrapping_key = $4, wrapped = $5 WHERE org_id = $1 AND firm_id = $2 AND version = $3;

-- name: insert_secret
-- A sealed secret of a connection; connecting again replaces it.
INSERT INTO connection_secrets (org_id, connection_id, name, firm_id, key_version, sealed, updated_at, expires_at,
                                refresh_expires_at, hard_expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (org_id, connection_id, name) DO UPDATE
SET key_version = EXCLUDED.key_version, sealed = EXCLUDED.sealed, updated_at = EXCLUDED.updated_at,
    expires_at = EXCLUDED.expires_at, refresh_expires_at = EXCLUDED.refresh_expires_at,
    hard_expires_at = EXCLUDED.hard_expires_at, renewing_since = NULL, fence = connection_secrets.fence + 1;

-- name: get_secret
-- A sealed secret, the key that opens it, and the state of its connection.
SELECT s.sealed, s.fence, s.renewing_since, c.state, c.state_reason, k.org_id, k.firm_id, k.version, k.wrapping_key, k.wrapped
FROM connection_secrets s
JOIN connections c ON c.org_id = s.org_id AND c.id = s.connection_id
JOIN firm_data_keys k ON k.org_id = s.org_id AND k.firm_id = s.firm_id AND k.version = s.key_version
WHERE s.org_id = $1 AND s.connection_id = $2 AND s.name = $3;

-- name: lock_secret
-- Holds a secret's row until the transaction ends: one rotation at a time over all workers. Read it afterwards, for a
-- joined read in this same statement would still show the other tables as they were before the wait.
SELECT fence FROM connection_secrets WHERE org_id = $1 AND connection_id = $2 AND name = $3 FOR UPDATE;

-- name: mark_secret_rotated
-- Replaces a secret, only if nobody has since the fence was read.
UPDATE connection_secrets
SET sealed = $5, key_version = $6, fence = fence + 1, updated_at = $7, expires_at = $8, refresh_expires_at = $9,
    hard_expires_at = $10, renewing_since = NULL, renewals = renewals + 1
WHERE org_id = $1 AND connection_id = $2 AND name = $3 AND fence = $4 RETURNING fence;

-- name: mark_renewal_begun
-- A vendor is about to be asked; unless an earlier asking never came to its end, which stays on record.
UPDATE connection_secrets SET renewing_since = coalesce(renewing_since, $4)
WHERE org_id = $1 AND connection_id = $2 AND name = $3;

-- name: mark_renewal_over
-- The vendor was asked and gave nothing; we know that nothing was lost.
UPDATE connection_secrets SET renewing_since = NULL WHERE org_id = $1 AND connection_id = $2 AND name = $3;

-- name: get_lifetime
-- When a connection's access ends, and how its renewals went.
SELECT expires_at, refresh_expires_at, hard_expires_at, updated_at AS renewed_at, renewals
FROM connection_secrets WHERE org_id = $1 AND connection_id = $2 AND name = $3;

-- name: list_due_renewals
-- Connections in use whose access ends before an instant, the most urgent first (operators only).
SELECT c.org_id, c.id, s.expires_at
FROM connection_secrets s JOIN connections c ON c.org_id = s.org_id AND c.id = s.connection_id
WHERE s.expires_at < $1 AND c.state IN ('healthy', 'degraded', 'expiring')
ORDER BY s.expires_at LIMIT $2;

-- name: list_coming_ends
-- Connections in use, with the first end that only the firm can put off (operators only).
SELECT c.org_id, c.id, c.state,
       least(s.hard_expires_at, s.refresh_expires_at,
             (SELECT max(coalesce(n.expires_at, 'infinity')) FROM consents n
              WHERE n.org_id = c.org_id AND n.firm_id = c.firm_id AND n.client IS NULL AND n.revoked_at IS NULL
                AND (n.connection_id IS NULL OR n.connection_id = c.id))) AS ends_at
FROM connections c JOIN connection_secrets s ON s.org_id = c.org_id AND s.connection_id = c.id
WHERE c.state IN ('healthy', 'expiring')
  AND (c.state = 'expiring' OR s.hard_expires_at < $1 OR s.refresh_expires_at < $1 OR EXISTS (
       SELECT FROM consents n WHERE n.org_id = c.org_id AND n.firm_id = c.firm_id AND n.expires_at < $1))
ORDER BY c.org_id, c.id LIMIT 1000;

-- name: insert_event
-- A line of a connection's timeline, beside those that its changes of state write.
INSERT INTO connection_events (org_id, connection_id, at, kind, state, detail, vendor_status, vendor_code)
SELECT $1, $2, $3, $4, state, $5, $6, $7 FROM connections WHERE org_id = $1 AND id = $2;

-- name: list_events
-- What led to where a connection stands, newest first.
SELECT seq, at, kind, state, detail, vendor_status, vendor_code
FROM connection_events WHERE org_id = $1 AND connection_id = $2 ORDER BY seq DESC LIMIT $3;

-- name: get_last_vendor_error
-- The newest line in which the vendor refused something.
SELECT seq, at, kind, state, detail, vendor_status, vendor_code
FROM connection_events WHERE org_id = $1 AND connection_id = $2 AND kind IN ('vendor_error', 'renewal_refused')
ORDER BY seq DESC LIMIT 1;

-- name: count_secrets
-- What is left of a connection's secrets.
SELECT count(*) FROM connection_secrets WHERE org_id = $1 AND connection_id = $2;

-- name: delete_unused_data_keys
-- Forgets the data keys of a firm that seal nothing any more.
DELETE FROM firm_data_keys k
WHERE k.org_id = $1 AND k.firm_id = $2
  AND NOT EXISTS (SELECT FROM connection_secrets s WHERE s.org_id = k.org_id AND s.firm_id = k.firm_id)
  AND NOT EXISTS (SELECT FROM link_sessions l WHERE l.org_id = k.org_id AND l.firm_id = k.firm_id AND l.sealed IS NOT NULL);

-- name: insert_own_connection
-- A new connection of a firm at the vendor's own address, by a request.
INSERT INTO connections (org_id, id, firm_id, vendor, state, state_reason, sandbox, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: list_sealed
-- Every sealed secret with its key, a thousand at a time (operators only).
SELECT s.connection_id, s.name, s.sealed, k.org_id, k.firm_id, k.version, k.wrapping_key, k.wrapped
FROM connection_secrets s
JOIN firm_data_keys k ON k.org_id = s.org_id AND k.firm_id = s.firm_id AND k.version = s.key_version
WHERE (s.org_id, s.connection_id, s.name) > ($1::uuid, $2::uuid, $3::text)
ORDER BY s.org_id, s.connection_id, s.name LIMIT 1000;

-- name: list_data_keys
-- Every data key, a thousand at a time (operators only).
SELECT org_id, firm_id, version, wrapping_key, wrapped
FROM firm_data_keys WHERE (org_id, firm_id, version) > ($1::uuid, $2::uuid, $3::integer)
ORDER BY org_id, firm_id, version LIMIT 1000;

-- name: delete_secrets
-- Forgets everything a vendor let us in with.
DELETE FROM connection_secrets WHERE org_id = $1 AND connection_id = $2;

-- name: list_recent_events
-- Lines of all connections' timelines before an instant, newest first.
SELECT connection_id, seq, at, kind, state, detail, vendor_status, vendor_code
FROM connection_events WHERE org_id = $1 AND at < $2 ORDER BY at DESC, seq DESC LIMIT $3;
