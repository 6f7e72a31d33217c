-- Who came for a shared asset, line by line as its owner's journal has it, each once; with the signature over the last line of those that came together.
CREATE TABLE shared_accesses (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset TEXT NOT NULL,
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    line_hash BYTEA NOT NULL,
    reader TEXT NOT NULL,
    line TEXT NOT NULL,
    signed_through BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    UNIQUE (asset, owner, number, line_hash)
);
CREATE INDEX shared_accesses_asset ON shared_accesses (asset, id);
CREATE INDEX shared_accesses_reader ON shared_accesses (asset, reader, id);
