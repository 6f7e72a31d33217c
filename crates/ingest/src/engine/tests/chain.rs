//! The chain of these tests.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, RootOfBlock, TransactionLocator},
    operation::{InterpretedOperation, SignedOperation},
    p2r::P2r,
};

/// A chain that notes roots, and does not answer while it is told not to.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) roots: Mutex<BTreeMap<B256, u32>>,
    pub(super) asked: AtomicU64,
    pub(super) is_silent: AtomicBool,
}

#[async_trait]
impl P2r for Chain {
    async fn check(&self, _: &SignedOperation) -> DoorResult<InterpretedOperation> {
        Err(DoorError::new(Code::MalformedRequest, "not asked for here"))
    }

    async fn record(&self, _: DataBlock) -> DoorResult<DataBlockRecord> {
        Err(DoorError::new(Code::MalformedRequest, "not asked for here"))
    }

    async fn recorded(&self, _: &TransactionLocator) -> DoorResult<TransactionRecord> {
        Err(DoorError::new(Code::ChainUnreachable, "it gives no proofs"))
    }

    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_silent.load(Ordering::SeqCst) {
            return Err(DoorError::new(Code::ChainUnreachable, "silent"));
        }
        self.roots.lock().unwrap().insert(block.root, block.count);
        Ok(TransactionLocator { chain: block.chain, tx_hash: block.root, block_number: 1, block_hash: B256::ZERO })
    }
}
