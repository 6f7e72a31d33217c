//! What data sources sign, and what that proves: `docs/specs/data.md`.
//!
//! ```text
//!  operations --merkle--> root --statement--> JWS --+--> leaf of a data block --> root on a chain
//!                                 key (JWK) --------+         proof: all of it in one file, verified with the genesis alone
//! ```
//!
//! Invariants: DATA-8 (a proof verifies offline, a changed byte is a named check), DATA-12 (so does a receipt), and the pure part of DATA-1 (whose signature it is),
//! DATA-6 (form and bounds) and DATA-11 (the form of what is sealed).
//!
//! It must not do I/O, read a clock, or know what is registered: who may submit is decided where the journal is.

pub mod ask;
pub mod jws;
pub mod key;
pub mod merkle;
pub mod operation;
pub mod proof;
pub mod reader;
pub mod receipt;
pub mod rules;
pub mod sealed;
pub mod signer;
pub mod source;
pub mod submission;
pub mod unambiguous;

pub use jws::{Algorithm, Jws, JwsError};
pub use key::{KeyError, PublicKey, SourceId, Thumbprint};
pub use operation::{Operation, OperationError};
pub use reader::Reader;
pub use sealed::{SealedContent, SealedError};
pub use signer::Signer;
pub use submission::{Control, Submission, SubmissionError};
