-- Writes that outlived the wait for them: what was asked and what was answered, both sealed.

CREATE TABLE operations (
    org_id uuid NOT NULL REFERENCES organizations,
    id uuid NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    key_id uuid NOT NULL,              -- the API key that asked
    connection_id uuid NOT NULL,
    operation text NOT NULL,           -- its operationId
    scope text NOT NULL,               -- what a key needs to see its result
    asked bytea NOT NULL,              -- sealed: method, target, headers and body
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'succeeded', 'failed', 'unknown')),
    held_until timestamptz NOT NULL,   -- while a process is sure to be at it
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    request_id uuid,                   -- under which the end is recorded
    status smallint,
    answer bytea,                      -- sealed: headers and body
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, idempotency_key),
    CONSTRAINT whole_end CHECK (
        (state = 'running') = (ended_at IS NULL) AND (ended_at IS NULL) = (answer IS NULL)
        AND (ended_at IS NULL) = (status IS NULL) AND (ended_at IS NULL) = (request_id IS NULL)
    )
);

ALTER TABLE operations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON operations TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON operations TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON operations TO tickmark_app;
GRANT SELECT, DELETE ON operations TO tickmark_operator;
