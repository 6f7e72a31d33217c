-- A network of identity databases (decision 0047). A random identity here; tags by keys that no database has (columns named *_tag) in a register.
ALTER TABLE persons ADD COLUMN network_identity BYTEA;

CREATE TABLE network_persons (
    identity BYTEA NOT NULL PRIMARY KEY,
    name_tag BYTEA NOT NULL,
    document_tag BYTEA UNIQUE,
    office TEXT NOT NULL,
    kept BIGINT NOT NULL,
    reserved_until_ms BIGINT NOT NULL
);
CREATE INDEX network_persons_name_tag ON network_persons (name_tag);
CREATE INDEX network_persons_reserved ON network_persons (kept, reserved_until_ms);

CREATE TABLE network_evaluations (
    office TEXT NOT NULL,
    day BIGINT NOT NULL,
    evaluated BIGINT NOT NULL,
    PRIMARY KEY (office, day)
);
