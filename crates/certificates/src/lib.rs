//! The first application: issue, receive, renew, inspect certificates.
//!
//! ```text
//!   issuing desk, wallet, inspector                      gateway, command line
//!        |  document, sealing, keys, presentation             |  registration, applications, presentations desk, roles
//!        v                                                    v
//!   signed operations --R2D--> operations (handlers) --> P2R --> chain
//!   answers with proof <--U2S-- services <---------------- S2P <-- chain
//!        |
//!        v
//!     verify, stapled, shown (offline, genesis alone)
//! ```
//!
//! Place: an application. It registers its operations and services with the entities through `reference_points::application`, and
//! reads the chains through S2P alone.
//!
//! Invariants: INSPECTION-1 to -3 (`inspection`); what is committed to is exact bytes (decision 0004); private keys and plain documents are
//! handled by `keys`, `document`, `sealing` and `presentation` only, on the side of their owner, and no service or handler takes one.
//!
//! It must not open a connection, know REST, or be imported by an entity.

use std::sync::Arc;

pub mod applications;
pub mod directory;
pub mod document;
pub mod inspection;
pub mod keys;
pub mod kinds;
pub mod operations;
pub mod presentation;
pub mod presentations;
pub mod registration;
pub mod registry;
pub mod roles;
pub mod sealing;
pub mod services;
pub mod shown;
pub mod stapled;
pub mod verify;

mod identity_errors;
#[cfg(test)]
mod recorded_city;

/// The present time, Unix milliseconds. A port, so that rules can be tested at any time.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;
