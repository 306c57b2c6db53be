-- The worker ends operations that nobody holds any more as `unknown`, without an answer, and forgets old ones.

ALTER TABLE operations
    DROP CONSTRAINT whole_end,
    ADD CONSTRAINT whole_end CHECK (
        (state = 'running') = (ended_at IS NULL)
        AND (answer IS NULL) = (status IS NULL) AND (answer IS NULL) = (request_id IS NULL)
        AND CASE state WHEN 'running' THEN answer IS NULL WHEN 'unknown' THEN true ELSE answer IS NOT NULL END
    );

CREATE INDEX operations_left_behind ON operations (held_until) WHERE state = 'running';
CREATE INDEX operations_age ON operations (created_at);

GRANT UPDATE (state, ended_at) ON operations TO tickmark_operator;
