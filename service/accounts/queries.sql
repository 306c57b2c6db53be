-- name: insert_organization
-- A new customer.
INSERT INTO organizations (id, name, time_zone, created_at) VALUES ($1, $2, $3, $4)
RETURNING id, name, time_zone, created_at;

-- name: get_organization
-- One organization.
SELECT id, name, time_zone, created_at FROM organizations WHERE id = $1;

-- name: list_organizations
-- Every organization, oldest first (operators only).
SELECT id, name, time_zone, created_at FROM organizations ORDER BY id;

-- name: insert_firm
-- A new firm of an organization.
INSERT INTO firms (org_id, id, name, region, created_at) VALUES ($1, $2, $3, $4, $5)
RETURNING org_id, id, name, region, created_at;

-- name: list_firms
-- The firms of an organization, oldest first.
SELECT org_id, id, name, region, created_at FROM firms WHERE org_id = $1 ORDER BY id;

-- name: count_foreign_bindings
-- How many of the firms and connections a key would be bound to are not the organization's.
SELECT (SELECT count(*) FROM unnest($2::uuid[]) AS f(id)
        WHERE NOT EXISTS (SELECT FROM firms WHERE org_id = $1 AND firms.id = f.id))
     + (SELECT count(*) FROM unnest($3::uuid[]) AS c(id)
        WHERE NOT EXISTS (SELECT FROM connections WHERE org_id = $1 AND connections.id = c.id));

-- name: insert_key
-- A new API key; only the hash of its token is kept.
INSERT INTO api_keys (org_id, id, name, mode, token_hash, pepper_version, scopes, firm_ids, connection_ids,
                      api_version, ip_allow, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text[]::cidr[], $12, $13);

-- name: get_key
-- One key of an organization.
SELECT org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow::text[] AS ip_allow,
       created_at, expires_at, revoked_at, last_used_at
FROM api_keys WHERE org_id = $1 AND id = $2;

-- name: list_keys
-- The keys of an organization, oldest first, revoked ones among them.
SELECT org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow::text[] AS ip_allow,
       created_at, expires_at, revoked_at, last_used_at
FROM api_keys WHERE org_id = $1 ORDER BY id;

-- name: mark_key_revoked
-- Revokes a key; a second time keeps the first instant.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE org_id = $1 AND id = $2 RETURNING id;

-- name: mark_key_expiring
-- Ends a key at an instant, unless it ends earlier.
UPDATE api_keys SET expires_at = least(expires_at, $3) WHERE org_id = $1 AND id = $2;

-- name: mark_keys_used
-- When keys of an organization were last used; never goes back.
UPDATE api_keys SET last_used_at = greatest(api_keys.last_used_at, used.at)
FROM unnest($2::uuid[], $3::timestamptz[]) AS used(id, at)
WHERE org_id = $1 AND api_keys.id = used.id;

-- name: authenticate_key
-- Whose key has one of these hashes; asked before the organization is known.
SELECT org_id, key_id, mode, scopes, firm_ids, connection_ids, api_version, ip_allow, expires_at, revoked_at
FROM authenticate_key($1);
