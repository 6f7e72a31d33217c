//! Load on a JSON-RPC endpoint: transactions signed beforehand, sent in batches by several senders at once.
//!
//! The same signed transactions go to every chain that is measured, so the chains differ and nothing else does.

mod blaster;
mod deployment;
mod growing;
mod pace;
mod receipts;
mod workload;

pub use blaster::{LoadReport, send_all};
pub use deployment::{deploy, deploy_store, next_nonces};
pub use growing::{GrowingState, Slots};
pub use pace::{Latencies, send_at_pace};
pub use receipts::{GivenReceipts, check_receipts, submit};
pub use workload::{Call, Kind, STORE_INIT_CODE, Workload, funded_signers};
