//! Reading a chain: blocks, transactions, events, views and state, verified where they can be (LEDGER-2).

mod blocks;
mod bodies;
mod events;
mod handovers;
mod newest;
mod state;
mod transactions;
mod views;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use chancery_light::{AccountState, FinalHeader, FinalityProof, ProofBundle, StateProof, TrustedChain};

use self::{blocks::BlockCache, bodies::BodyCache, newest::Newest, views::ViewCache};
use crate::{LedgerError, RevertReasons, connection::Connection};

/// Why a block counts as final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finality {
    /// A quorum of validators signed it; verified here.
    Certified {
        /// What others verify it with.
        proof: Box<FinalityProof>,
        /// The header that it proves.
        header: Box<FinalHeader>,
    },
    /// Block 0, which is trusted by its hash.
    Genesis,
    /// The chain has no certificates that we could verify.
    Assumed {
        /// What is missing, in words for the reader of an answer.
        missing: String,
    },
}

/// A final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Unix milliseconds; whole seconds on chains that know no smaller.
    pub time_ms: u64,
    /// Root of its transactions.
    pub transactions_root: B256,
    /// Root of its receipts.
    pub receipts_root: B256,
    /// Why it counts as final.
    pub finality: Finality,
}

/// The newest final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Unix milliseconds.
    pub time_ms: u64,
}

/// The answer of a view function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The final block that it is about.
    pub block: ChainHead,
    /// ABI-encoded answer. The node's word: prove it by the state where that matters.
    pub data: Bytes,
}

/// The newest events of the blocks that a node still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvents {
    /// Newest first.
    pub events: Vec<Event>,
    /// Where it would have ended looking: above the first block of the filter, the node has forgotten what is before.
    pub first_block: u64,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Contracts; empty: any.
    pub contracts: Vec<Address>,
    /// Alternatives for each topic position; empty: anything.
    pub topics: [Vec<B256>; 4],
    /// From this block on.
    pub from_block: u64,
    /// Up to this block, which is to be final; `None`: the newest final one.
    pub to_block: Option<u64>,
}

/// An event in a final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Block number.
    pub block_number: u64,
    /// Block hash.
    pub block_hash: B256,
    /// Time of the block, Unix milliseconds.
    pub block_time_ms: u64,
    /// The transaction.
    pub tx_hash: B256,
    /// Position among the logs of the block.
    pub log_index: u64,
    /// The contract.
    pub contract: Address,
    /// Topics, the first names the event.
    pub topics: Vec<B256>,
    /// ABI-encoded data.
    pub data: Bytes,
}

/// A transaction that was proven to stand in its block.
#[derive(Clone, Debug)]
pub struct ProvenTransaction {
    /// Hash.
    pub tx_hash: B256,
    /// Its final block.
    pub block: Arc<Block>,
    /// Who signed it, recovered from the signature.
    pub from: Address,
    /// What it called; `None`: it made a contract.
    pub to: Option<Address>,
    /// The contract that it made; `None`: it called one.
    pub created: Option<Address>,
    /// Call data.
    pub input: Bytes,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// Its events.
    pub events: Vec<Event>,
    /// For others to verify offline; `None` on a chain without certificates.
    pub bundle: Option<ProofBundle>,
}

/// A part of the state that was proven at a final block.
#[derive(Clone, Debug)]
pub struct StateEvidence {
    /// The block.
    pub block: ChainHead,
    /// The account and slots, for reading.
    pub state: AccountState,
    /// The same, for others to verify offline.
    pub proof: StateProof,
}

/// Everything that reading one chain needs.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    trusted: Option<TrustedChain>,
    pub(crate) reasons: RevertReasons,
    blocks: BlockCache,
    bodies: BodyCache,
    views: ViewCache,
    newest: Newest,
}

impl Reader {
    pub(crate) fn new(connection: Connection, trusted: Option<TrustedChain>, reasons: RevertReasons) -> Self {
        let limits = &connection.limits;
        let blocks = BlockCache::new(limits.cached_headers);
        let bodies = BodyCache::new(limits.cached_bodies);
        let views = ViewCache::new(limits.cached_views);
        Self { connection, trusted, reasons, blocks, bodies, views, newest: Newest::default() }
    }

    pub(crate) fn name(&self) -> String {
        self.connection.config.name.clone()
    }

    fn refused(&self, check: impl Into<String>) -> LedgerError {
        LedgerError::ProofRefused { chain: self.name(), check: check.into() }
    }

    fn unknown_block(&self, number: u64) -> LedgerError {
        LedgerError::UnknownBlock { chain: self.name(), number }
    }
}
