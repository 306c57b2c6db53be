-- An audit row on its way into the log, without its content: a batch of them is one parameter (see billing.invocation).

CREATE TYPE audit_head AS (
    org_id      uuid,
    id          uuid,
    firm_id     uuid,
    consent_ids uuid[]
);
