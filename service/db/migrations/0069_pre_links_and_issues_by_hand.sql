-- A connect page need not lead back to an app: a link that a member sends by hand ends with a word of thanks.
ALTER TABLE link_sessions ALTER COLUMN return_url DROP NOT NULL;

-- An issue can be set aside: it stays on record and does not degrade its connection any more.
ALTER TABLE issues ADD COLUMN ignored_at timestamptz;
