-- A network of identity databases (decision 0047). A random identity here; tags by keys that no database has (columns named *_tag) in a register.
ALTER TABLE persons ADD COLUMN network_identity BLOB;

CREATE TABLE network_persons (
    identity BLOB NOT NULL PRIMARY KEY,
    name_tag BLOB NOT NULL,
    document_tag BLOB UNIQUE,
    office TEXT NOT NULL,
    kept INTEGER NOT NULL,
    reserved_until_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX network_persons_name_tag ON network_persons (name_tag);
CREATE INDEX network_persons_reserved ON network_persons (kept, reserved_until_ms);

CREATE TABLE network_evaluations (
    office TEXT NOT NULL,
    day INTEGER NOT NULL,
    evaluated INTEGER NOT NULL,
    PRIMARY KEY (office, day)
) STRICT;
