//! EIP-4361, sign in with Ethereum: the message that a person signs, written and read strictly by the grammar of the EIP.

mod message;

pub use message::{Message, MessageError};

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE_LENGTH: usize = 4096;
/// The longest that a message may be valid, in seconds.
pub const MAX_VALIDITY_SECONDS: u64 = 300;
/// The most resources that a message may list.
pub const MAX_RESOURCES: usize = 8;

#[cfg(test)]
mod tests;
