-- Field overrides: every version that ever was; the newest of a place is in force.

CREATE TABLE field_overrides (
    org_id uuid NOT NULL REFERENCES organizations,
    noun text NOT NULL,
    vendor text NOT NULL DEFAULT '',       -- '' = of every vendor
    connection text NOT NULL DEFAULT '',   -- '' = through every connection, else its id
    version integer NOT NULL CHECK (version > 0),
    rules bytea NOT NULL,                  -- JSON, as it was checked
    key_id uuid NOT NULL,                  -- who made it
    made_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, noun, vendor, connection, version)
);

ALTER TABLE field_overrides ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON field_overrides TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON field_overrides TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON field_overrides TO tickmark_app;
GRANT SELECT ON field_overrides TO tickmark_operator;
