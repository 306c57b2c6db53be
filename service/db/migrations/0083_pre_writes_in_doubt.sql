-- A try that was cut off, or never answered, leaves a write in doubt. What was asked is kept, sealed, until that is over,
-- so that the worker can look at the vendor for what became of it. Rows of before are not known to be in doubt; those of
-- the release that is still running are, until they are answered, and are not looked after.

ALTER TABLE idempotency_claims
    ADD COLUMN in_doubt boolean NOT NULL DEFAULT false,  -- while a try is under way, and after one of unknown outcome
    ADD COLUMN key_id uuid,                              -- the API key that asked
    ADD COLUMN asked bytea,                              -- sealed: method, target, headers and body
    ADD COLUMN looks smallint NOT NULL DEFAULT 0,        -- how often the worker has looked
    ADD COLUMN look_at timestamptz,                      -- when it looks next; null where nobody has to
    ADD CONSTRAINT asked_by_somebody CHECK (asked IS NULL OR key_id IS NOT NULL);
ALTER TABLE idempotency_claims ALTER COLUMN in_doubt SET DEFAULT true;

CREATE INDEX idempotency_claims_to_look_at ON idempotency_claims (look_at) WHERE look_at IS NOT NULL;
GRANT UPDATE (looks, look_at, status, answer, in_doubt, asked) ON idempotency_claims TO tickmark_operator;
GRANT UPDATE (request_id, status, answer) ON operations TO tickmark_operator;
