//! The REST interface of the city as types, without any I/O: what is sent, what is answered, and what is signed so that the gateway knows
//! who asks.
//!
//! Place: above `reference-points`, below `gateway` (which serves it) and `client` (which speaks it). Both sides use the same types, so
//! that they cannot drift apart; the OpenAPI document is made from the same types.
//!
//! Invariants:
//! - requests refuse members that the interface does not know (`deny_unknown_fields`);
//! - hashes, addresses and byte strings are `0x` hex on the wire and typed here ([`values`]);
//! - times are RFC 3339 UTC in answers ([`values::Timestamp`]) and Unix seconds where they are signed;
//! - what a signature covers is computed in one place for signer and verifier ([`erc8128`], [`eip4361`]).
//!
//! It must not open a socket, read a clock or know how anything is stored.

pub mod eip4361;
pub mod erc8128;
pub mod problem;
pub mod types;
pub mod values;

pub use problem::Problem;
pub use types::Page;
