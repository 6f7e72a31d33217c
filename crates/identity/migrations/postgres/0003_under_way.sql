-- What an office has under way (decision 0049): whose keys are being published, and whom it gives up in the network until the register has heard it.
ALTER TABLE users ADD COLUMN publishing BYTEA;
ALTER TABLE users ADD COLUMN publishing_until_ms BIGINT;

CREATE TABLE network_releases (
    identity BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    sent_until_ms BIGINT NOT NULL
);
CREATE INDEX network_releases_due ON network_releases (due_at_ms);
