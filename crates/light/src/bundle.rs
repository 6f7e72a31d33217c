use alloy_consensus::{ReceiptEnvelope, TxEnvelope};
use alloy_eips::Decodable2718;
use alloy_primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{
    AccountProof, AccountState, FinalHeader, FinalityProof, TrustedChain, VerifyError, inclusion::verify_inclusion,
};

/// Version of the bundle's JSON that this crate writes and reads.
pub const BUNDLE_VERSION: u32 = 1;
/// Longest bundle read, in bytes of JSON.
pub const MAX_BUNDLE_BYTES: usize = 8 * 1024 * 1024;

/// The chain that a bundle says it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainReference {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of the genesis header.
    pub genesis_hash: B256,
}

impl ChainReference {
    /// Compares what a proof names with the chain that is trusted.
    ///
    /// # Errors
    /// [`VerifyError::WrongChain`].
    pub fn check(&self, chain: &TrustedChain) -> Result<(), VerifyError> {
        if self.chain_id == chain.chain_id() && self.genesis_hash == chain.genesis_hash() {
            return Ok(());
        }
        Err(VerifyError::WrongChain {
            expected_id: chain.chain_id(),
            expected_genesis: chain.genesis_hash(),
            found_id: self.chain_id,
            found_genesis: self.genesis_hash,
        })
    }
}

/// A transaction and its place in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransactionInclusion {
    /// Index in the block.
    pub index: u64,
    /// EIP-2718 encoding.
    pub transaction: Bytes,
    /// Nodes of the transactions trie, root first.
    pub proof: Vec<Bytes>,
}

/// A receipt and its place in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptInclusion {
    /// Index in the block.
    pub index: u64,
    /// EIP-2718 encoding.
    pub receipt: Bytes,
    /// Nodes of the receipts trie, root first.
    pub proof: Vec<Bytes>,
}

/// An account in the state of a block that is final too, usually later than the transaction: what became of it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateProof {
    /// That block is final. Absent: the transaction's own block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finality: Option<FinalityProof>,
    /// The account and slots.
    pub account: AccountProof,
}

/// Everything that is needed to check, offline and knowing the genesis alone, that a transaction was executed with a
/// certain outcome, and optionally what the state was later. It is the file that `chancery verify` reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofBundle {
    /// [`BUNDLE_VERSION`].
    pub version: u32,
    /// Where it is from. Checked, not trusted.
    pub chain: ChainReference,
    /// The block is final.
    pub finality: FinalityProof,
    /// The transaction is in it.
    pub transaction: TransactionInclusion,
    /// The receipt is in it, at the same index.
    pub receipt: ReceiptInclusion,
    /// What the state was then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateProof>,
}

/// A transaction that was proven to be in a final block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTransaction {
    /// Index in the block.
    pub index: u64,
    /// Hash.
    pub hash: B256,
    /// The transaction.
    pub transaction: TxEnvelope,
}

/// A receipt that was proven to be in a final block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// Index in the block.
    pub index: u64,
    /// The receipt, with its logs.
    pub receipt: ReceiptEnvelope,
}

/// What a bundle proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBundle {
    /// The transaction's block.
    pub header: FinalHeader,
    /// The transaction.
    pub transaction: VerifiedTransaction,
    /// Its receipt.
    pub receipt: VerifiedReceipt,
    /// The block of the state proof, and what it proved.
    pub state: Option<(FinalHeader, AccountState)>,
}

impl FinalHeader {
    /// Verifies that a transaction stands in this block.
    ///
    /// # Errors
    /// [`VerifyError::TransactionNotIncluded`], [`VerifyError::TransactionMalformed`], [`VerifyError::ProofTooLarge`].
    pub fn verify_transaction(&self, proof: &TransactionInclusion) -> Result<VerifiedTransaction, VerifyError> {
        let refusal = VerifyError::TransactionNotIncluded { index: proof.index, block: self.hash() };
        verify_inclusion(self.header().transactions_root, proof.index, &proof.transaction, &proof.proof, refusal)?;
        let transaction =
            TxEnvelope::decode_2718_exact(&proof.transaction).map_err(|_| VerifyError::TransactionMalformed)?;
        Ok(VerifiedTransaction { index: proof.index, hash: *transaction.tx_hash(), transaction })
    }

    /// Verifies that a receipt stands in this block.
    ///
    /// # Errors
    /// [`VerifyError::ReceiptNotIncluded`], [`VerifyError::ReceiptMalformed`], [`VerifyError::ProofTooLarge`].
    pub fn verify_receipt(&self, proof: &ReceiptInclusion) -> Result<VerifiedReceipt, VerifyError> {
        let refusal = VerifyError::ReceiptNotIncluded { index: proof.index, block: self.hash() };
        verify_inclusion(self.header().receipts_root, proof.index, &proof.receipt, &proof.proof, refusal)?;
        let receipt = ReceiptEnvelope::decode_2718_exact(&proof.receipt).map_err(|_| VerifyError::ReceiptMalformed)?;
        Ok(VerifiedReceipt { index: proof.index, receipt })
    }
}

impl ProofBundle {
    /// Reads a bundle from its JSON.
    ///
    /// # Errors
    /// [`VerifyError::BundleMalformed`], which names what is wrong and where.
    pub fn from_json(json: &[u8]) -> Result<Self, VerifyError> {
        if json.len() > MAX_BUNDLE_BYTES {
            let reason = format!("it is longer than {MAX_BUNDLE_BYTES} bytes");
            return Err(VerifyError::BundleMalformed { reason });
        }
        let bundle: Self =
            serde_json::from_slice(json).map_err(|error| VerifyError::BundleMalformed { reason: error.to_string() })?;
        if bundle.version != BUNDLE_VERSION {
            let reason = format!("it is of version {}, this program reads {BUNDLE_VERSION}", bundle.version);
            return Err(VerifyError::BundleMalformed { reason });
        }
        Ok(bundle)
    }

    /// Verifies everything in the bundle.
    ///
    /// # Errors
    /// The first check that failed.
    pub fn verify(&self, chain: &TrustedChain) -> Result<VerifiedBundle, VerifyError> {
        self.chain.check(chain)?;
        // From the block's own validators on: those who handed over before it decide nothing that is later.
        let chain = &chain.follow_all(&self.finality.handovers)?;
        let header = chain.verify_finality(&self.finality)?;
        let (transaction, receipt) = self.verify_in(&header)?;
        let state = self.state.as_ref().map(|state| verify_state(chain, &header, state)).transpose()?;
        Ok(VerifiedBundle { header, transaction, receipt, state })
    }

    /// Verifies that transaction and receipt stand in a block that was proven final before: what the bundle says of finality, and of a later state, is not
    /// looked at.
    ///
    /// # Errors
    /// The first check that failed.
    pub fn verify_in(&self, header: &FinalHeader) -> Result<(VerifiedTransaction, VerifiedReceipt), VerifyError> {
        let transaction = header.verify_transaction(&self.transaction)?;
        if self.receipt.index != self.transaction.index {
            return Err(VerifyError::ReceiptNotIncluded { index: self.transaction.index, block: header.hash() });
        }
        Ok((transaction, header.verify_receipt(&self.receipt)?))
    }
}

fn verify_state(
    chain: &TrustedChain,
    header: &FinalHeader,
    proof: &StateProof,
) -> Result<(FinalHeader, AccountState), VerifyError> {
    let at = match &proof.finality {
        Some(finality) => chain.verify_finality(finality)?,
        None => header.clone(),
    };
    if at.number() < header.number() {
        return Err(VerifyError::StateBeforeTransaction { state: at.number(), transaction: header.number() });
    }
    let account = at.verify_account(&proof.account)?;
    Ok((at, account))
}
