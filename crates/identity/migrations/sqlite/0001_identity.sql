-- Personal data stands here only sealed (AES-256-GCM, columns named *_sealed) or as keyed tags (HMAC-SHA256, columns named *_tag).
CREATE TABLE key_checks (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE persons (
    id TEXT NOT NULL PRIMARY KEY,
    name_tag BLOB NOT NULL,
    document_tag BLOB,
    person_sealed BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX persons_name_tag ON persons (name_tag);
CREATE UNIQUE INDEX persons_document_tag ON persons (document_tag);

CREATE TABLE users (
    address TEXT NOT NULL PRIMARY KEY,
    account_tag BLOB NOT NULL UNIQUE,
    account_sealed BLOB NOT NULL,
    user_type TEXT NOT NULL,
    status TEXT NOT NULL,
    public_key BLOB NOT NULL,
    encryption_key BLOB NOT NULL,
    attributes TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    created_at_ms INTEGER NOT NULL,
    decided_at_ms INTEGER,
    decided_by TEXT,
    reason_sealed BLOB,
    recorded_tx BLOB,
    recorded_block INTEGER
) STRICT;
CREATE INDEX users_status ON users (status, created_at_ms);
-- One living registration a person: a race of two cannot end in two.
CREATE UNIQUE INDEX users_person ON users (person_id) WHERE status IN ('pending', 'confirmed');

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    applicant TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    details_sealed BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    decided_at_ms INTEGER,
    decided_by TEXT,
    reason_sealed BLOB,
    certificate_id BLOB
) STRICT;
CREATE INDEX applications_applicant ON applications (applicant, created_at_ms);
CREATE INDEX applications_kind ON applications (kind, status, created_at_ms);

CREATE TABLE presentations (
    id BLOB NOT NULL PRIMARY KEY,
    ciphertext TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX presentations_expiry ON presentations (expires_at_ms);
CREATE INDEX presentations_creator ON presentations (created_by, expires_at_ms);

CREATE TABLE data_blocks (
    root BLOB NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    closed_at_ms INTEGER NOT NULL,
    tx_hash BLOB,
    block_number INTEGER,
    block_hash BLOB
) STRICT;

CREATE TABLE operations (
    digest BLOB NOT NULL PRIMARY KEY,
    root BLOB NOT NULL REFERENCES data_blocks (root),
    position INTEGER NOT NULL,
    source TEXT NOT NULL,
    operation_type BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    time INTEGER NOT NULL,
    tx_hash BLOB,
    block_number INTEGER,
    block_hash BLOB,
    UNIQUE (root, position)
) STRICT;

CREATE TABLE idempotency_keys (
    source TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    digest BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (source, idempotency_key)
) STRICT;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    keeper TEXT NOT NULL,
    happening TEXT NOT NULL,
    name TEXT NOT NULL,
    actor TEXT,
    subject TEXT NOT NULL,
    facts TEXT NOT NULL
) STRICT;
CREATE INDEX journal_time ON journal (time_ms, id);
CREATE INDEX journal_subject ON journal (subject, id);
