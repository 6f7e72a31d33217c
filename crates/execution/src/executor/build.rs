//! Building a block from waiting transactions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256};
use alloy_rlp::Encodable;

use super::{
    forerunner::{Ahead, Forerunner},
    header::open_header,
    outcome::receipts_root,
    session::{Session, SessionError},
};
use crate::{
    Block, ExecutedBlock, MAX_BLOCK_BYTES, RecoveredTransaction, StateError, StateView,
    block::{network_length, transactions_root},
    parallel::join,
    permissions::BlockPermissions,
    state::transition,
};

/// What consensus decides about a block that is to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildAttributes {
    /// Wall-clock time of the proposer, milliseconds since 1970. Raised to the parent's time when it lies before it.
    pub time_ms: u64,
    /// Epoch, for `extraData`.
    pub epoch: u32,
    /// View of the proposal, for `extraData`.
    pub view: u64,
    /// View of the parent, for `extraData`.
    pub parent_view: u64,
    /// Who gets the tips, if anybody pays any.
    pub beneficiary: Address,
}

/// How much building may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildBudget {
    /// No transaction is started after this time (roots are computed afterwards).
    pub max_time: Duration,
    /// The encoded block stays at or below this, in bytes; never above [`MAX_BLOCK_BYTES`].
    pub max_bytes: usize,
    /// At most this many transactions.
    pub max_transactions: usize,
}

/// Room for list headers around the parts of a block, in bytes.
const LIST_HEADERS_BYTES: usize = 16;

/// A header grows by this much when its numbers and its bloom are filled in, in bytes.
const HEADER_GROWTH_BYTES: usize = 32;

/// A built block, and the transactions that turned out to be unusable.
pub(crate) struct Built {
    pub(crate) executed: ExecutedBlock,
    pub(crate) unusable: Vec<B256>,
}

/// Why nothing was built.
pub(crate) enum BuildFailure {
    Budget { max_bytes: usize },
    Rule(String),
    State(StateError),
}

/// Builds a child of `parent` on its state.
pub(crate) fn build(
    view: &StateView,
    chain_id: u64,
    parent: &Header,
    parent_hash: B256,
    attributes: &BuildAttributes,
    budget: &BuildBudget,
    candidates: impl Iterator<Item = RecoveredTransaction>,
) -> Result<Built, BuildFailure> {
    let deadline = Instant::now() + budget.max_time;
    let mut header = open_header(parent, parent_hash, attributes);
    let max_bytes = budget.max_bytes.min(MAX_BLOCK_BYTES);
    let mut bytes = header.length() + HEADER_GROWTH_BYTES + LIST_HEADERS_BYTES;
    if bytes > max_bytes {
        return Err(BuildFailure::Budget { max_bytes });
    }
    let mut permissions = BlockPermissions::of_parent(view).map_err(BuildFailure::State)?;
    let mut session = Session::start(view.clone(), chain_id, &header, 0)?;
    let (mut transactions, mut senders, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in Ahead::new(candidates, Forerunner::of(view, chain_id, &header)) {
        if transactions.len() >= budget.max_transactions
            || Instant::now() >= deadline
            || session.gas_left() < MIN_TRANSACTION_GAS
        {
            break;
        }
        // Of an ancestor that is not final yet, or behind one that was left out.
        if candidate.nonce() != session.nonce(candidate.sender())? {
            continue;
        }
        // It was permitted when it was admitted; the parent's state has it otherwise.
        let permitted = permissions.check(candidate.sender(), &candidate).map_err(BuildFailure::State)?;
        if let Err(refusal) = permitted {
            tracing::debug!(hash = %candidate.hash(), %refusal, "a waiting transaction is no longer permitted");
            unusable.push(candidate.hash());
            continue;
        }
        let size = network_length(&candidate);
        if bytes + size > max_bytes {
            continue;
        }
        match session.run(&candidate, candidate.sender()) {
            Ok(()) => {
                bytes += size;
                senders.push(candidate.sender());
                transactions.push(candidate.signed().clone());
            }
            Err(SessionError::BlockGas | SessionError::InvalidTransaction { nonce: true, .. }) => {}
            Err(SessionError::InvalidTransaction { message, .. }) => {
                tracing::debug!(hash = %candidate.hash(), message, "a waiting transaction cannot be executed");
                unusable.push(candidate.hash());
            }
            Err(other) => return Err(other.into()),
        }
    }
    let (state, receipts, gas_used) = session.finish()?;
    let changes = state.into_changes();
    let (overlay, (transactions_root, (receipts_root, logs_bloom))) = join(
        transactions.len(),
        || transition(view, changes),
        || join(transactions.len(), || transactions_root(&transactions), || receipts_root(&receipts)),
    );
    let overlay = overlay.map_err(BuildFailure::State)?;
    header.state_root = overlay.state_root;
    header.transactions_root = transactions_root;
    header.receipts_root = receipts_root;
    header.logs_bloom = logs_bloom;
    header.gas_used = gas_used;
    let executed = ExecutedBlock {
        block: Block::new(header, transactions),
        senders: Arc::new(senders),
        receipts: Arc::new(receipts),
        overlay: Arc::new(overlay),
    };
    Ok(Built { executed, unusable })
}

/// No transaction costs less (EIP-2).
const MIN_TRANSACTION_GAS: u64 = 21_000;

impl From<SessionError> for BuildFailure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::State(error) => Self::State(error),
            SessionError::Rule(message) | SessionError::InvalidTransaction { message, .. } => Self::Rule(message),
            SessionError::BlockGas => Self::Rule("a transaction needs more gas than the block has left".into()),
        }
    }
}
