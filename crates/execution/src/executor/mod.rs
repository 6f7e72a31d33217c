//! Building and executing blocks, with alloy-evm's Ethereum block executor.
//!
//! Building and executing run the same code over the transactions; building chooses them and fills the header, executing
//! compares the header. Roots are computed in parallel when all transactions ran.

mod build;
mod execute;
mod forerunner;
mod header;
mod invalid;
mod outcome;
mod session;
mod state;

pub use build::{BuildAttributes, BuildBudget};
pub use invalid::{InvalidBlock, InvalidReason};

pub(crate) use build::{BuildFailure, build};
pub(crate) use execute::{ExecuteFailure, execute};
pub(crate) use header::fixed_fields;
pub(crate) use outcome::receipts_root;
pub(crate) use state::BlockState;
