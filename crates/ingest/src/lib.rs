//! Durable ingest of signed submissions: `docs/specs/data.md`.
//!
//! ```text
//!  accept --> check (all cores) --> writer: group, sync --> receipt
//!                                      |          \--> index (derived)
//!                                      +-- bounds of data blocks --> recorder --P2R--> chain --> proof
//! ```
//!
//! Invariants: DATA-1 to DATA-7, DATA-9, DATA-12, QUOTA-1 to QUOTA-4 and STORE-1 to STORE-3 of the specification.
//!
//! It must not know what a format means (the rules come in by [`ContentRules`]), reach a chain but through P2R, or acknowledge what is not synced.

mod audit;
mod blocks;
mod engine;
mod entry;
mod group;
mod happened;
mod index;
pub mod journal;
pub mod limits;
mod open;
mod quotas;
pub mod reading;
mod receipts;
mod roots;
mod settings;
mod sources;
mod subject;
mod unkept;
mod usage;
mod writer;

pub use engine::{ContentRules, Ingest, Parts, Refused};
pub use entry::Head;
pub use happened::SUBMISSION;
pub use index::IndexError;
pub use limits::Limits;
pub use open::OpenError;
pub use settings::Setting;
