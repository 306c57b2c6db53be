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

-- name: has_consent
-- Whether a consent to the connection is in force at an instant.
SELECT EXISTS (
    SELECT FROM consents
    WHERE org_id = $1 AND connection_id = $2 AND granted_at <= $3
      AND (expires_at IS NULL OR expires_at > $3) AND (revoked_at IS NULL OR revoked_at > $3));

-- name: mark_connection_state
-- Sets a connection's state and why.
UPDATE connections SET state = $3, state_reason = $4, updated_at = $5 WHERE org_id = $1 AND id = $2 RETURNING id;

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
INSERT INTO connection_secrets (org_id, connection_id, name, firm_id, key_version, sealed, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (org_id, connection_id, name) DO UPDATE
SET key_version = EXCLUDED.key_version, sealed = EXCLUDED.sealed, updated_at = EXCLUDED.updated_at,
    fence = connection_secrets.fence + 1;

-- name: get_secret
-- A sealed secret, the key that opens it, and the state of its connection.
SELECT s.sealed, s.fence, c.state, c.state_reason, k.org_id, k.firm_id, k.version, k.wrapping_key, k.wrapped
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
UPDATE connection_secrets SET sealed = $5, key_version = $6, fence = fence + 1, updated_at = $7
WHERE org_id = $1 AND connection_id = $2 AND name = $3 AND fence = $4 RETURNING fence;

-- name: delete_secrets
-- Forgets everything a vendor let us in with.
DELETE FROM connection_secrets WHERE org_id = $1 AND connection_id = $2;
