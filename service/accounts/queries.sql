-- name: insert_organization
-- A new customer.
INSERT INTO organizations (id, name, time_zone, created_at) VALUES ($1, $2, $3, $4)
RETURNING id, name, time_zone, created_at;

-- name: get_organization
-- One organization.
SELECT id, name, time_zone, created_at, ip_allow::text[] AS ip_allow FROM organizations WHERE id = $1;

-- name: list_organizations
-- Every organization, oldest first (operators only).
SELECT id, name, time_zone, created_at, ip_allow::text[] AS ip_allow FROM organizations ORDER BY id;

-- name: insert_firm
-- A new firm of an organization.
INSERT INTO firms (org_id, id, name, region, created_at) VALUES ($1, $2, $3, coalesce($4, region_here()), $5)
RETURNING org_id, id, name, region, created_at;

-- name: get_region
-- Whose firms are kept here.
SELECT region_here();

-- name: refuse_elsewhere
-- Fails with where to go when an organization, or a key bound to some firms, has firms in other regions only.
SELECT is_here(f.org_id, f.id)
FROM (SELECT org_id, id FROM firms WHERE org_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2))
      ORDER BY region = region_here() DESC, id LIMIT 1) AS f;

-- name: list_firms
-- The firms of an organization, oldest first.
SELECT org_id, id, name, region, created_at FROM firms WHERE org_id = $1 ORDER BY id;

-- name: list_some_firms
-- A page of the firms of an organization, oldest first; of some or all.
SELECT org_id, id, name, region, created_at FROM firms
WHERE org_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2)) AND ($3::uuid IS NULL OR id > $3)
ORDER BY id LIMIT $4;

-- name: count_foreign_bindings
-- How many of the firms and connections a key would be bound to are not the organization's.
SELECT (SELECT count(*) FROM unnest($2::uuid[]) AS f(id)
        WHERE NOT EXISTS (SELECT FROM firms WHERE org_id = $1 AND firms.id = f.id))
     + (SELECT count(*) FROM unnest($3::uuid[]) AS c(id)
        WHERE NOT EXISTS (SELECT FROM connections WHERE org_id = $1 AND connections.id = c.id));

-- name: insert_key
-- A new API key; only the hash of its token is kept.
INSERT INTO api_keys (org_id, id, name, mode, token_hash, pepper_version, scopes, firm_ids, connection_ids,
                      api_version, ip_allow, created_at, expires_at, made_by_key, calls_per_minute)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text[]::cidr[], $12, $13, $14, $15);

-- name: get_key
-- One key of an organization.
SELECT org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow::text[] AS ip_allow,
       created_at, expires_at, revoked_at, last_used_at, made_by_key, calls_per_minute
FROM api_keys WHERE org_id = $1 AND id = $2;

-- name: list_keys
-- The keys of an organization, oldest first, revoked ones among them.
SELECT org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow::text[] AS ip_allow,
       created_at, expires_at, revoked_at, last_used_at, made_by_key, calls_per_minute
FROM api_keys WHERE org_id = $1 ORDER BY id;

-- name: list_some_keys
-- A page of an organization's keys, oldest first; of all, or of those bound within these firms and connections.
SELECT org_id, id, name, mode, scopes, firm_ids, connection_ids, api_version, ip_allow::text[] AS ip_allow,
       created_at, expires_at, revoked_at, last_used_at, made_by_key, calls_per_minute
FROM api_keys
WHERE org_id = $1 AND ($2::uuid[] IS NULL OR coalesce(firm_ids <@ $2, false))
  AND ($3::uuid[] IS NULL OR coalesce(connection_ids <@ $3, false)) AND ($4::uuid IS NULL OR id > $4)
ORDER BY id LIMIT $5;

-- name: lock_keys
-- Holds an organization's keys until the transaction ends: one key could make another while it is being revoked.
SELECT id FROM api_keys WHERE org_id = $1 ORDER BY id FOR UPDATE;

-- name: count_common_makers
-- Whether two keys are of one line: the same, made one by the other, or both by a third.
WITH RECURSIVE line (start, id, made_by_key) AS (
    SELECT k.id, k.id, k.made_by_key FROM api_keys k WHERE k.org_id = $1 AND k.id = ANY (ARRAY[$2::uuid, $3::uuid])
    UNION
    SELECT line.start, k.id, k.made_by_key
    FROM line JOIN api_keys k ON k.org_id = $1 AND k.id = line.made_by_key)
SELECT count(*) FROM line a JOIN line b ON a.id = b.id WHERE a.start = $2 AND b.start = $3;

-- name: list_test_key_ids
-- The test keys of every organization (org_id).
SELECT id FROM api_keys WHERE mode = 'test' ORDER BY id;

-- name: mark_key_revoked
-- Revokes a key and what it made, and what those made; a second time keeps the first instant.
WITH RECURSIVE line AS (
    SELECT id FROM api_keys WHERE org_id = $1 AND id = $2
    UNION
    SELECT k.id FROM line JOIN api_keys k ON k.org_id = $1 AND k.made_by_key = line.id)
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
WHERE org_id = $1 AND id IN (SELECT id FROM line) RETURNING id;

-- name: mark_invitations_of_keys_revoked
-- Takes back what keys invited and nobody has accepted yet.
UPDATE invitations SET revoked_at = $3
WHERE org_id = $1 AND invited_by_key = ANY ($2::uuid[]) AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id;

-- name: mark_key_expiring
-- Ends a key at an instant, unless it ends earlier.
UPDATE api_keys SET expires_at = least(expires_at, $3) WHERE org_id = $1 AND id = $2;

-- name: mark_key_rate
-- How many calls a minute a key may make; null for as many as keys may.
UPDATE api_keys SET calls_per_minute = $3 WHERE org_id = $1 AND id = $2;

-- name: mark_keys_used
-- When keys of an organization were last used; never goes back.
UPDATE api_keys SET last_used_at = greatest(api_keys.last_used_at, used.at)
FROM unnest($2::uuid[], $3::timestamptz[]) AS used(id, at)
WHERE org_id = $1 AND api_keys.id = used.id;

-- name: authenticate_key
-- Whose key has one of these hashes; asked before the organization is known.
SELECT org_id, key_id, mode, scopes, firm_ids, connection_ids, api_version, ip_allow, expires_at, revoked_at,
       calls_per_minute
FROM authenticate_key($1);

-- name: get_caller
-- The caller behind a key, as it is now, and when it was revoked.
SELECT k.org_id, k.id AS key_id, k.mode, k.scopes, k.firm_ids, k.connection_ids, k.api_version,
       (CASE WHEN k.ip_allow = '{}' THEN o.ip_allow ELSE k.ip_allow END)::text[] AS ip_allow, k.expires_at, k.revoked_at,
       k.calls_per_minute
FROM api_keys k JOIN organizations o ON o.id = k.org_id
WHERE k.org_id = $1 AND k.id = $2;

-- name: mark_organization_changed
-- An organization's name and time zone.
UPDATE organizations SET name = $2, time_zone = $3 WHERE id = $1 RETURNING id;

-- name: mark_networks
-- Where an organization's keys may be used from, those without a list of their own.
UPDATE organizations SET ip_allow = $2::text[]::cidr[] WHERE id = $1;

-- name: mark_keys_granting
-- On whose word an organization's keys may make keys and invite people; null for nobody's.
UPDATE organizations SET keys_grant_by = $2 WHERE id = $1;

-- name: get_granting
-- The member on whose word keys may make keys and invite people, while it is one who may say so.
SELECT m.org_id, m.id, m.email, m.name, m.role, m.totp_sealed IS NOT NULL AS has_totp, m.created_at
FROM organizations o JOIN members m ON m.org_id = o.id AND m.id = o.keys_grant_by
WHERE o.id = $1 AND m.removed_at IS NULL AND m.role IN ('owner', 'admin');

-- name: insert_member
-- A new member of an organization.
INSERT INTO members (org_id, id, email, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: find_member
-- Who signs in with an address; asked before the organization is known.
SELECT org_id, member_id, password_hash FROM find_member($1);

-- name: get_member
-- One member who has not been removed.
SELECT org_id, id, email, name, role, totp_sealed IS NOT NULL AS has_totp, created_at
FROM members WHERE org_id = $1 AND id = $2 AND removed_at IS NULL;

-- name: list_members
-- The members of an organization, oldest first, without removed ones.
SELECT org_id, id, email, name, role, totp_sealed IS NOT NULL AS has_totp, created_at
FROM members WHERE org_id = $1 AND removed_at IS NULL ORDER BY id;

-- name: lock_members
-- Holds an organization's members until the transaction ends: two removals at once could take away every owner.
SELECT id FROM members WHERE org_id = $1 ORDER BY id FOR UPDATE;

-- name: mark_member_role
-- What a member may do.
UPDATE members SET role = $3 WHERE org_id = $1 AND id = $2 AND removed_at IS NULL RETURNING id;

-- name: mark_member_removed
-- A member who may not sign in any more.
UPDATE members SET removed_at = $3 WHERE org_id = $1 AND id = $2 AND removed_at IS NULL RETURNING id;

-- name: mark_member_password
-- A new password.
UPDATE members SET password_hash = $3 WHERE org_id = $1 AND id = $2;

-- name: get_totp
-- A member's second factor, locked until the transaction ends, so that a code is taken once.
SELECT totp_sealed, totp_last_step FROM members WHERE org_id = $1 AND id = $2 FOR UPDATE;

-- name: mark_totp
-- A new second factor, or none; the step of the code that proved it.
UPDATE members SET totp_sealed = $3, totp_last_step = $4 WHERE org_id = $1 AND id = $2;

-- name: mark_totp_step
-- The step of the last code that was taken.
UPDATE members SET totp_last_step = $3 WHERE org_id = $1 AND id = $2;

-- name: insert_session
-- A browser that has signed in.
INSERT INTO member_sessions (org_id, id, member_id, secret_hash, user_agent, address, confirmed_at, created_at, seen_at,
                             expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8);

-- name: get_session
-- One session that has not ended, and its member.
SELECT s.id, s.secret_hash, s.user_agent, s.address, s.confirmed_at, s.created_at, s.seen_at, s.expires_at,
       m.id AS member_id, m.email, m.name, m.role, m.totp_sealed IS NOT NULL AS has_totp, m.created_at AS member_since,
       o.name AS organization, o.time_zone
FROM member_sessions s
JOIN members m ON m.org_id = s.org_id AND m.id = s.member_id
JOIN organizations o ON o.id = s.org_id
WHERE s.org_id = $1 AND s.id = $2 AND s.expires_at > $3 AND m.removed_at IS NULL;

-- name: list_sessions
-- Where a member is signed in, the one seen last first.
SELECT id, user_agent, address, confirmed_at, created_at, seen_at, expires_at
FROM member_sessions WHERE org_id = $1 AND member_id = $2 AND expires_at > $3 ORDER BY seen_at DESC, id;

-- name: mark_session_confirmed
-- The member has proved who it is; the session goes on under a new secret.
UPDATE member_sessions SET confirmed_at = $3, secret_hash = $4, seen_at = $3 WHERE org_id = $1 AND id = $2;

-- name: mark_session_seen
-- When a session was last used.
UPDATE member_sessions SET seen_at = $3 WHERE org_id = $1 AND id = $2;

-- name: delete_session
-- Ends one session of a member.
DELETE FROM member_sessions WHERE org_id = $1 AND member_id = $2 AND id = $3;

-- name: delete_sessions
-- Ends every session of a member but one.
DELETE FROM member_sessions WHERE org_id = $1 AND member_id = $2 AND id IS DISTINCT FROM $3;

-- name: insert_invitation
-- Somebody is asked to join.
INSERT INTO invitations (org_id, id, email, role, invited_by, created_at, expires_at, invited_by_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: list_invitations
-- Invitations that can still be accepted, newest first.
SELECT org_id, id, email, role, invited_by, created_at, expires_at, invited_by_key
FROM invitations
WHERE org_id = $1 AND expires_at > $2 AND accepted_at IS NULL AND revoked_at IS NULL ORDER BY id DESC;

-- name: lock_invitation
-- One invitation that can still be accepted, held until the transaction ends.
SELECT org_id, id, email, role, invited_by, created_at, expires_at, invited_by_key
FROM invitations
WHERE org_id = $1 AND id = $2 AND expires_at > $3 AND accepted_at IS NULL AND revoked_at IS NULL FOR UPDATE;

-- name: mark_invitation_accepted
-- An invitation that was taken up.
UPDATE invitations SET accepted_at = $3 WHERE org_id = $1 AND id = $2;

-- name: mark_invitation_revoked
-- An invitation that was taken back.
UPDATE invitations SET revoked_at = $3
WHERE org_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id;

-- name: insert_recovery_codes
-- A member's new recovery codes, as hashes.
INSERT INTO member_recovery_codes (org_id, member_id, code_hash) SELECT $1, $2, unnest($3::bytea[]);

-- name: delete_recovery_codes
-- A member's recovery codes, used or not.
DELETE FROM member_recovery_codes WHERE org_id = $1 AND member_id = $2;

-- name: mark_recovery_code_used
-- Takes a recovery code, once.
UPDATE member_recovery_codes SET used_at = $4
WHERE org_id = $1 AND member_id = $2 AND code_hash = $3 AND used_at IS NULL RETURNING member_id;

-- name: count_recovery_codes
-- How many recovery codes a member has left.
SELECT count(*) FROM member_recovery_codes WHERE org_id = $1 AND member_id = $2 AND used_at IS NULL;

-- name: insert_recovery
-- A member asks for its second factor to be removed; nothing while it has asked already.
INSERT INTO member_recoveries (org_id, id, member_id, requested_at, ready_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org_id, member_id) WHERE ended_at IS NULL DO NOTHING;

-- name: get_open_recovery
-- The removal that a member waits for.
SELECT r.org_id, r.id, r.member_id, m.email, r.requested_at, r.ready_at, r.expires_at
FROM member_recoveries r JOIN members m ON m.org_id = r.org_id AND m.id = r.member_id
WHERE r.org_id = $1 AND r.member_id = $2 AND r.ended_at IS NULL AND r.expires_at > $3 AND m.removed_at IS NULL;

-- name: lock_recovery
-- One removal that is still waited for, held until the transaction ends.
SELECT r.org_id, r.id, r.member_id, m.email, r.requested_at, r.ready_at, r.expires_at
FROM member_recoveries r JOIN members m ON m.org_id = r.org_id AND m.id = r.member_id
WHERE r.org_id = $1 AND r.id = $2 AND r.ended_at IS NULL AND r.expires_at > $3 AND m.removed_at IS NULL
FOR UPDATE OF r;

-- name: mark_recoveries_ended
-- Ends what a member waits for: stopped, carried out, or too old ($4 false: only those).
UPDATE member_recoveries SET ended_at = $3
WHERE org_id = $1 AND member_id = $2 AND ended_at IS NULL AND ($4 OR expires_at <= $3);

-- name: insert_passkey
-- A member's new passkey.
INSERT INTO member_passkeys (org_id, id, member_id, credential_id, public_key, sign_count, name, transports, synced,
                             created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: list_passkeys
-- A member's passkeys, oldest first.
SELECT id, credential_id, name, transports, synced, created_at, last_used_at
FROM member_passkeys WHERE org_id = $1 AND member_id = $2 ORDER BY id;

-- name: lock_passkey
-- One passkey of a member who has not been removed, held until the transaction ends, so that its count cannot go back.
SELECT p.id, p.public_key, p.sign_count, m.email
FROM member_passkeys p JOIN members m ON m.org_id = p.org_id AND m.id = p.member_id
WHERE p.org_id = $1 AND p.member_id = $2 AND p.credential_id = $3 AND m.removed_at IS NULL FOR UPDATE OF p;

-- name: mark_passkey_used
-- What a passkey said of itself when it was used.
UPDATE member_passkeys SET sign_count = $3, synced = $4, last_used_at = $5 WHERE org_id = $1 AND id = $2;

-- name: mark_passkey_named
-- Another name for a member's passkey.
UPDATE member_passkeys SET name = $4 WHERE org_id = $1 AND member_id = $2 AND id = $3 RETURNING id;

-- name: delete_passkey
-- A member's passkey opens nothing any more.
DELETE FROM member_passkeys WHERE org_id = $1 AND member_id = $2 AND id = $3 RETURNING name;

-- name: delete_ended_sessions
-- Forgets sessions that ended before an instant, of every organization.
DELETE FROM member_sessions WHERE org_id IS NOT NULL AND expires_at < $1;

-- name: delete_old_invitations
-- Forgets invitations that ran out before an instant, of every organization: they hold addresses.
DELETE FROM invitations WHERE org_id IS NOT NULL AND expires_at < $1;

-- name: insert_key_leak
-- Keeps where a key was found, once for each place.
INSERT INTO key_leaks (org_id, id, key_id, found_at_url, found_in, reported_at, ended_key)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: list_key_leaks
-- Where an organization's keys were found, newest first; of one key or all.
SELECT id, key_id, found_at_url, found_in, reported_at, ended_key FROM key_leaks
WHERE org_id = $1 AND ($2::uuid IS NULL OR key_id = $2) ORDER BY id DESC;

-- name: insert_identity
-- A member signs in as this subject of this issuer from now on.
INSERT INTO member_identities (org_id, id, member_id, issuer, subject, label, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: find_identity
-- Who signs in as a subject of an issuer; asked before the organization is known.
SELECT org_id, member_id, email FROM find_identity($1, $2);

-- name: list_identities
-- The sign-ins at other issuers that a member has linked, oldest first.
SELECT id, issuer, label, created_at FROM member_identities WHERE org_id = $1 AND member_id = $2 ORDER BY id;

-- name: delete_identity
-- A sign-in at another issuer opens nothing any more.
DELETE FROM member_identities WHERE org_id = $1 AND member_id = $2 AND id = $3 RETURNING issuer;

-- name: delete_identities
-- All sign-ins at other issuers of a member who leaves.
DELETE FROM member_identities WHERE org_id = $1 AND member_id = $2;
