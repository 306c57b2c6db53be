-- Consents say to whom, for what, which items and until when; some speak for one client only. They are never edited and
-- never retroactive; revoking one is the only change there is.

ALTER TABLE consents
    ALTER COLUMN connection_id DROP NOT NULL,  -- null: every connection of the firm
    ADD COLUMN client text,                    -- a client's id; null: all clients of the firm
    ADD COLUMN recipient text NOT NULL DEFAULT 'the connected application' CHECK (length(recipient) BETWEEN 1 AND 200),
    ADD COLUMN purpose text NOT NULL DEFAULT 'practice management' CHECK (length(purpose) BETWEEN 1 AND 500),
    ADD COLUMN items text[] NOT NULL DEFAULT '{*}' CHECK (cardinality(items) > 0), -- nouns; {*} of operators alone
    ADD COLUMN clients_consented boolean NOT NULL DEFAULT false, -- the firm holds its clients' written consents
    ADD COLUMN starts_at timestamptz,          -- null: when granted
    ADD COLUMN signature text,                 -- canonical JSON: who signed, when, how, the digest of what was signed
    ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now(), -- by the database's clock; no caller chooses it
    ADD COLUMN revoked_by text,
    ADD CONSTRAINT consents_never_retroactive CHECK (starts_at IS NULL OR starts_at >= granted_at),
    ADD CONSTRAINT consents_end_after_start CHECK (expires_at IS NULL OR expires_at > coalesce(starts_at, granted_at)),
    ADD CONSTRAINT client_consents_name_items CHECK (client IS NULL OR NOT '*' = ANY (items));
CREATE INDEX consents_of_client ON consents (org_id, firm_id, client) WHERE client IS NOT NULL;
CREATE INDEX consents_of_firm ON consents (org_id, firm_id) WHERE client IS NULL;

CREATE FUNCTION refuse_consent_edit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
       OR (to_jsonb(NEW) - '{revoked_at,revoked_by}'::text[]) <> (to_jsonb(OLD) - '{revoked_at,revoked_by}'::text[]) THEN
        RAISE EXCEPTION 'a consent is revoked, once, and never edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION refuse_consent_edit();

GRANT INSERT (org_id, id, firm_id, connection_id, scopes, granted_by, granted_at, expires_at, client, recipient, purpose,
              items, clients_consented, starts_at, signature),
      UPDATE (revoked_at, revoked_by)
    ON consents TO tickmark_app;
