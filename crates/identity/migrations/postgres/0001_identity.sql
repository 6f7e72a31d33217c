-- Personal data stands here only sealed (AES-256-GCM, columns named *_sealed) or as keyed tags (HMAC-SHA256, columns named *_tag).
CREATE TABLE key_checks (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE persons (
    id TEXT NOT NULL PRIMARY KEY,
    name_tag BYTEA NOT NULL,
    document_tag BYTEA,
    person_sealed BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX persons_name_tag ON persons (name_tag);
CREATE UNIQUE INDEX persons_document_tag ON persons (document_tag);

CREATE TABLE users (
    address TEXT NOT NULL PRIMARY KEY,
    account_tag BYTEA NOT NULL UNIQUE,
    account_sealed BYTEA NOT NULL,
    user_type TEXT NOT NULL,
    status TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    encryption_key BYTEA NOT NULL,
    attributes TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (id),
    created_at_ms BIGINT NOT NULL,
    decided_at_ms BIGINT,
    decided_by TEXT,
    reason_sealed BYTEA,
    recorded_tx BYTEA,
    recorded_block BIGINT
);
CREATE INDEX users_status ON users (status, created_at_ms);
-- One living registration a person: a race of two cannot end in two.
CREATE UNIQUE INDEX users_person ON users (person_id) WHERE status IN ('pending', 'confirmed');

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    applicant TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    details_sealed BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    decided_at_ms BIGINT,
    decided_by TEXT,
    reason_sealed BYTEA,
    certificate_id BYTEA
);
CREATE INDEX applications_applicant ON applications (applicant, created_at_ms);
CREATE INDEX applications_kind ON applications (kind, status, created_at_ms);

CREATE TABLE presentations (
    id BYTEA NOT NULL PRIMARY KEY,
    ciphertext TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX presentations_expiry ON presentations (expires_at_ms);
CREATE INDEX presentations_creator ON presentations (created_by, expires_at_ms);

CREATE TABLE data_blocks (
    root BYTEA NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    closed_at_ms BIGINT NOT NULL,
    tx_hash BYTEA,
    block_number BIGINT,
    block_hash BYTEA
);

CREATE TABLE operations (
    digest BYTEA NOT NULL PRIMARY KEY,
    root BYTEA NOT NULL REFERENCES data_blocks (root),
    position BIGINT NOT NULL,
    source TEXT NOT NULL,
    operation_type BYTEA NOT NULL,
    content_hash BYTEA NOT NULL,
    time BIGINT NOT NULL,
    tx_hash BYTEA,
    block_number BIGINT,
    block_hash BYTEA,
    UNIQUE (root, position)
);

CREATE TABLE idempotency_keys (
    source TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (source, idempotency_key)
);

CREATE TABLE journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time_ms BIGINT NOT NULL,
    keeper TEXT NOT NULL,
    happening TEXT NOT NULL,
    name TEXT NOT NULL,
    actor TEXT,
    subject TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX journal_time ON journal (time_ms, id);
CREATE INDEX journal_subject ON journal (subject, id);
