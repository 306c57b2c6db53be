-- What has run out is deleted by the worker: sessions and invitations, and connect pages that nobody finished.
GRANT DELETE ON invitations, link_sessions TO tickmark_operator;
CREATE INDEX member_sessions_by_end ON member_sessions (expires_at);
