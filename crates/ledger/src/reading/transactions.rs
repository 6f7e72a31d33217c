use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U64, keccak256};
use chancery_light::{BUNDLE_VERSION, ChainReference, ProofBundle, ReceiptInclusion, TransactionInclusion};
use serde::Deserialize;

use super::{Finality, ProvenTransaction, Reader, bodies::Body};
use crate::LedgerError;

/// All that is needed of `eth_getTransactionByHash`: where to look. What it says is verified by the block itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    block_number: Option<U64>,
}

impl Reader {
    /// How many transactions an account has sent as of a block, or with those that wait (`pending`).
    pub(crate) async fn transaction_count(&self, account: Address, block: &'static str) -> Result<u64, LedgerError> {
        let count: U64 = self.connection.request("eth_getTransactionCount", (account, block)).await?;
        Ok(count.to())
    }

    /// A final transaction with its proof. With `block`, that it is not there is proven too; without, the node is asked where it is.
    pub(crate) async fn transaction(
        &self,
        tx_hash: B256,
        block: Option<u64>,
    ) -> Result<ProvenTransaction, LedgerError> {
        let number = match block {
            Some(number) => number,
            None => self.locate(tx_hash).await?,
        };
        let body = match self.body(number).await {
            Err(LedgerError::UnknownBlock { .. }) => return Err(self.unknown_transaction(tx_hash)),
            body => body?,
        };
        let index = body.index(tx_hash).ok_or_else(|| self.unknown_transaction(tx_hash))?;
        self.prove(&body, index, tx_hash)
    }

    /// The transaction of a final block that made a contract, by who has sent it and how many before; `None`: none of that block has. All of the block is verified, whether the
    /// transaction succeeded is not looked at.
    pub(crate) async fn maker(&self, number: u64, contract: Address) -> Result<Option<B256>, LedgerError> {
        let body = self.body(number).await?;
        let index = body.transactions.iter().enumerate().position(|(index, transaction)| {
            let made = |from: Address| from.create(transaction.nonce()) == contract;
            transaction.to().is_none() && body.sender(index).is_some_and(made)
        });
        Ok(index.and_then(|index| body.encoded_transactions.get(index)).map(keccak256))
    }

    async fn locate(&self, tx_hash: B256) -> Result<u64, LedgerError> {
        let place: Option<Place> = self.connection.find("eth_getTransactionByHash", (tx_hash,)).await?;
        place
            .and_then(|place| place.block_number)
            .map(|number| number.to())
            .ok_or_else(|| self.unknown_transaction(tx_hash))
    }

    fn prove(&self, body: &Arc<Body>, index: usize, tx_hash: B256) -> Result<ProvenTransaction, LedgerError> {
        let (Some(transaction), Some(receipt)) = (body.transactions.get(index), body.receipts.get(index)) else {
            return Err(self.refused("ReceiptNotIncluded"));
        };
        let from = body.sender(index).ok_or_else(|| self.refused("TransactionMalformed"))?;
        Ok(ProvenTransaction {
            tx_hash,
            block: Arc::clone(&body.block),
            from,
            to: transaction.to(),
            created: transaction.to().is_none().then(|| from.create(transaction.nonce())),
            input: transaction.input().clone(),
            succeeded: receipt.status(),
            events: body.events(index, tx_hash),
            bundle: self.bundle(body, index)?,
        })
    }

    /// The bundle, verified as its reader will verify it.
    fn bundle(&self, body: &Body, index: usize) -> Result<Option<ProofBundle>, LedgerError> {
        let (Finality::Certified { proof, .. }, Some(trusted)) = (&body.block.finality, &self.trusted) else {
            return Ok(None);
        };
        let (Some(transaction_proof), Some(receipt_proof)) = (body.transaction_proof(index), body.receipt_proof(index))
        else {
            return Err(self.refused("TransactionNotIncluded"));
        };
        let essentials = trusted.essentials();
        let bundle = ProofBundle {
            version: BUNDLE_VERSION,
            chain: ChainReference { chain_id: essentials.chain_id, genesis_hash: essentials.genesis_hash },
            finality: proof.as_ref().clone(),
            transaction: TransactionInclusion {
                index: index as u64,
                transaction: body.encoded_transactions[index].clone(),
                proof: transaction_proof,
            },
            receipt: ReceiptInclusion {
                index: index as u64,
                receipt: body.encoded_receipts[index].clone(),
                proof: receipt_proof,
            },
            state: None,
        };
        bundle.verify(trusted).map_err(|error| self.refused(error.check()))?;
        Ok(Some(bundle))
    }

    pub(crate) fn unknown_transaction(&self, tx_hash: B256) -> LedgerError {
        LedgerError::UnknownTransaction { chain: self.name(), tx_hash }
    }
}
