//! The client against servers that answer whatever a test wants, byte for byte.
#![allow(clippy::unwrap_used)]

mod answers;
mod requests;
mod server;
