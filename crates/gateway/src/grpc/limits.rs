//! Every bound of gRPC that REST does not have ([`crate::limits`]), with its name.

/// Largest message, in bytes. It is larger than [`crate::limits::MAX_LINE_BYTES`], so that a line somewhat too long is refused by name and its stream goes
/// on; a larger message ends its call.
pub const MAX_MESSAGE_BYTES: usize = 2 * 1024 * 1024;
/// Largest answer, in bytes: a page of operations, or a proof.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Most bytes of what asks for health, and of all that one stream asks of reflection: names.
pub const MAX_QUESTION_BYTES: usize = 64 * 1024;
