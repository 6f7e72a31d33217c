//! The Ethereum state machine: genesis, state, tries, blocks, execution, pool. No consensus, no network.
//!
//! # Place
//! [`Blockchain`] is the door: `rpc` reads through it, `chain` (consensus) builds, executes and finalizes blocks through its
//! [`BlockTree`], and both hand transactions to its [`Pool`].
//!
//! ```text
//!            GenesisConfig::build
//!                    |
//!  readers --> Blockchain ---- store (final blocks, versioned state, versioned tries)
//!                 |   |
//!  transactions -> Pool --> BlockTree::build / execute / finalize  <-- consensus
//! ```
//!
//! # Invariants
//! * EXEC-1: a block that this node has built or executed is not executed again on its way to finality.
//! * EXEC-2: what readers and subscribers see is final and durable: it survives the loss of power.
//! * EXEC-3: blocks become final in the order of their heights, each the child of the one before.
//! * EXEC-4: an invalid block and a failing disk are different errors; only the first says anything about the proposer.
//! * EXEC-5: state, proofs, blocks and receipts of every retained height can be read.
//!
//! # What it must not do
//! Know views, votes, peers or sockets; sign anything; read a clock to decide validity.

mod block;
mod blockchain;
mod disk_form;
mod evm;
mod executor;
mod genesis;
mod logs;
mod parallel;
mod permissions;
mod pool;
mod registry;
mod signatures;
mod snapshot;
mod state;
mod store;
#[cfg(test)]
mod testing;
mod transaction;
mod tree;
mod trie;

pub use block::{Block, BlockDecodeError, ExecutedBlock, FinalizedBlock, MAX_BLOCK_BYTES, Receipt};
pub use blockchain::{BlockRef, Blockchain, ExecutionConfig, Retention, TransactionLocation};
pub use disk_form::DiskForm;
pub use evm::{BLOCK_GAS_LIMIT_DEFAULT, TRANSACTION_GAS_LIMIT_CAP};
pub use executor::{BuildAttributes, BuildBudget, InvalidBlock, InvalidReason};
pub use genesis::{
    Genesis, GenesisConfig, GenesisError, MAX_VALIDATORS, PredeployConfig, ValidatorConfig, chain_essentials,
    code_hash_at,
};
pub use logs::{LogsError, MatchedLog, matching_logs};
pub use permissions::{NotPermitted, PermissionEntry, permission_entries, permission_modes, permitted_nodes};
pub use pool::{
    BestTransactions, InsufficientFunds, Pool, PoolContents, PoolError, PoolErrorKind, PoolLimits, PoolStatus,
};
pub use registry::{
    Epochs, MEMBER_SLOTS_PER_PROOF, RegisteredValidator, RegistryError, RegistryRecord, changed_epochs,
    organization_text, registered_validators,
};
pub use signatures::recover_senders;
pub use snapshot::{
    Handover, SnapshotBlock, SnapshotError, SnapshotOptions, SnapshotSummary, Trust, check_snapshot, import_snapshot,
};
// For `testing/decoders` alone: nobody else has a reason to write chunks that no store has.
#[doc(hidden)]
pub use snapshot::{snapshot_chunks, snapshot_of_chunks};
pub use state::{Account, AccountProof, StateError, StateView, StorageProof};
pub use store::{OpenError, PruneReport, StoreConfig, StoreError};
pub use transaction::{MAX_TRANSACTION_BYTES, RecoveredTransaction, SignedTransaction, TransactionDecodeError};
pub use tree::{BlockTree, BuildError, ExecuteError, Finalization, FinalizeError, MAX_PENDING_BLOCKS};
