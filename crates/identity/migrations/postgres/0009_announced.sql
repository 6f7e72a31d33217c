-- The leaves of a data block that was announced, until they stand among the operations: 124 bytes each, in the order of the block. Blocks of before have none.
ALTER TABLE data_blocks ADD COLUMN announced BYTEA;
