//! Executing a block that somebody else built, and checking what its header says.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256};

use super::{
    InvalidBlock, InvalidReason,
    forerunner::Forerunner,
    header::check_header,
    outcome::receipts_root,
    session::{Session, SessionError},
};
use crate::{
    Block, ExecutedBlock, MAX_BLOCK_BYTES, StateError, StateView, parallel::join, permissions::BlockPermissions,
    state::transition,
};

/// What a transaction uses at the least, refunds taken off (EIP-2, EIP-7623).
const MIN_TRANSACTION_GAS: u64 = 21_000;

/// A bad block or a bad disk.
pub(crate) enum ExecuteFailure {
    Invalid(InvalidBlock),
    State(StateError),
}

enum Failure {
    Invalid(InvalidReason),
    State(StateError),
}

impl From<InvalidReason> for Failure {
    fn from(reason: InvalidReason) -> Self {
        Self::Invalid(reason)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Executes `block` on the state of its parent. `recover` gives the senders of its transactions.
pub(crate) fn execute(
    view: &StateView,
    chain_id: u64,
    parent: &Header,
    parent_hash: B256,
    block: &Block,
    recover: impl FnOnce() -> Vec<Option<Address>>,
) -> Result<ExecutedBlock, ExecuteFailure> {
    run(view, chain_id, parent, parent_hash, block, recover).map_err(|failure| match failure {
        Failure::State(error) => ExecuteFailure::State(error),
        Failure::Invalid(reason) => {
            ExecuteFailure::Invalid(InvalidBlock { hash: block.hash(), height: block.height(), reason })
        }
    })
}

fn run(
    view: &StateView,
    chain_id: u64,
    parent: &Header,
    parent_hash: B256,
    block: &Block,
    recover: impl FnOnce() -> Vec<Option<Address>>,
) -> Result<ExecutedBlock, Failure> {
    let header = block.header();
    check_header(header, parent, parent_hash)?;
    let size = block.encoded_length();
    if size > MAX_BLOCK_BYTES {
        return Err(InvalidReason::Size { actual: size }.into());
    }
    let actual = block.transactions_root();
    if actual != header.transactions_root {
        return Err(InvalidReason::TransactionsRoot { expected: header.transactions_root, actual }.into());
    }
    // Before anybody pays for recovering so many senders.
    let least = MIN_TRANSACTION_GAS.saturating_mul(block.transactions().len() as u64);
    if least > header.gas_used {
        return Err(InvalidReason::GasUsed { expected: header.gas_used, actual: least }.into());
    }
    let senders = senders(block, recover)?;
    let mut permissions = BlockPermissions::of_parent(view)?;
    let mut session = Session::start(view.clone(), chain_id, header, senders.len()).map_err(around)?;
    let mut forerunner = Forerunner::of(view, chain_id, header);
    let numbered = || block.transactions().iter().zip(&senders);
    numbered().for_each(|(transaction, sender)| forerunner.offer(transaction, *sender));
    for (index, (transaction, sender)) in numbered().enumerate() {
        forerunner.passed(index);
        let permitted = permissions.check(*sender, transaction)?;
        permitted.map_err(|refusal| InvalidReason::NotPermitted { index, refusal })?;
        session.run(transaction, *sender).map_err(|error| of_transaction(error, index))?;
    }
    drop(forerunner);
    let (state, receipts, gas_used) = session.finish().map_err(around)?;
    if gas_used != header.gas_used {
        return Err(InvalidReason::GasUsed { expected: header.gas_used, actual: gas_used }.into());
    }
    let changes = state.into_changes();
    let (overlay, (receipts_root, bloom)) =
        join(receipts.len(), || transition(view, changes), || receipts_root(&receipts));
    if receipts_root != header.receipts_root {
        return Err(InvalidReason::ReceiptsRoot { expected: header.receipts_root, actual: receipts_root }.into());
    }
    if bloom != header.logs_bloom {
        return Err(InvalidReason::LogsBloom.into());
    }
    let overlay = overlay?;
    if overlay.state_root != header.state_root {
        return Err(InvalidReason::StateRoot { expected: header.state_root, actual: overlay.state_root }.into());
    }
    Ok(ExecutedBlock {
        block: block.clone(),
        senders: Arc::new(senders),
        receipts: Arc::new(receipts),
        overlay: Arc::new(overlay),
    })
}

fn senders(block: &Block, recover: impl FnOnce() -> Vec<Option<Address>>) -> Result<Vec<Address>, InvalidReason> {
    if let Some(index) = block.transactions().iter().position(|transaction| transaction.envelope().is_eip4844()) {
        return Err(InvalidReason::BlobTransaction { index });
    }
    let senders = recover().into_iter().enumerate();
    senders.map(|(index, sender)| sender.ok_or(InvalidReason::Signature { index })).collect()
}

fn of_transaction(error: SessionError, index: usize) -> Failure {
    match error {
        SessionError::State(error) => Failure::State(error),
        SessionError::InvalidTransaction { message, .. } | SessionError::Rule(message) => {
            InvalidReason::Transaction { index, message }.into()
        }
        SessionError::BlockGas => {
            let message = "its gas limit is more than the block has left".into();
            InvalidReason::Transaction { index, message }.into()
        }
    }
}

fn around(error: SessionError) -> Failure {
    match error {
        SessionError::State(error) => Failure::State(error),
        SessionError::Rule(message) | SessionError::InvalidTransaction { message, .. } => {
            InvalidReason::Execution(message).into()
        }
        SessionError::BlockGas => InvalidReason::Execution("it uses more gas than its limit".into()).into(),
    }
}
