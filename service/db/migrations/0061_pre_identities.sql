-- Sign-ins at other issuers (OpenID Connect) that members have linked. Issuer and subject name somebody; an e-mail
-- address that an issuer tells is shown and never looked up.

CREATE TABLE member_identities (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 500),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    label text NOT NULL CHECK (length(label) <= 254), -- what the issuer calls this person, for its own eyes
    created_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE UNIQUE INDEX member_identities_of_subject ON member_identities (issuer, subject); -- signs in to one
CREATE INDEX member_identities_of_member ON member_identities (org_id, member_id);

ALTER TABLE member_identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON member_identities TO tickmark_app
    USING (org_id = current_org_id()) WITH CHECK (org_id = current_org_id());
CREATE POLICY every ON member_identities TO tickmark_operator USING (true) WITH CHECK (true);
-- `find_identity` runs as the owner, who is bound by FORCE unless it is a superuser.
CREATE POLICY find ON member_identities FOR SELECT TO CURRENT_USER USING (true);
GRANT SELECT, INSERT, DELETE ON member_identities TO tickmark_app;
GRANT SELECT, DELETE ON member_identities TO tickmark_operator;

-- Who signs in as this subject of this issuer: asked before the organization is known, hence past row security.
CREATE FUNCTION find_identity(its_issuer text, its_subject text)
    RETURNS TABLE (org_id uuid, member_id uuid, email text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS $$
        SELECT i.org_id, i.member_id, m.email
        FROM public.member_identities i JOIN public.members m ON m.org_id = i.org_id AND m.id = i.member_id
        WHERE i.issuer = its_issuer AND i.subject = its_subject AND m.removed_at IS NULL
    $$;
REVOKE ALL ON FUNCTION find_identity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_identity TO tickmark_app;
