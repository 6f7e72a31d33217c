-- Presentations count how often they were opened, and may be for one opening (decision 0057).
ALTER TABLE presentations ADD COLUMN for_one BIGINT NOT NULL DEFAULT 0;
ALTER TABLE presentations ADD COLUMN opened BIGINT NOT NULL DEFAULT 0;
ALTER TABLE presentations ADD COLUMN last_opened_at_ms BIGINT;
