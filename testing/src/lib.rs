//! What tests and measurements of a whole city share: starting real processes and putting load on them.
//!
//! Processes are started on free loopback ports with data in a temporary directory, and ended by their own id when their handle is
//! dropped. Nothing here is used by what is shipped.

pub mod ingest;
pub mod load;
pub mod numbers;
pub mod process;
pub mod scenario;
