-- Answers that are charged for: to an inspector of which organization, and how many bytes of question and answer; entries that are not charged for have neither.
ALTER TABLE journal ADD COLUMN charged_organization TEXT;
ALTER TABLE journal ADD COLUMN charged_bytes BIGINT;
CREATE INDEX journal_charged ON journal (time_ms) WHERE charged_bytes IS NOT NULL;
