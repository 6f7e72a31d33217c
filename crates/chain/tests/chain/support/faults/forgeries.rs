//! Blocks that are not what a leader may propose, and one that is.

use std::sync::Arc;

use alloy::{
    consensus::{Header, TxEip1559, proofs::ordered_trie_root_with_encoder},
    primitives::{B256, Bytes, U256},
};
use chancery_chain::MAX_CLOCK_DRIFT;
use chancery_execution::{Block, SignedTransaction};
use chancery_primitives::extra_data::ConsensusContext;
use rand::{RngExt as _, rngs::StdRng};

use crate::support::{signed, signed_for, transfer};

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forgery {
    StateRoot,
    ReceiptsRoot,
    TransactionsRoot,
    GasUsed,
    GasLimit,
    BeforeParent,
    FarAhead,
    UnknownParent,
    Height,
    OtherView,
    OtherEpoch,
    /// A transfer whose sender has not got what it sends.
    Unfunded,
    /// A transaction of another chain.
    OtherChain,
    /// A transaction whose predecessors are missing.
    NonceGap,
    /// A transaction that stands in the block already.
    Twice,
}

const ALL: [Forgery; 15] = [
    Forgery::StateRoot,
    Forgery::ReceiptsRoot,
    Forgery::TransactionsRoot,
    Forgery::GasUsed,
    Forgery::GasLimit,
    Forgery::BeforeParent,
    Forgery::FarAhead,
    Forgery::UnknownParent,
    Forgery::Height,
    Forgery::OtherView,
    Forgery::OtherEpoch,
    Forgery::Unfunded,
    Forgery::OtherChain,
    Forgery::NonceGap,
    Forgery::Twice,
];

impl Forgery {
    pub fn draw(random: &mut StdRng) -> Self {
        ALL[random.random_range(0..ALL.len())]
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::StateRoot => "invalid: state root",
            Self::ReceiptsRoot => "invalid: receipts root",
            Self::TransactionsRoot => "invalid: transactions root",
            Self::GasUsed => "invalid: gas used",
            Self::GasLimit => "invalid: gas limit",
            Self::BeforeParent => "invalid: time before its parent's",
            Self::FarAhead => "invalid: time far ahead",
            Self::UnknownParent => "invalid: unknown parent",
            Self::Height => "invalid: height",
            Self::OtherView => "invalid: another view",
            Self::OtherEpoch => "invalid: another epoch",
            Self::Unfunded => "invalid: unfunded transfer",
            Self::OtherChain => "invalid: transaction of another chain",
            Self::NonceGap => "invalid: transaction with a nonce gap",
            Self::Twice => "invalid: transaction twice",
        }
    }

    /// The block with this fault in it.
    pub fn forge(self, block: &Block, random: &mut StdRng) -> Block {
        let header = block.header().inner().clone();
        let wrong = B256::from(random.random::<[u8; 32]>());
        let changed = |header| Block::new(header, block.transactions().to_vec());
        let context = block.context().unwrap_or_default();
        match self {
            Self::StateRoot => changed(Header { state_root: wrong, ..header }),
            Self::ReceiptsRoot => changed(Header { receipts_root: wrong, ..header }),
            Self::TransactionsRoot => changed(Header { transactions_root: wrong, ..header }),
            Self::GasUsed => changed(Header { gas_used: header.gas_used + 21_000, ..header }),
            Self::GasLimit => changed(Header { gas_limit: header.gas_limit * 2, ..header }),
            // Nothing is older than the genesis but this.
            Self::BeforeParent => changed(at_time(header, 0)),
            Self::FarAhead => {
                let ahead = 3_600_000 + MAX_CLOCK_DRIFT.as_millis() as u64;
                changed(at_time(header, block.time_ms() + ahead))
            }
            Self::UnknownParent => changed(Header { parent_hash: wrong, ..header }),
            Self::Height => changed(Header { number: header.number + 1, ..header }),
            Self::OtherView => changed(with_context(header, ConsensusContext { view: context.view + 1, ..context })),
            Self::OtherEpoch => changed(with_context(header, ConsensusContext { epoch: context.epoch + 1, ..context })),
            Self::Unfunded => with_transaction(block, header, transfer(200, 0)),
            Self::OtherChain => {
                let foreign = TxEip1559 { gas_limit: 21_000, value: U256::from(1), ..Default::default() };
                with_transaction(block, header, signed_for(1, 0, foreign))
            }
            Self::NonceGap => {
                let far = TxEip1559 { nonce: 1_000_000, gas_limit: 21_000, ..Default::default() };
                with_transaction(block, header, signed(0, far))
            }
            Self::Twice => match block.transactions().first() {
                Some(first) => with_transaction(block, header, first.encoded().clone()),
                // Nothing to repeat.
                None => changed(Header { state_root: wrong, ..header }),
            },
        }
    }
}

/// Another valid block on the same parent with the same transactions: a millisecond later.
pub fn sibling(block: &Block) -> Block {
    let header = at_time(block.header().inner().clone(), block.time_ms() + 1);
    Block::new(header, block.transactions().to_vec())
}

/// The header of a block with other transactions: one less, or one that it does not have.
pub fn other_body(block: &Block) -> Block {
    let mut transactions = block.transactions().to_vec();
    if transactions.pop().is_none() {
        transactions.push(Arc::new(SignedTransaction::decode(transfer(0, 0)).unwrap()));
    }
    Block::new(block.header().inner().clone(), transactions)
}

fn at_time(header: Header, time_ms: u64) -> Header {
    let context = ConsensusContext::decode(&header.extra_data).unwrap_or_default();
    let header = Header { timestamp: time_ms / 1_000, ..header };
    with_context(header, ConsensusContext { millisecond: (time_ms % 1_000) as u16, ..context })
}

fn with_context(header: Header, context: ConsensusContext) -> Header {
    Header { extra_data: context.encode().to_vec().into(), ..header }
}

fn with_transaction(block: &Block, header: Header, transaction: Bytes) -> Block {
    let mut transactions = block.transactions().to_vec();
    transactions.push(Arc::new(SignedTransaction::decode(transaction).unwrap()));
    let transactions_root =
        ordered_trie_root_with_encoder(&transactions, |transaction, out| out.extend_from_slice(transaction.encoded()));
    Block::new(Header { transactions_root, ..header }, transactions)
}
