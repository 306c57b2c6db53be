-- Sums of a month (its close, the bill so far, receipts, budgets) are answered from the index alone: the rows of one
-- organization lie scattered over the table, among everybody's.
-- Rebuilds the index under a lock: before there is much usage.
ALTER TABLE billing.usage
    DROP CONSTRAINT usage_pkey,
    ADD PRIMARY KEY (org_id, request_id) INCLUDE (recorded_at, meter, units);
