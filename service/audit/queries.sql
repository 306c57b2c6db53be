-- name: insert_rows
-- Adds rows to the log, not yet in its chain; a row that is there already fails the batch.
WITH beside AS (
    SELECT * FROM unnest($1::text::audit_head[], $2::text[]) AS b (org_id, id, firm_id, consent_ids, content)
), waiting AS (
    INSERT INTO audit_pending (org_id, id) SELECT org_id, id FROM beside
)
INSERT INTO audit_rows (org_id, id, firm_id, consent_ids, content)
SELECT org_id, id, firm_id, consent_ids, content FROM beside;

-- name: insert_rows_again
-- The same for rows that may be there, in part or whole: what is there already stays.
WITH beside AS (
    SELECT * FROM unnest($1::text::audit_head[], $2::text[]) AS b (org_id, id, firm_id, consent_ids, content)
), waiting AS (
    INSERT INTO audit_pending (org_id, id) SELECT org_id, id FROM beside ON CONFLICT DO NOTHING
)
INSERT INTO audit_rows (org_id, id, firm_id, consent_ids, content)
SELECT org_id, id, firm_id, consent_ids, content FROM beside ON CONFLICT DO NOTHING;

-- name: take_pending
-- Rows that wait for their place in the chain, oldest first; content is null where somebody took the row away.
WITH taken AS (
    DELETE FROM audit_pending p USING (
        SELECT org_id, id FROM audit_pending ORDER BY id LIMIT $1
    ) AS next WHERE p.org_id = next.org_id AND p.id = next.id
    RETURNING p.org_id, p.id
)
SELECT t.org_id, t.id, r.content FROM taken t LEFT JOIN audit_rows r ON r.org_id = t.org_id AND r.id = t.id
WHERE NOT EXISTS (SELECT FROM audit_links l WHERE l.org_id = t.org_id AND l.row_id = t.id)
ORDER BY t.org_id, t.id;

-- name: get_head
-- Where an organization's chain ends.
SELECT seq, hash FROM audit_links WHERE org_id = $1 ORDER BY seq DESC LIMIT 1;

-- name: insert_links
-- Gives rows their places in the chain.
INSERT INTO audit_links (org_id, seq, row_id, leaf, hash)
SELECT * FROM unnest($1::uuid[], $2::int8[], $3::uuid[], $4::bytea[], $5::bytea[]);

-- name: list_unvouched
-- Organizations whose chain has grown beyond their last checkpoint; one of them, or all.
SELECT o.id FROM organizations o
WHERE ($1::uuid IS NULL OR o.id = $1)
  AND (SELECT max(l.seq) FROM audit_links l WHERE l.org_id = o.id)
    > coalesce((SELECT max(c.last_seq) FROM audit_checkpoints c WHERE c.org_id = o.id), 0)
ORDER BY o.id;

-- name: get_last_checkpoint
-- An organization's newest checkpoint.
SELECT number, last_seq, body, signature FROM audit_checkpoints WHERE org_id = $1 ORDER BY number DESC LIMIT 1;

-- name: list_links
-- A stretch of a chain, in order.
SELECT seq, row_id, leaf, hash FROM audit_links WHERE org_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq;

-- name: insert_checkpoint
-- Keeps a signed checkpoint.
INSERT INTO audit_checkpoints (org_id, number, first_seq, last_seq, body, signature) VALUES ($1, $2, $3, $4, $5, $6);

-- name: list_checkpoints
-- The checkpoints of an organization that cover any of a stretch of its chain, in order.
SELECT number, first_seq, last_seq, body, signature FROM audit_checkpoints
WHERE org_id = $1 AND last_seq >= $2 AND first_seq <= $3 ORDER BY number;

-- name: list_chained_rows
-- A stretch of the log in the order of its chain, with the content; null where somebody took the row away.
SELECT l.seq, l.hash, r.content FROM audit_links l LEFT JOIN audit_rows r ON r.org_id = l.org_id AND r.id = l.row_id
WHERE l.org_id = $1 AND l.seq BETWEEN $2 AND $3 ORDER BY l.seq;

-- name: list_firm_rows
-- What concerned a firm between two ids, oldest first, with each row's place in the chain, if it has one yet.
SELECT r.id, r.content, l.seq, l.leaf, l.hash FROM audit_rows r
LEFT JOIN audit_links l ON l.org_id = r.org_id AND l.row_id = r.id
WHERE r.org_id = $1 AND r.firm_id = $2 AND r.id >= $3 AND r.id < $4 ORDER BY r.id LIMIT $5;

-- name: list_disclosures
-- Rows of calls that handed out client data, newest first.
SELECT r.content FROM audit_rows r
WHERE r.org_id = $1 AND r.consent_ids IS NOT NULL AND ($2::uuid IS NULL OR r.id < $2)
  AND ($4::uuid[] IS NULL OR r.firm_id = ANY ($4)) AND ($5::uuid IS NULL OR $5 = ANY (r.consent_ids))
  AND ($6::uuid IS NULL OR r.id >= $6) AND ($7::uuid IS NULL OR r.id < $7)
  AND ($8::uuid[] IS NULL OR (r.content::jsonb ->> 'connection')::uuid = ANY ($8))
ORDER BY r.id DESC LIMIT $3;

-- name: count_waiting
-- Rows of all organizations that wait for their place in the chain, and the oldest of them.
SELECT count(*) AS rows, min(id::text)::uuid AS oldest FROM audit_pending;

-- name: count_unchained
-- Rows of an organization that neither have a place in the chain nor wait for one: somebody meddled with the queue.
SELECT count(*) FROM audit_rows r WHERE r.org_id = $1
  AND NOT EXISTS (SELECT FROM audit_links l WHERE l.org_id = r.org_id AND l.row_id = r.id)
  AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.org_id = r.org_id AND p.id = r.id);

-- name: get_audit_key
-- The key that seals the personal fields of new rows of a subject.
SELECT org_id, subject_id AS firm_id, version, wrapping_key, wrapped FROM audit_keys
WHERE org_id = $1 AND subject_id = $2 AND destroyed_at IS NULL ORDER BY version DESC LIMIT 1;

-- name: get_audit_key_version
-- One version of a subject's key, unless it is destroyed.
SELECT org_id, subject_id AS firm_id, version, wrapping_key, wrapped FROM audit_keys
WHERE org_id = $1 AND subject_id = $2 AND version = $3 AND destroyed_at IS NULL;

-- name: get_next_version
-- The version that a new key of a subject gets.
SELECT coalesce(max(version), 0) + 1 FROM audit_keys WHERE org_id = $1 AND subject_id = $2;

-- name: insert_audit_key
-- A new key of a subject, unless somebody was quicker.
INSERT INTO audit_keys (org_id, subject_id, version, wrapping_key, wrapped) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: mark_keys_destroyed
-- Destroys every key of a subject: what they sealed can never be read again.
UPDATE audit_keys SET wrapped = NULL, destroyed_at = $3
WHERE org_id = $1 AND subject_id = $2 AND destroyed_at IS NULL RETURNING version;

-- name: list_audit_keys_to_rewrap
-- Keys still under another key-encryption key than this, locked, at most 500 at a time.
SELECT org_id, subject_id AS firm_id, version, wrapping_key, wrapped FROM audit_keys
WHERE wrapping_key <> $1 AND destroyed_at IS NULL ORDER BY org_id, subject_id, version LIMIT 500 FOR UPDATE;

-- name: list_audit_keys
-- Keys of every organization that are not destroyed, after one of them, at most 500 at a time.
SELECT org_id, subject_id AS firm_id, version, wrapping_key, wrapped FROM audit_keys
WHERE (org_id, subject_id, version) > ($1, $2, $3) AND destroyed_at IS NULL ORDER BY org_id, subject_id, version LIMIT 500;

-- name: mark_audit_key_rewrapped
-- The same key under another key-encryption key.
UPDATE audit_keys SET wrapping_key = $4, wrapped = $5 WHERE org_id = $1 AND subject_id = $2 AND version = $3;

-- name: get_row
-- One row, by the request's or the act's id.
SELECT content FROM audit_rows WHERE org_id = $1 AND id = $2;

-- name: search_rows
-- Of the next rows back from one ($2), at most $5 of them, those that have every piece of text of $6, newest first, each
-- with its place in the chain; and, in each, where the looking ended and how many rows were looked at.
WITH looked AS MATERIALIZED (
    SELECT r.id, r.content FROM audit_rows r
    WHERE r.org_id = $1 AND ($2::uuid IS NULL OR r.id < $2)
      AND ($3::uuid IS NULL OR r.id >= $3) AND ($4::uuid IS NULL OR r.id < $4)
    ORDER BY r.id DESC LIMIT $5
), said AS (
    SELECT count(*) AS looked_at, min(l.id::text)::uuid AS ended_at FROM looked l
), matching AS (
    SELECT l.id, l.content FROM looked l
    WHERE NOT EXISTS (SELECT FROM unnest($6::text[]) AS wanted WHERE strpos(l.content, wanted) = 0)
    ORDER BY l.id DESC LIMIT $7
)
SELECT m.id, m.content, k.seq, said.looked_at, said.ended_at
FROM said LEFT JOIN matching m ON true LEFT JOIN audit_links k ON k.org_id = $1 AND k.row_id = m.id
ORDER BY m.id DESC;
