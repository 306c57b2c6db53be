-- name: insert_session
-- A page on which a firm can connect.
INSERT INTO link_sessions (org_id, id, firm_id, token_hash, sandbox, vendors, items, purpose, consent_days, return_url,
                           relinks, created_by, created_at, expires_at, step)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'sign');

-- name: find_session
-- Whose page a token, or a state that a vendor sent back, belongs to; asked before the organization is known.
SELECT org_id, session_id FROM find_link_session($1);

-- name: get_session
-- One page, with the names that it shows.
SELECT s.org_id, s.id, s.firm_id, s.sandbox, s.vendors, s.items, s.purpose, s.consent_days, s.return_url, s.relinks,
       s.created_by, s.created_at, s.expires_at, s.step, s.vendor, s.signer_name, s.signer_email, s.clients_consented,
       s.signed_at, s.statement, s.state_hash, s.browser_hash, s.sealed, s.key_version, s.tries, s.notice,
       s.connection_id, f.name AS firm, o.name AS organization, c.accent
FROM link_sessions s
JOIN firms f ON f.org_id = s.org_id AND f.id = s.firm_id
JOIN organizations o ON o.id = s.org_id
LEFT JOIN connect_settings c ON c.org_id = s.org_id
WHERE s.org_id = $1 AND s.id = $2;

-- name: list_sessions
-- Pages of an organization, newest first, of some firms or connections, without what they hold.
SELECT s.org_id, s.id, s.firm_id, s.sandbox, s.vendors, s.items, s.purpose, s.consent_days, s.return_url, s.relinks,
       s.created_by, s.created_at, s.expires_at, s.step, s.vendor, s.signer_name, s.signer_email, s.signed_at,
       s.connection_id, f.name AS firm
FROM link_sessions s JOIN firms f ON f.org_id = s.org_id AND f.id = s.firm_id
WHERE s.org_id = $1 AND ($2::uuid IS NULL OR s.id < $2) AND ($3::uuid IS NULL OR s.firm_id = $3)
  AND ($4::uuid[] IS NULL OR s.firm_id = ANY ($4))
  AND ($5::uuid[] IS NULL OR s.connection_id = ANY ($5) OR s.relinks = ANY ($5))
ORDER BY s.id DESC LIMIT $6;

-- name: mark_signed
-- The firm's person has signed.
UPDATE link_sessions
SET step = 'connect', vendor = $3, signer_name = $4, signer_email = $5, clients_consented = $6, signed_at = $7,
    statement = $8, items = $9, notice = NULL
WHERE org_id = $1 AND id = $2 AND step IN ('sign', 'connect') RETURNING id;

-- name: mark_departed
-- The person goes to the vendor's consent page, and has to come back with this state in this browser.
UPDATE link_sessions
SET state_hash = $3, browser_hash = $4, sealed = $5, key_version = $6, notice = NULL
WHERE org_id = $1 AND id = $2 AND step = 'connect' RETURNING id;

-- name: mark_returned
-- Uses the state up: whoever comes second finds nothing.
UPDATE link_sessions SET state_hash = NULL WHERE org_id = $1 AND id = $2 AND state_hash = $3 AND step = 'connect'
RETURNING id;

-- name: mark_choosing
-- Let in; which accounts is still to be said.
UPDATE link_sessions SET step = 'choose', sealed = $3, key_version = $4, state_hash = NULL, notice = NULL
WHERE org_id = $1 AND id = $2 AND step = 'connect' RETURNING id;

-- name: mark_notice
-- What the page says next; what was held between two steps is dropped.
UPDATE link_sessions
SET notice = $3, sealed = NULL, key_version = NULL, state_hash = NULL,
    step = CASE WHEN step = 'choose' THEN 'connect' ELSE step END
WHERE org_id = $1 AND id = $2 AND step IN ('sign', 'connect', 'choose');

-- name: mark_tried
-- One more try with a key or a password; how many there were.
UPDATE link_sessions SET tries = tries + 1 WHERE org_id = $1 AND id = $2 AND step = 'connect' RETURNING tries;

-- name: mark_closed
-- The page can be used no more, and nothing came of it.
UPDATE link_sessions SET step = 'closed', sealed = NULL, key_version = NULL, state_hash = NULL, notice = $3
WHERE org_id = $1 AND id = $2 AND step IN ('sign', 'connect', 'choose') RETURNING id;

-- name: mark_finished
-- The page has done what it was for, once.
UPDATE link_sessions
SET step = 'finished', connection_id = $3, sealed = NULL, key_version = NULL, state_hash = NULL, notice = $4
WHERE org_id = $1 AND id = $2 AND step = 'choose' RETURNING id;

-- name: delete_abandoned
-- Drops what pages that ran out still hold sealed (operators only).
UPDATE link_sessions SET step = 'closed', sealed = NULL, key_version = NULL, state_hash = NULL
WHERE expires_at < $1 AND step IN ('sign', 'connect', 'choose');

-- name: get_data_key
-- The key that sealed what a page holds.
SELECT org_id, firm_id, version, wrapping_key, wrapped
FROM firm_data_keys WHERE org_id = $1 AND firm_id = $2 AND version = $3;

-- name: get_settings
-- How an organization's connect pages behave.
SELECT return_urls, accent FROM connect_settings WHERE org_id = $1;

-- name: upsert_settings
-- Changes how they behave.
INSERT INTO connect_settings (org_id, return_urls, accent, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id) DO UPDATE
SET return_urls = EXCLUDED.return_urls, accent = EXCLUDED.accent, updated_at = EXCLUDED.updated_at;

-- name: has_firm
-- Whether the organization has such a firm; fails with where to go for one of another region.
SELECT EXISTS (SELECT FROM firms WHERE org_id = $1 AND id = $2 AND is_here(org_id, id));

-- name: has_wider_consent
-- Whether some items are not covered by what a firm has consented to for a connection at an instant.
SELECT EXISTS (
    SELECT FROM unnest($3::text[]) AS asked(item)
    WHERE NOT EXISTS (
        SELECT FROM consents n
        WHERE n.org_id = $1 AND n.connection_id = $2 AND n.client IS NULL AND n.revoked_at IS NULL
          AND (n.expires_at IS NULL OR n.expires_at > $4) AND (asked.item = ANY (n.items) OR '*' = ANY (n.items))));

-- name: delete_unfinished
-- Forgets pages that nobody finished and that ended before an instant, of every organization; with them who had signed.
DELETE FROM link_sessions WHERE org_id IS NOT NULL AND connection_id IS NULL AND expires_at < $1;
