use std::{collections::HashMap, sync::Arc};

use alloy::rpc::types::{Block as RpcBlock, Transaction, TransactionReceipt};
use alloy_consensus::{
    Receipt, ReceiptEnvelope, ReceiptWithBloom, TxEnvelope, TxReceipt, transaction::SignerRecoverable,
};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, U64, keccak256};
use chancery_light::{ordered_trie_root, prove_inclusion};
use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};
use tokio::sync::OnceCell;

use super::{Block, Event, Reader};
use crate::LedgerError;

/// A block with all its transactions and receipts, whose roots were computed here and are those of the verified header.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) block: Arc<Block>,
    pub(super) transactions: Vec<TxEnvelope>,
    pub(super) receipts: Vec<ReceiptEnvelope>,
    pub(super) encoded_transactions: Vec<Bytes>,
    pub(super) encoded_receipts: Vec<Bytes>,
    indexes: HashMap<B256, usize>,
    /// Number of logs before each receipt.
    log_offsets: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct BodyCache(Mutex<LruMap<u64, Arc<OnceCell<Arc<Body>>>>>);

impl BodyCache {
    pub(super) fn new(length: u32) -> Self {
        Self(Mutex::new(LruMap::new(ByLength::new(length))))
    }

    fn slot(&self, number: u64) -> Arc<OnceCell<Arc<Body>>> {
        self.0.lock().get_or_insert(number, Default::default).cloned().unwrap_or_default()
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }
}

impl Reader {
    /// A final block with everything in it, verified.
    pub(super) async fn body(&self, number: u64) -> Result<Arc<Body>, LedgerError> {
        let slot = self.bodies.slot(number);
        slot.get_or_try_init(|| async { Box::pin(self.fetch_body(number)).await.map(Arc::new) }).await.cloned()
    }

    async fn fetch_body(&self, number: u64) -> Result<Body, LedgerError> {
        let block = self.block(number).await?;
        let (transactions, receipts) = tokio::try_join!(self.fetch_transactions(number), self.fetch_receipts(number))?;
        let limit = self.connection.limits.max_block_transactions;
        if transactions.len() > limit {
            let reason = format!("block {number} has more than {limit} transactions");
            return Err(self.connection.malformed("eth_getBlockByNumber", reason));
        }
        let encoded_transactions: Vec<Bytes> =
            transactions.iter().map(|transaction| transaction.encoded_2718().into()).collect();
        if ordered_trie_root(&encoded_transactions) != block.transactions_root {
            return Err(self.refused("TransactionNotIncluded"));
        }
        let encoded_receipts: Vec<Bytes> = receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect();
        if ordered_trie_root(&encoded_receipts) != block.receipts_root {
            return Err(self.refused("ReceiptNotIncluded"));
        }
        let indexes =
            encoded_transactions.iter().enumerate().map(|(index, encoded)| (keccak256(encoded), index)).collect();
        let mut logs = 0;
        let log_offsets = receipts
            .iter()
            .map(|receipt| {
                let before = logs;
                logs += receipt.logs().len() as u64;
                before
            })
            .collect();
        Ok(Body { block, transactions, receipts, encoded_transactions, encoded_receipts, indexes, log_offsets })
    }

    async fn fetch_transactions(&self, number: u64) -> Result<Vec<TxEnvelope>, LedgerError> {
        const METHOD: &str = "eth_getBlockByNumber";
        let answer: Option<RpcBlock<Transaction>> = self.connection.find(METHOD, (U64::from(number), true)).await?;
        let block = answer.ok_or_else(|| self.unknown_block(number))?;
        // An empty list may arrive in the form of hashes.
        if block.transactions.is_empty() {
            return Ok(Vec::new());
        }
        match block.transactions.try_into_transactions() {
            Ok(transactions) => Ok(transactions.into_iter().map(Transaction::into_inner).collect()),
            Err(_) => Err(self.connection.malformed(METHOD, "hashes instead of transactions")),
        }
    }

    async fn fetch_receipts(&self, number: u64) -> Result<Vec<ReceiptEnvelope>, LedgerError> {
        let answer: Option<Vec<TransactionReceipt>> =
            self.connection.find("eth_getBlockReceipts", (U64::from(number),)).await?;
        let receipts = answer.ok_or_else(|| self.unknown_block(number))?;
        Ok(receipts.into_iter().map(|receipt| consensus_receipt(receipt.inner)).collect())
    }
}

impl Body {
    pub(super) fn index(&self, tx_hash: B256) -> Option<usize> {
        self.indexes.get(&tx_hash).copied()
    }

    /// Who signed the transaction at `index`.
    pub(super) fn sender(&self, index: usize) -> Option<Address> {
        self.transactions.get(index)?.recover_signer().ok()
    }

    pub(super) fn transaction_proof(&self, index: usize) -> Option<Vec<Bytes>> {
        prove_inclusion(&self.encoded_transactions, index)
    }

    pub(super) fn receipt_proof(&self, index: usize) -> Option<Vec<Bytes>> {
        prove_inclusion(&self.encoded_receipts, index)
    }

    /// The events of the transaction at `index`.
    pub(super) fn events(&self, index: usize, tx_hash: B256) -> Vec<Event> {
        let (Some(receipt), Some(offset)) = (self.receipts.get(index), self.log_offsets.get(index)) else {
            return Vec::new();
        };
        (*offset..).zip(receipt.logs()).map(|(log_index, log)| self.event(tx_hash, log_index, log)).collect()
    }

    /// Every event of the block, in its order.
    pub(super) fn all_events(&self) -> Vec<Event> {
        self.encoded_transactions
            .iter()
            .enumerate()
            .flat_map(|(index, encoded)| self.events(index, keccak256(encoded)))
            .collect()
    }

    fn event(&self, tx_hash: B256, log_index: u64, log: &Log) -> Event {
        Event {
            block_number: self.block.number,
            block_hash: self.block.hash,
            block_time_ms: self.block.time_ms,
            tx_hash,
            log_index,
            contract: log.address,
            topics: log.data.topics().to_vec(),
            data: log.data.data.clone(),
        }
    }
}

/// The receipt as it stands in the trie: the RPC's logs carry positions that the trie's do not. The bloom is computed
/// again, so that a wrong one of the node cannot matter.
fn consensus_receipt(receipt: ReceiptEnvelope<alloy::rpc::types::Log>) -> ReceiptEnvelope {
    let kind = receipt.tx_type();
    let plain: Receipt<Log> = Receipt {
        status: receipt.status_or_post_state(),
        cumulative_gas_used: receipt.cumulative_gas_used(),
        logs: receipt.logs().iter().map(|log| log.inner.clone()).collect(),
    };
    ReceiptEnvelope::from_typed(kind, ReceiptWithBloom::from(plain))
}
