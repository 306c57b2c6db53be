-- The audit log: what was done, by whom, for which firm. Rows are only ever added. A row waits in `audit_pending` from
-- the commit it rode in until the sealer, seconds later, gives it its place in its organization's chain
-- (`audit_links`); signed checkpoints over stretches of that chain are kept here and off the database.

CREATE TABLE audit_rows (
    org_id uuid NOT NULL,
    id uuid NOT NULL,          -- of the request, or of the act; a UUIDv7
    firm_id uuid,
    consent_ids uuid[],        -- set where client data was handed out: this row is its disclosure
    content text COLLATE "C" NOT NULL, -- canonical JSON; what is hashed. The columns above only repeat it for searching
    PRIMARY KEY (org_id, id)
);
CREATE INDEX audit_rows_of_firm ON audit_rows (org_id, firm_id, id) WHERE firm_id IS NOT NULL;

CREATE TABLE audit_pending (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE audit_links (
    org_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    row_id uuid NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (org_id, seq),
    UNIQUE (org_id, row_id)
);

CREATE TABLE audit_checkpoints (
    org_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
    body text COLLATE "C" NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (org_id, number),
    UNIQUE (org_id, last_seq)
);

-- What seals the personal fields of rows: one key for each firm, and one for what belongs to no firm. Destroying the
-- key makes those fields unreadable; the rows and their hashes stay as they are.
CREATE TABLE audit_keys (
    org_id uuid NOT NULL,
    subject_id uuid NOT NULL,  -- the firm, or the organization itself
    version integer NOT NULL CHECK (version >= 1),
    wrapping_key text NOT NULL,
    wrapped bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (org_id, subject_id, version),
    CONSTRAINT destroyed_for_good CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- Not even the owner edits the log.
CREATE FUNCTION refuse_audit_edit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never edited', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

DO $$
DECLARE
    log text;
BEGIN
    FOREACH log IN ARRAY ARRAY['audit_rows', 'audit_links', 'audit_checkpoints'] LOOP
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_audit_edit()', log);
        EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_edit()', log);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', log);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO tickmark_app USING (org_id = current_org_id())', log);
        EXECUTE format('CREATE POLICY every ON %I TO tickmark_operator USING (true) WITH CHECK (true)', log);
        EXECUTE format('GRANT SELECT ON %I TO tickmark_app', log);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO tickmark_operator', log);
    END LOOP;
END
$$;

CREATE POLICY added ON audit_rows FOR INSERT TO tickmark_meter WITH CHECK (true);
GRANT INSERT ON audit_rows TO tickmark_meter;

ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY added ON audit_pending FOR INSERT TO tickmark_meter WITH CHECK (true);
CREATE POLICY every ON audit_pending TO tickmark_operator USING (true) WITH CHECK (true);
GRANT INSERT ON audit_pending TO tickmark_meter;
GRANT SELECT, INSERT, DELETE ON audit_pending TO tickmark_operator;

ALTER TABLE audit_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON audit_keys TO tickmark_app USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON audit_keys TO tickmark_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_keys TO tickmark_app;
GRANT SELECT, INSERT, UPDATE (wrapping_key, wrapped, destroyed_at) ON audit_keys TO tickmark_operator;
