-- By which right somebody read what an entry is about; entries of before have none.
ALTER TABLE journal ADD COLUMN by_right TEXT;

-- Addresses whose account at the gateway an operator has suspended.
CREATE TABLE suspensions (
    address TEXT NOT NULL PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    by_operator TEXT NOT NULL
) STRICT;
