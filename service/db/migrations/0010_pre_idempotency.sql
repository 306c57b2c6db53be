-- Writes claimed by an Idempotency-Key, and their answers, sealed; kept for 30 days.

CREATE TABLE idempotency_claims (
    org_id uuid NOT NULL REFERENCES organizations,
    key text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    request_id uuid NOT NULL,          -- of the try that holds or held the claim
    earlier_request_ids uuid[] NOT NULL DEFAULT '{}', -- of tries that ended without an answer, oldest first
    claimed_at timestamptz NOT NULL,   -- of the first try
    held_until timestamptz NOT NULL,   -- while nobody else may try; in the past once the try has ended without an answer
    status smallint,                   -- set together with the answer
    answer bytea,                      -- sealed: media type, headers and body
    PRIMARY KEY (org_id, key),
    CONSTRAINT whole_answer CHECK ((status IS NULL) = (answer IS NULL))
);

CREATE INDEX idempotency_claims_age ON idempotency_claims (claimed_at);

ALTER TABLE idempotency_claims ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON idempotency_claims TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON idempotency_claims TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON idempotency_claims TO tickmark_app;
GRANT SELECT, DELETE ON idempotency_claims TO tickmark_operator;
