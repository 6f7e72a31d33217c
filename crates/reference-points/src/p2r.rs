//! P2R (D3.7 7.3.5): processing to representation. Checks operations and records data blocks.

use async_trait::async_trait;

use crate::{
    DoorResult,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, RootOfBlock, TransactionLocator},
    operation::{InterpretedOperation, SignedOperation},
};

/// The door between representation and processing.
#[async_trait]
pub trait P2r: Send + Sync {
    /// Authenticates the source of an operation and checks that it may be recorded as things stand (M-PRO-1..3). Writes nothing.
    ///
    /// # Errors
    /// Whatever the application's handler refuses; `ChainUnreachable`.
    async fn check(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation>;

    /// Records a data block and the contract calls of its operations, and waits until all are final (M-PRO-4).
    ///
    /// # Errors
    /// `ChainUnreachable`, `NotFinalYet`: then it is unknown whether it was recorded; the same root may be sent again and is recorded once.
    async fn record(&self, block: DataBlock) -> DoorResult<DataBlockRecord>;

    /// A recorded transaction with its proof.
    ///
    /// # Errors
    /// `UnknownTransaction`, `ChainUnreachable`.
    async fn recorded(&self, locator: &TransactionLocator) -> DoorResult<TransactionRecord>;

    /// Records the root of a data block whose operations have authenticated themselves (decision 0019), and waits until it is final. The same root
    /// again finds where it is recorded.
    ///
    /// # Errors
    /// `UnknownChain`, `ChainUnreachable`, `NotFinalYet`; `TransactionRefused` for a count or a time that the contract does not take.
    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator>;
}
