//! Blockchain-based data processing (D3.7 7.1.2): checks operations, records data blocks, reads and configures the chains.
//!
//! ```text
//!  representation --P2R--> check, record  --+
//!  provisioning   --S2P--> retrieval        +--> ledger --> chains
//!  controlling    --C2P--> organizations,   |
//!                          formats          |
//!  monitoring     --M2P--> histories      --+--> every entry verified
//! ```
//!
//! Invariants:
//! - PROCESSING-1: an operation is recorded only if its handler reads the same source and digest out of it as the data block claims, and the
//!   block's root is that of its operations.
//! - PROCESSING-2: recording is idempotent by root and by contract call: after a crash or an unknown end the same block may be sent again,
//!   and nothing is recorded twice.
//! - PROCESSING-3: the answer of a chain that does not reply, or whose reply does not verify, is `ChainUnreachable`, never "not there" and never "invalid".
//! - PROCESSING-4: a change of organizations or formats is planned from what the chains record, and only what is missing is sent.
//! - PROCESSING-5: what is read for somebody, or changed by somebody, is asked by a right that is known here, that its holder has, and that covers it; whoever holds a
//!   door is answered nothing else (M-PRO-2). That somebody has a right is read from the main chain, the configuration and the register of persons, never taken from the door.
//! - PROCESSING-6: what the city's own key does not sign is temporary: no operation is refused for it.
//!
//! Must not: know an application (handlers are given to it), another entity, HTTP, or a chain other than through the ledger.
// Questions to a ledger lie in one another, and each may be followed in a trace.
#![recursion_limit = "256"]

mod config;
mod control;
mod error;
mod monitoring;
mod p2r;
mod processing;
mod recording;
mod retrieval;
mod validity;

pub use config::{ProcessingConfig, RightScope};
pub use monitoring::AnchorPlaces;
pub use processing::Processing;
pub use validity::Registrations;
