//! Private keys in a PKCS#11 token: a hardware security module, a smart card, or SoftHSM.
//!
//! ```text
//!   pkcs11:token=...;object=...   KeyUri (RFC 7512)
//!        |  Token::open: library, slot, log-in
//!        v
//!   Token --signing_key--> TokenSigningKey   (chancery_keys::SigningKey)
//!         --agreement_key-> TokenAgreementKey (chancery_keys::AgreementKey)
//!         --generate-----> a new pair, made inside
//! ```
//!
//! Place: an implementation of the port of `chancery-keys`. Only what assembles a process knows it.
//!
//! Invariants: TOKEN-1, keys are made sensitive and not extractable, and nothing here asks for the value of a private key; TOKEN-2, a [`Token`] gives a
//! wrong PIN once and never again, nor is any PIN given when the token has counted a wrong one, unless its caller says so, or when one more locks it; TOKEN-3, after a lost session an operation is tried once
//! more, in a new one, and once more in a library that is started anew; TOKEN-4, a PIN comes from a file of its owner or from the caller, never from the URI, is never printed, and is wiped;
//! TOKEN-5, whoever asks waits for a bounded time: a library that hangs holds up one thread, which is its own; TOKEN-6, what a token says of itself steers no
//! terminal; KEY-1, an X25519 key is used only when its two objects are a pair.
//!
//! Every operation waits for the token: call it off an async runtime. It must not know what is signed, nor read the environment.

mod agreement;
mod curves;
mod error;
mod finding;
mod generating;
mod library;
mod listing;
mod log_in;
mod module;
mod pin;
mod session;
mod signing;
mod token;
mod uri;
mod worker;

pub use agreement::TokenAgreementKey;
pub use error::TokenError;
pub use listing::{TokenSummary, tokens};
pub use signing::TokenSigningKey;
pub use token::{Access, Token};
pub use uri::{KeyUri, SCHEME, UriError};
