//! The port to private keys: what signs and what agrees on a secret, wherever the key is kept.
//!
//! ```text
//!   ledger, client, data, certificates, sharing, messages
//!        |  SigningKey, AgreementKey (traits), AccountKey
//!        v
//!   this crate: keys in memory (from a file)        chancery-token: keys in a PKCS#11 token
//! ```
//!
//! Place: below everything that signs. Whoever signs asks this port and does not know where the key is.
//!
//! Invariants: KEY-1, a signature of an account is verified against its address before it is handed on, unless this process made it; KEY-2, an agreed
//! secret is never that of a point of small order; what the traits do may take a token's time, so it is called off an async runtime
//! when [`AccountKey::may_block`] says so.
//!
//! It must not read a file, know PKCS#11, or print a secret.

mod account;
mod memory;
mod port;

pub use account::AccountKey;
pub use port::{AgreementKey, Curve, KeyFailure, SigningKey};
