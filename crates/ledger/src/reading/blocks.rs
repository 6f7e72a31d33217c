use std::{sync::Arc, time::Duration};

use alloy::rpc::types::Block as RpcBlock;
use alloy_consensus::Header;
use alloy_primitives::{B256, U64};
use chancery_light::TrustedChain;
use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

use super::{Block, ChainHead, Finality, Reader};
use crate::{HeaderHashing, LedgerError};

type Slot<T> = Arc<OnceCell<Arc<T>>>;

/// Verified blocks by number. Callers that want the same block at once wait for one verification.
#[derive(Debug)]
pub(super) struct BlockCache(Mutex<LruMap<u64, Slot<Block>>>);

impl BlockCache {
    pub(super) fn new(length: u32) -> Self {
        Self(Mutex::new(LruMap::new(ByLength::new(length))))
    }

    fn slot(&self, number: u64) -> Slot<Block> {
        let mut blocks = self.0.lock();
        blocks.get_or_insert(number, Slot::default).cloned().unwrap_or_default()
    }

    /// Whether a block of that number was verified, and it was another.
    fn contradicts(&self, block: &Block) -> bool {
        let known = self.0.lock().peek(&block.number).and_then(|slot| slot.get()).map(|known| known.hash);
        known.is_some_and(|known| known != block.hash)
    }

    fn forget(&self) {
        self.0.lock().clear();
    }
}

impl Reader {
    /// A final block, verified: its header against the finality certificate, or against its own hash where there is none.
    pub(crate) async fn block(&self, number: u64) -> Result<Arc<Block>, LedgerError> {
        let slot = self.blocks.slot(number);
        slot.get_or_try_init(|| async { Box::pin(self.fetch_block(number)).await.map(Arc::new) }).await.cloned()
    }

    /// As [`Self::block`], asked of the node whatever it said before. If it says another block than before it was put on another branch, and nothing of the former is
    /// remembered here any more.
    pub(crate) async fn block_anew(&self, number: u64) -> Result<Block, LedgerError> {
        let block = Box::pin(self.fetch_block(number)).await?;
        if self.blocks.contradicts(&block) {
            self.blocks.forget();
            self.bodies.forget();
            self.views.forget_all();
        }
        Ok(block)
    }

    /// As [`Self::block`], waiting for it to become final.
    pub(crate) async fn block_when_final(&self, number: u64, deadline: Instant) -> Result<Arc<Block>, LedgerError> {
        let limits = self.connection.limits;
        let mut pause = limits.poll_min;
        loop {
            match self.block(number).await {
                Err(LedgerError::UnknownBlock { .. }) if Instant::now() < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(limits.poll_max);
                }
                result => return result,
            }
        }
    }

    /// The newest block whose finality is proven.
    pub(crate) async fn head(&self) -> Result<Arc<Block>, LedgerError> {
        let number = self.newest().await?.saturating_sub(self.confirmations());
        // Between the two requests nothing can go back, but a certificate may come a moment after its block.
        match self.block_when_final(number, Instant::now() + HEAD_CERTIFICATE_WAIT).await {
            Err(LedgerError::UnknownBlock { .. }) => self.certified_before(number).await,
            result => result,
        }
    }

    /// The newest block before one that is not certified. A node that was killed may have the block and not its certificate; its next
    /// block will certify both.
    async fn certified_before(&self, number: u64) -> Result<Arc<Block>, LedgerError> {
        let oldest = number.saturating_sub(MAX_UNCERTIFIED);
        for earlier in (oldest..number).rev() {
            match self.block(earlier).await {
                Err(LedgerError::UnknownBlock { .. }) => {}
                result => return result,
            }
        }
        Err(self.unknown_block(number))
    }

    /// The first final block that is not older than a time; one beyond the newest when all are.
    pub(crate) async fn first_block_at(&self, time_ms: u64) -> Result<u64, LedgerError> {
        let (mut low, mut high) = (0, self.head().await?.number.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.block(middle).await?.time_ms < time_ms {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn confirmations(&self) -> u64 {
        if self.trusted.is_some() { 0 } else { self.connection.config.confirmations }
    }

    async fn fetch_block(&self, number: u64) -> Result<Block, LedgerError> {
        match &self.trusted {
            Some(trusted) if number > 0 => self.fetch_certified(trusted, number).await,
            Some(trusted) => self.fetch_genesis(trusted).await,
            None => self.fetch_uncertified(number).await,
        }
    }

    async fn fetch_certified(&self, trusted: &TrustedChain, number: u64) -> Result<Block, LedgerError> {
        let proof = self.finality_proof(number).await?.ok_or_else(|| self.unknown_block(number))?;
        let final_header = trusted.verify_finality(&proof).map_err(|error| self.refused(error.check()))?;
        if final_header.number() != number {
            return Err(self.refused("BlockNumberMismatch"));
        }
        let header = final_header.header();
        Ok(Block {
            number,
            hash: final_header.hash(),
            time_ms: final_header.time_ms(),
            transactions_root: header.transactions_root,
            receipts_root: header.receipts_root,
            finality: Finality::Certified { proof: Box::new(proof), header: Box::new(final_header) },
        })
    }

    async fn fetch_genesis(&self, trusted: &TrustedChain) -> Result<Block, LedgerError> {
        let header = self.fetch_header(0).await?;
        let verified =
            trusted.verify_genesis(&alloy_rlp::encode(&header.1)).map_err(|error| self.refused(error.check()))?;
        Ok(Block {
            number: 0,
            hash: verified.hash(),
            time_ms: verified.time_ms(),
            transactions_root: header.1.transactions_root,
            receipts_root: header.1.receipts_root,
            finality: Finality::Genesis,
        })
    }

    async fn fetch_uncertified(&self, number: u64) -> Result<Block, LedgerError> {
        let confirmations = self.confirmations();
        if confirmations > 0 {
            let newest: U64 = self.connection.request("eth_blockNumber", ()).await?;
            if newest.to::<u64>() < number.saturating_add(confirmations) {
                return Err(self.unknown_block(number));
            }
        }
        let (hash, header) = self.fetch_header(number).await?;
        let mut missing = format!(
            "the chain has no finality certificates; block {number} is believed final after {confirmations} further blocks, on its node's word"
        );
        match self.connection.config.header_hashing {
            HeaderHashing::Standard if header.hash_slow() != hash => {
                return Err(self.refused("HeaderHashMismatch"));
            }
            HeaderHashing::Standard => {}
            HeaderHashing::Sealed => missing.push_str("; its hash cannot be computed from its header"),
        }
        Ok(Block {
            number,
            hash,
            time_ms: header.timestamp.saturating_mul(MILLISECONDS),
            transactions_root: header.transactions_root,
            receipts_root: header.receipts_root,
            finality: Finality::Assumed { missing },
        })
    }

    async fn fetch_header(&self, number: u64) -> Result<(B256, Header), LedgerError> {
        let answer: Option<RpcBlock<B256>> =
            self.connection.find("eth_getBlockByNumber", (U64::from(number), false)).await?;
        let header = answer.ok_or_else(|| self.unknown_block(number))?.header;
        if header.inner.number != number {
            return Err(self.refused("BlockNumberMismatch"));
        }
        Ok((header.hash, header.inner))
    }
}

/// Blocks that a node may have without a certificate at the end of its chain: as many as wait for execution at once.
const MAX_UNCERTIFIED: u64 = 32;
/// How long the newest block is waited for to get its certificate.
const HEAD_CERTIFICATE_WAIT: Duration = Duration::from_secs(2);
const MILLISECONDS: u64 = 1000;

impl From<&Block> for ChainHead {
    fn from(block: &Block) -> Self {
        Self { number: block.number, hash: block.hash, time_ms: block.time_ms }
    }
}
