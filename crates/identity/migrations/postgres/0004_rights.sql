-- By which right somebody read what an entry is about; entries of before have none.
ALTER TABLE journal ADD COLUMN by_right TEXT;
