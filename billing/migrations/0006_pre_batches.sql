-- A call on its way into the ledger. A whole batch arrives as one parameter, an array of these in PostgreSQL's own text
-- form: an array for each column costs the process that serves the calls three times as much to write.

CREATE TYPE billing.invocation AS (
    org_id        uuid,
    request_id    uuid,
    key_id        uuid,
    connection_id uuid,
    vendor        text,
    operation     text,
    status        smallint,
    meter         text,
    units         integer,
    billable      boolean,
    reason        text,
    row_count     integer,
    vendor_us     bigint,
    platform_us   bigint
);
