-- What somebody read of one thing, and what happened to it, newest first: found without walking over what others read.
-- The longer index comes first: to SQLite both are worth the same for whoever looks for both, and it takes the first.
DROP INDEX journal_subject;
CREATE INDEX journal_subject_actor ON journal (subject, actor, time_ms, id);
CREATE INDEX journal_subject_time ON journal (subject, time_ms, id);
