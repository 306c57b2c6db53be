-- name: insert_consent
-- A signed consent of a firm, or of one client of it.
INSERT INTO consents (org_id, id, firm_id, connection_id, scopes, granted_by, granted_at, expires_at, client, recipient,
                      purpose, items, clients_consented, starts_at, signature)
VALUES ($1, $2, $3, $4, '{}', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: get_consent
-- One consent of an organization.
SELECT id, firm_id, connection_id, client, recipient, purpose, items, clients_consented, granted_by, granted_at,
       recorded_at, starts_at, expires_at, revoked_at, revoked_by, signature
FROM consents WHERE org_id = $1 AND id = $2;

-- name: list_consents
-- Consents of an organization, newest first, of some firms, one firm or one client.
SELECT id, firm_id, connection_id, client, recipient, purpose, items, clients_consented, granted_by, granted_at,
       recorded_at, starts_at, expires_at, revoked_at, revoked_by, signature
FROM consents WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($4::uuid[] IS NULL OR firm_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR connection_id IS NULL OR connection_id = ANY ($5)) AND ($6::text IS NULL OR client = $6)
ORDER BY id DESC LIMIT $3;

-- name: mark_consent_revoked
-- Takes a consent back, once.
UPDATE consents SET revoked_at = $3, revoked_by = $4 WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id;

-- name: list_firm_grants
-- What a firm has consented to for all of its clients and not taken back.
SELECT id, connection_id, items, purpose, greatest(granted_at, recorded_at, starts_at) AS starts_at, expires_at
FROM consents WHERE org_id = $1 AND firm_id = $2 AND client IS NULL AND revoked_at IS NULL ORDER BY id;

-- name: list_client_grants
-- What one client has consented to and not taken back.
SELECT id, connection_id, items, purpose, greatest(granted_at, recorded_at, starts_at) AS starts_at, expires_at
FROM consents WHERE org_id = $1 AND firm_id = $2 AND client = $3 AND revoked_at IS NULL ORDER BY id;

-- name: list_client_items
-- Items that some client of a firm has consented to by itself.
SELECT DISTINCT unnest(items) AS item FROM consents
WHERE org_id = $1 AND firm_id = $2 AND client IS NOT NULL AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > now()) ORDER BY item;

-- name: list_key_scopes
-- What keys may do: for evidence.
SELECT id, name, mode, scopes, created_at, revoked_at FROM api_keys WHERE org_id = $1 AND id = ANY ($2::uuid[])
ORDER BY id;

-- name: get_firm_name
-- A firm's name, if the organization has such a firm; fails with where to go for one of another region.
SELECT name FROM firms WHERE org_id = $1 AND id = $2 AND is_here(org_id, id);
