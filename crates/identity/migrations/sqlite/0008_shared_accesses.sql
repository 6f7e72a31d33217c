-- Who came for a shared asset, line by line as its owner's journal has it, each once; with the signature over the last line of those that came together.
CREATE TABLE shared_accesses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL,
    owner TEXT NOT NULL,
    number INTEGER NOT NULL,
    line_hash BLOB NOT NULL,
    reader TEXT NOT NULL,
    line TEXT NOT NULL,
    signed_through INTEGER NOT NULL,
    signature BLOB NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    UNIQUE (asset, owner, number, line_hash)
) STRICT;
CREATE INDEX shared_accesses_asset ON shared_accesses (asset, id);
CREATE INDEX shared_accesses_reader ON shared_accesses (asset, reader, id);
