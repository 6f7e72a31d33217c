//! Every bound of messages, with its name.

/// Longest content of a message, in bytes.
pub const MAX_CONTENT_BYTES: usize = 384 * 1024;
/// Longest subject, in bytes of UTF-8.
pub const MAX_SUBJECT_BYTES: usize = 256;
/// Longest media type of a content, in bytes.
pub const MAX_TYPE_BYTES: usize = 127;
/// Longest envelope, in bytes: the content twice in base64, and what stands around it.
pub const MAX_ENVELOPE_BYTES: usize = 720 * 1024;
/// Longest statement, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 2 * 1024;
/// How old a new message or acknowledgement may be when it arrives, in seconds.
pub const MAX_AGE_S: u64 = 15 * 60;
/// How far the clock of whoever signs may be ahead, in seconds. Less than what R2D accepts.
pub const MAX_CLOCK_SKEW_S: u64 = 30;
/// Most messages that wait for one receiver.
pub const MAX_WAITING: u64 = 1_000;
/// Most bytes of envelopes that are kept for one receiver, also after their acknowledgement.
pub const MAX_WAITING_BYTES: u64 = 256 * 1024 * 1024;
/// Most messages of one organization that wait for one receiver, so that no sender fills a mailbox alone.
pub const MAX_WAITING_OF_SENDER: u64 = 200;
/// Most bytes of envelopes of one organization that are kept for one receiver.
pub const MAX_BYTES_OF_SENDER: u64 = MAX_WAITING_BYTES / 4;
/// Most messages of all organizations of one other city that wait for one receiver, so that no city fills a mailbox alone.
pub const MAX_WAITING_OF_CITY_FOR_ONE: u64 = 500;
/// Most bytes of their envelopes that are kept for one receiver.
pub const MAX_BYTES_OF_CITY_FOR_ONE: u64 = MAX_WAITING_BYTES / 2;
/// Most messages of all other cities together that wait for one receiver: the rest is its own city's.
pub const MAX_WAITING_OF_CITIES_FOR_ONE: u64 = MAX_WAITING / 4 * 3;
/// Most bytes of their envelopes that are kept for one receiver.
pub const MAX_BYTES_OF_CITIES_FOR_ONE: u64 = MAX_WAITING_BYTES / 4 * 3;
/// Most messages of one other city that wait here, for whomever.
pub const MAX_WAITING_OF_CITY: u64 = 5_000;
/// Most bytes of envelopes of one other city that are kept here.
pub const MAX_BYTES_OF_CITY: u64 = 1024 * 1024 * 1024;
/// Most bytes of proofs of messages of one other city that are kept here. They are evidence and stay, so this is for good.
pub const MAX_PROOF_BYTES_OF_CITY: u64 = 4 * 1024 * 1024 * 1024;
/// Most bytes of them of one of its organizations, so that none uses up its city's share alone.
pub const MAX_PROOF_BYTES_OF_SENDER: u64 = MAX_PROOF_BYTES_OF_CITY / 4;
/// Most messages to other cities that are kept for one organization that sends them.
pub const MAX_OUTGOING: u64 = 500;
/// Most bytes of their envelopes.
pub const MAX_OUTGOING_BYTES: u64 = 256 * 1024 * 1024;
/// How long an envelope to another city is kept by the sender's own, in seconds; so long it can be delivered.
pub const KEPT_OUTGOING_S: u64 = 7 * 24 * 60 * 60;
/// How old a deposit may be when it is delivered to another city, in seconds.
pub const MAX_DELIVERY_AGE_S: u64 = KEPT_OUTGOING_S;
/// Oldest block, in seconds, whose state shows another city that the sender's key counts: within so long a revoked key is noticed.
pub const MAX_STANDING_AGE_S: u64 = 120;
/// Longest proof that a delivery brings, in bytes.
pub const MAX_DELIVERY_PROOF_BYTES: usize = 256 * 1024;
/// Most deliveries of one other city that are verified or wait for it; more are refused at once.
pub const MAX_DELIVERIES_IN_LINE: usize = 32;
/// Most other cities that are listed.
pub const MAX_CITIES: usize = 64;
/// How often what was not brought to its end is looked at, in seconds.
pub const SETTLED_EVERY_S: u64 = 60;
/// How long an envelope is kept after its acknowledgement, in seconds; its statements and signatures stay.
pub const KEPT_AFTER_ACKNOWLEDGEMENT_S: u64 = 30 * 24 * 60 * 60;
/// How long a message or an acknowledgement is kept that no data block has, in seconds.
pub const KEPT_WITHOUT_END_S: u64 = 24 * 60 * 60;
/// Envelopes that one write removes at most.
pub const MAX_REMOVALS: usize = 32;
/// Longest file of a proof that is read, in bytes.
pub const MAX_PROOF_BYTES: usize = 16 * 1024 * 1024;
