//! A typed client of the city's REST interface, for the command line and for business systems.
//!
//! ```text
//! Client::new(url) or ::trusting(url, authorities) -> open endpoints
//!   .signing_with(signer, main chain id) -> every request signed by ERC-8128
//! ```
//!
//! Place: above `rest`, whose types it speaks; it knows the gateway over HTTP alone. Every error tells what to do: a problem document of the
//! gateway becomes [`ClientError::Problem`] with its code, detail and remedy.
//!
//! Invariants: a key never leaves this process; answers are read up to [`MAX_ANSWER_BYTES`]; redirects are not followed, since a signature
//! names its authority.
//!
//! It must not decide anything about certificates, keep state on disk, or retry what may have been recorded (an idempotency key makes that safe for
//! the caller).

mod endpoints;
mod error;
mod request;

pub use chancery_rest as rest;
pub use endpoints::{ApplicationQuery, DataFile, EndKey, EventQuery, PageQuery, PeriodQuery, ResourceSearch};
pub use error::ClientError;
pub use request::{Client, FileStream, MAX_ANSWER_BYTES, REQUEST_TIMEOUT};

#[cfg(test)]
mod tests;
