-- What an office has under way (decision 0049): whose keys are being published, and whom it gives up in the network until the register has heard it.
ALTER TABLE users ADD COLUMN publishing BLOB;
ALTER TABLE users ADD COLUMN publishing_until_ms INTEGER;

CREATE TABLE network_releases (
    identity BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    sent_until_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX network_releases_due ON network_releases (due_at_ms);
