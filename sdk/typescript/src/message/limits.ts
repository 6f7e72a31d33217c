/** Every bound of messages (crates/messages/src/limits.rs), in bytes unless its name says otherwise. */
export const MAX_CONTENT_BYTES = 384 * 1024;
/** Of UTF-8. */
export const MAX_SUBJECT_BYTES = 256;
export const MAX_TYPE_BYTES = 127;
export const MAX_ENVELOPE_BYTES = 720 * 1024;
export const MAX_STATEMENT_BYTES = 2 * 1024;
/** Of the file of a proof. */
export const MAX_PROOF_BYTES = 16 * 1024 * 1024;
/** Oldest final block by which a key is believed: within so long a revoked key is noticed. */
export const MAX_BLOCK_AGE_SECONDS = 60;
/** How far a block may be ahead of the clock of whoever looks. */
export const MAX_CLOCK_SKEW_SECONDS = 30;
/** Most blocks with changes of one identity that are followed back. */
export const MAX_CHANGES = 64;
/** Most key records of an organization that are proven one by one, and how many in one proof. */
export const MAX_KEY_RECORDS = 512;
export const KEY_RECORDS_OF_A_PROOF = 32;
/** Most receipts of a block whose root is computed. */
export const MAX_BLOCK_RECEIPTS = 20_000;
