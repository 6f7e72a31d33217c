//! The client against servers that answer whatever a test wants, byte for byte.
#![allow(clippy::unwrap_used)]

mod answers;
mod parts;
mod requests;
pub(crate) mod server;
