-- What an account is told by where its vendor names none: digests of ids that the vendor gave to things in it for good.
-- They are compared when a firm connects again, and forgotten when the connection ends.
ALTER TABLE connection_accounts ADD COLUMN marks bytea[] NOT NULL DEFAULT '{}';
GRANT UPDATE (marks) ON connection_accounts TO tickmark_app;
