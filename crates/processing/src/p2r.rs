use std::sync::Arc;

use async_trait::async_trait;
use chancery_primitives::data_block::{DataBlockTree, Leaf};
use chancery_reference_points::{
    Class, Code, DoorError, DoorResult,
    application::OperationHandler,
    chain_records::TransactionRecord,
    data_block::{DataBlock, DataBlockRecord, RootOfBlock, TransactionLocator},
    operation::{InterpretedOperation, OperationType, SignedOperation},
    p2r::P2r,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Processing, error::door_error, processing::malformed, retrieval::transaction_record};

/// Contract calls of one data block that are under way at once; the ledger's window bounds them once more.
const MAX_PARALLEL_CALLS: usize = 128;

#[async_trait]
impl P2r for Processing {
    async fn check(&self, operation: &SignedOperation) -> DoorResult<InterpretedOperation> {
        let handler = self.handler(&operation.operation_type)?;
        let interpreted = handler.interpret(operation)?;
        match handler.check(operation, &interpreted, self, self.now()).await {
            // It may contradict what is recorded because it is what is recorded: then recording it again finds it (PROCESSING-2).
            Err(error) if error.class() == Class::Conflict => {
                match self.recorded_call(handler.as_ref(), operation, interpreted.subject).await? {
                    Some(_) => Ok(interpreted),
                    None => Err(error),
                }
            }
            checked => checked.map(|()| interpreted),
        }
    }

    async fn record(&self, block: DataBlock) -> DoorResult<DataBlockRecord> {
        let tree = self.authenticate(&block)?;
        let chain = self.chain(&block.chain)?;
        let root = root_of(&block, &tree)?;
        let root = self.record_block(chain, &root);
        let calls: Vec<_> =
            block.operations.iter().map(|(operation, interpreted)| self.record_call(operation, interpreted)).collect();
        let calls = stream::iter(calls).buffered(MAX_PARALLEL_CALLS).try_collect::<Vec<_>>();
        // Both to their end: a call that is under way when the root fails is not forgotten, the next attempt finds it.
        let (recorded, outcomes) = futures::future::join(root, calls).await;
        Ok(DataBlockRecord { root: block.root, recorded: recorded?, outcomes: outcomes? })
    }

    async fn record_root(&self, block: RootOfBlock) -> DoorResult<TransactionLocator> {
        self.record_block(self.chain(&block.chain)?, &block).await
    }

    async fn recorded(&self, locator: &TransactionLocator) -> DoorResult<TransactionRecord> {
        let chain = self.chain(&locator.chain)?;
        let transaction = chain.transaction(locator.tx_hash, Some(locator.block_number)).await.map_err(door_error)?;
        Ok(transaction_record(chain, transaction))
    }
}

impl Processing {
    pub(crate) fn handler(&self, kind: &OperationType) -> DoorResult<&Arc<dyn OperationHandler>> {
        self.handlers.get(kind).ok_or_else(|| malformed(format!("there is no operation `{kind}`")))
    }

    /// PROCESSING-1: reads every operation anew (M-PRO-1) and builds the tree again.
    fn authenticate(&self, block: &DataBlock) -> DoorResult<DataBlockTree> {
        for (operation, claimed) in &block.operations {
            if operation.chain != block.chain {
                return Err(DoorError::new(
                    Code::WrongChain,
                    format!("an operation for {} stands in a data block for {}", operation.chain, block.chain),
                ));
            }
            let found = self.handler(&operation.operation_type)?.interpret(operation)?;
            if &found != claimed {
                let detail = format!("operation {} is not what its data block says", claimed.digest);
                return Err(DoorError::new(Code::SignatureInvalid, detail));
            }
        }
        let leaves: Vec<Leaf> = block.leaves()?;
        let tree = DataBlockTree::new(&leaves).map_err(|error| malformed(error.to_string()))?;
        if tree.root().0 == block.root {
            Ok(tree)
        } else {
            Err(malformed(format!("the root of the operations is {}, not {}", tree.root(), block.root)))
        }
    }
}

fn root_of(block: &DataBlock, tree: &DataBlockTree) -> DoorResult<RootOfBlock> {
    Ok(RootOfBlock {
        chain: block.chain.clone(),
        root: tree.root().0,
        count: u32::try_from(tree.operation_count()).map_err(DoorError::internal)?,
        first_time: tree.first_time().get(),
        last_time: tree.last_time().get(),
    })
}
