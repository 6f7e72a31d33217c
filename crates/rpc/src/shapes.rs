//! From consensus types to what the wire shows.

use alloy_consensus::{
    BlockHeader, Header, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope, TxReceipt, TxType,
    transaction::Recovered,
};
use alloy_primitives::{Address, B256, Sealed, U256};
use alloy_rpc_types_eth::{Block, BlockTransactions, Header as RpcHeader, Log, Transaction, TransactionReceipt};
use chancery_execution::{FinalizedBlock, MatchedLog, Receipt};

use crate::api::recovered;

/// Where a transaction stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position<'a> {
    /// Its block.
    pub(crate) block: &'a Sealed<Header>,
    /// Its index there.
    pub(crate) index: u64,
}

/// A header, with the RLP size of its block in bytes where it is known.
pub(crate) fn header(sealed: &Sealed<Header>, size: Option<usize>) -> RpcHeader {
    RpcHeader::from_consensus(sealed.clone(), None, size.map(U256::from))
}

/// A block with whole transactions or their hashes.
pub(crate) fn block(block: &FinalizedBlock, full: bool) -> Block {
    let sealed = block.block().header();
    let transactions = if full {
        let shaped = (0..)
            .zip(block.recovered())
            .map(|(index, sent)| transaction(recovered(&sent), Some(Position { block: sealed, index })));
        BlockTransactions::Full(shaped.collect())
    } else {
        BlockTransactions::Hashes(block.block().transactions().iter().map(|signed| signed.hash()).collect())
    };
    Block {
        header: header(sealed, Some(block.block().encoded_length())),
        uncles: Vec::new(),
        transactions,
        withdrawals: sealed.withdrawals_root().map(|_| Vec::new().into()),
    }
}

/// A transaction, in a block or still in the pool.
pub(crate) fn transaction(recovered: Recovered<TxEnvelope>, position: Option<Position<'_>>) -> Transaction {
    let base_fee = position.and_then(|position| position.block.base_fee_per_gas());
    Transaction {
        effective_gas_price: Some(recovered.effective_gas_price(base_fee)),
        block_hash: position.map(|position| position.block.hash()),
        block_number: position.map(|position| position.block.number),
        block_timestamp: position.map(|position| position.block.timestamp),
        transaction_index: position.map(|position| position.index),
        inner: recovered,
    }
}

/// The transaction at an index of a block.
pub(crate) fn transaction_at(block: &FinalizedBlock, index: usize) -> Option<Transaction> {
    let sent = block.recovered().nth(index)?;
    let position = Position { block: block.block().header(), index: index as u64 };
    Some(transaction(recovered(&sent), Some(position)))
}

/// The receipts of a block, in order.
pub(crate) fn receipts(block: &FinalizedBlock) -> Vec<TransactionReceipt> {
    let sealed = block.block().header();
    let mut preceding = Preceding::default();
    (0..)
        .zip(block.receipts().iter().zip(block.recovered()))
        .map(|(index, (executed, sent))| {
            receipt(executed, &recovered(&sent), Position { block: sealed, index }, &mut preceding)
        })
        .collect()
}

/// The receipt at an index of a block.
pub(crate) fn receipt_at(block: &FinalizedBlock, index: usize) -> Option<TransactionReceipt> {
    let executed = block.receipts().get(index)?;
    let sent = block.recovered().nth(index)?;
    let before = &block.receipts()[..index];
    let mut preceding = Preceding {
        gas_used: before.last().map_or(0, |receipt| receipt.cumulative_gas_used),
        logs: before.iter().map(|receipt| receipt.logs.len() as u64).sum(),
    };
    let position = Position { block: block.block().header(), index: index as u64 };
    Some(receipt(executed, &recovered(&sent), position, &mut preceding))
}

/// What a receipt needs to know of the receipts before it in the block.
#[derive(Clone, Copy, Debug, Default)]
struct Preceding {
    gas_used: u64,
    logs: u64,
}

/// A receipt. `preceding` is advanced past it.
fn receipt(
    executed: &Receipt,
    sent: &Recovered<TxEnvelope>,
    position: Position<'_>,
    preceding: &mut Preceding,
) -> TransactionReceipt {
    let cumulative_gas_used = executed.cumulative_gas_used;
    let gas_used = cumulative_gas_used.saturating_sub(preceding.gas_used);
    let logs = logs(&executed.logs, *sent.tx_hash(), position, preceding.logs);
    preceding.gas_used = cumulative_gas_used;
    preceding.logs += logs.len() as u64;
    let shaped = ReceiptWithBloom {
        logs_bloom: executed.bloom(),
        receipt: alloy_consensus::Receipt { status: executed.success.into(), cumulative_gas_used, logs },
    };
    TransactionReceipt {
        inner: envelope(executed.tx_type, shaped),
        transaction_hash: *sent.tx_hash(),
        transaction_index: Some(position.index),
        block_hash: Some(position.block.hash()),
        block_number: Some(position.block.number),
        gas_used,
        effective_gas_price: sent.effective_gas_price(position.block.base_fee_per_gas()),
        blob_gas_used: None,
        blob_gas_price: None,
        from: sent.signer(),
        to: sent.to(),
        contract_address: created_address(sent),
    }
}

/// The address that a creation creates, whether or not it succeeded.
fn created_address(sent: &Recovered<TxEnvelope>) -> Option<Address> {
    sent.kind().is_create().then(|| sent.signer().create(sent.nonce()))
}

/// The logs of one transaction, `first` being the index of the first in the block.
pub(crate) fn logs(
    logs: &[alloy_primitives::Log],
    transaction_hash: B256,
    position: Position<'_>,
    first: u64,
) -> Vec<Log> {
    (first..)
        .zip(logs)
        .map(|(log_index, log)| Log {
            inner: log.clone(),
            block_hash: Some(position.block.hash()),
            block_number: Some(position.block.number),
            block_timestamp: Some(position.block.timestamp),
            transaction_hash: Some(transaction_hash),
            transaction_index: Some(position.index),
            log_index: Some(log_index),
            removed: false,
        })
        .collect()
}

/// A log that a query found.
pub(crate) fn matched_log(found: MatchedLog) -> Log {
    Log {
        inner: found.log,
        block_hash: Some(found.block_hash),
        block_number: Some(found.height),
        block_timestamp: Some(found.timestamp),
        transaction_hash: Some(found.transaction_hash),
        transaction_index: Some(found.transaction_index.into()),
        log_index: Some(found.log_index.into()),
        removed: false,
    }
}

fn envelope(kind: TxType, receipt: ReceiptWithBloom<alloy_consensus::Receipt<Log>>) -> ReceiptEnvelope<Log> {
    match kind {
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
    }
}
