//! The proof of a message's deposit and of its receipt, in one file that `chancery verify` reads: statement, signature, Merkle path, transaction, header, finality (MSG-8).

mod between;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{DataBlockRegistry, predeploys};
use chancery_light::{BUNDLE_VERSION, ProofBundle, TrustedChain, VerifyError};
use chancery_primitives::{
    OperationType, UnixSeconds,
    data_block::{self, DataBlockRoot, Leaf},
};
use chancery_reference_points::data_block::{OperationProof, TransactionLocator};
use serde::{Deserialize, Serialize};

pub use between::{DeliveryFailure, VERSION_BETWEEN_CITIES};

use crate::{
    chain::{Standing, StandingAt},
    limits::MAX_PROOF_BYTES,
    statement::{Acknowledgement, Deposit, Stated, Statement},
};

/// Version of the file.
pub const VERSION: u32 = 1;

/// A statement in a final data block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvenStatement {
    /// Its exact text.
    pub statement: String,
    /// Its signer's signature, 65 bytes.
    pub signature: Bytes,
    /// From the leaf to the root, as `@openzeppelin/merkle-tree` reads them.
    pub siblings: Vec<B256>,
    /// The data block's root.
    pub root: B256,
    /// Where the root is recorded.
    pub recorded: TransactionLocator,
    /// Transaction, receipt, header and finality; absent for a chain without finality certificates.
    pub proof: Option<ProofBundle>,
}

impl ProvenStatement {
    pub(crate) fn new(statement: String, signature: Bytes, proof: OperationProof) -> Self {
        let OperationProof { siblings, root, recorded, proof, .. } = proof;
        Self { statement, signature, siblings, root, recorded, proof }
    }
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageProof {
    /// [`VERSION`]; [`VERSION_BETWEEN_CITIES`] with the sender's standing.
    pub version: u32,
    /// The sender has deposited it.
    pub deposit: ProvenStatement,
    /// Between two cities: the sender's key was its organization's, in the sender's city, when the message was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The receiver has received it; absent before it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<ProvenStatement>,
}

/// The first check that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct ProofFailure {
    /// Its name.
    pub check: String,
    /// What it found.
    pub detail: String,
}

impl ProofFailure {
    fn new(check: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self { check: check.into(), detail: detail.to_string() }
    }
}

impl From<VerifyError> for ProofFailure {
    fn from(error: VerifyError) -> Self {
        Self::new(error.check(), error)
    }
}

/// When and where something was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedAt {
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Time of the block, Unix seconds: the statement is not younger.
    pub time: UnixSeconds,
    /// Digest of the operation.
    pub operation: B256,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedMessage {
    /// The message's identifier.
    pub message: B256,
    /// What its sender has signed.
    pub deposit: Deposit,
    /// Where that is recorded.
    pub deposited: RecordedAt,
    /// What its receiver has signed.
    pub acknowledgement: Option<Acknowledgement>,
    /// Where that is recorded.
    pub acknowledged: Option<RecordedAt>,
    /// Whether the file proves that both keys were the organizations': never. The chain shows it to whoever asks it.
    pub organizations_proven: bool,
    /// Between two cities: when the file shows that the sender's key was its organization's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_standing: Option<StandingAt>,
    /// Whether every statement names the genesis of the chain, and not its id alone: those of version 1 do not.
    pub genesis_signed: bool,
    /// What has to be known before it is relied on: [`NAMES_NO_GENESIS`].
    pub warning: Option<&'static str>,
    /// The checks that were made, in order.
    pub checks: Vec<String>,
}

/// The checks of each statement, in order.
const CHECKS: [&str; 7] = [
    "file-readable",
    "signature",
    "chain-matches",
    "operation-in-block",
    "block-final",
    "transaction-included",
    "root-recorded",
];

/// Of statements of version 1.
pub const NAMES_NO_GENESIS: &str =
    "names no genesis (version 1): it may have been signed for another city whose chain has the same id";

/// The last check.
const OF_MESSAGE: &str = "acknowledgement-of-message";

impl MessageProof {
    pub(crate) const fn new(deposit: ProvenStatement, acknowledgement: Option<ProvenStatement>) -> Self {
        Self { version: VERSION, deposit, standing: None, acknowledgement }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `file-readable`.
    pub fn from_json(json: &[u8]) -> Result<Self, ProofFailure> {
        if json.len() > MAX_PROOF_BYTES {
            return Err(ProofFailure::new("file-readable", format!("it is longer than {MAX_PROOF_BYTES} bytes")));
        }
        let file: Self = serde_json::from_slice(json).map_err(|error| ProofFailure::new("file-readable", error))?;
        match (file.version, file.standing.is_some()) {
            (VERSION, false) | (VERSION_BETWEEN_CITIES, true) => Ok(file),
            (VERSION | VERSION_BETWEEN_CITIES, _) => {
                let detail = "a file of version 2 has the sender's standing, and no other";
                Err(ProofFailure::new("file-readable", detail))
            }
            (unknown, _) => {
                let detail = format!("version {unknown}, known are {VERSION} and {VERSION_BETWEEN_CITIES}");
                Err(ProofFailure::new("file-readable", detail))
            }
        }
    }

    /// The two statements with their signatures verified, and that they are of one message. That they are recorded, [`Self::verify`] shows.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn signed(&self) -> Result<(Stated<Deposit>, Option<Stated<Acknowledgement>>), ProofFailure> {
        let deposit = signed::<Deposit>("deposit", &self.deposit)?;
        let acknowledgement = match &self.acknowledgement {
            None => None,
            Some(proven) => {
                let said = signed::<Acknowledgement>("acknowledgement", proven)?;
                said.check_of(&deposit).map_err(|error| ProofFailure::new(OF_MESSAGE, error))?;
                Some(said)
            }
        };
        Ok((deposit, acknowledgement))
    }

    /// Verifies everything, knowing the main chain alone.
    ///
    /// # Errors
    /// The first check that fails, by name, after `deposit` or `acknowledgement`.
    pub fn verify(&self, chain: &TrustedChain) -> Result<VerifiedMessage, ProofFailure> {
        if self.standing.is_some() {
            let detail = "the message is of another city: the genesis of both main chains is needed";
            return Err(ProofFailure::new("chain-matches", detail));
        }
        self.verify_on(chain, chain)
    }

    /// The deposit on one chain, the acknowledgement on one.
    fn verify_on(&self, sent_on: &TrustedChain, received_on: &TrustedChain) -> Result<VerifiedMessage, ProofFailure> {
        let (deposit, deposited) = verify::<Deposit>("deposit", &self.deposit, sent_on)?;
        let mut checks: Vec<String> = CHECKS.iter().map(|check| format!("deposit-{check}")).collect();
        let acknowledged = match &self.acknowledgement {
            None => None,
            Some(proven) => {
                let found = verify::<Acknowledgement>("acknowledgement", proven, received_on)?;
                checks.extend(CHECKS.iter().map(|check| format!("acknowledgement-{check}")));
                found.0.check_of(&deposit).map_err(|error| ProofFailure::new(OF_MESSAGE, error))?;
                checks.push(OF_MESSAGE.to_owned());
                Some(found)
            }
        };
        let said = acknowledged.as_ref().is_none_or(|(stated, _)| stated.statement.genesis().is_some());
        let genesis_signed = said && deposit.statement.genesis().is_some();
        let (acknowledgement, acknowledged) = acknowledged.map(|(stated, at)| (stated.statement, at)).unzip();
        Ok(VerifiedMessage {
            message: deposit.id(),
            deposit: deposit.statement,
            deposited,
            acknowledgement,
            acknowledged,
            organizations_proven: false,
            sender_standing: None,
            genesis_signed,
            warning: (!genesis_signed).then_some(NAMES_NO_GENESIS),
            checks,
        })
    }
}

fn signed<S: Statement>(which: &str, proven: &ProvenStatement) -> Result<Stated<S>, ProofFailure> {
    let refuse = |check: &str, error| ProofFailure::new(format!("{which}-{check}"), error);
    let stated = Stated::<S>::read(&proven.statement).map_err(|error| refuse("file-readable", error))?;
    stated.verify(&proven.signature).map_err(|error| refuse("signature", error))?;
    Ok(stated)
}

fn verify<S: Statement>(
    which: &str,
    proven: &ProvenStatement,
    chain: &TrustedChain,
) -> Result<(Stated<S>, RecordedAt), ProofFailure> {
    let refuse = |check: &str, detail: String| ProofFailure::new(format!("{which}-{check}"), detail);
    let stated = signed::<S>(which, proven)?;
    if stated.statement.chain_id() != chain.chain_id() {
        return Err(refuse("chain-matches", "it was signed for another chain".to_owned()));
    }
    if stated.statement.genesis().is_some_and(|genesis| genesis != chain.genesis_hash()) {
        let detail = "it was signed for a chain with the same id and another genesis";
        return Err(refuse("chain-matches", detail.to_owned()));
    }
    let leaf = leaf_of(&stated);
    if !data_block::verify(DataBlockRoot(proven.root), &leaf, &proven.siblings) {
        return Err(refuse("operation-in-block", "the statement is not under the data block's root".to_owned()));
    }
    let bundle = proven.proof.as_ref().ok_or_else(|| {
        refuse("block-final", "there is no proof of finality: the chain has no certificates, or it was cut".to_owned())
    })?;
    if bundle.version != BUNDLE_VERSION {
        return Err(refuse("file-readable", "the proof in it is of another version".to_owned()));
    }
    let found = bundle.verify(chain)?;
    let receipt = &found.receipt.receipt;
    let is_recorded = receipt.status()
        && receipt.logs().iter().any(|log| {
            log.address == predeploys::DATA_BLOCK_REGISTRY
                && DataBlockRegistry::DataBlockRecorded::decode_log_data(&log.data)
                    .is_ok_and(|event| event.root == proven.root)
        });
    let said = &proven.recorded;
    let is_there = said.tx_hash == found.transaction.hash
        && said.block_number == found.header.number()
        && said.block_hash == found.header.hash();
    if !is_recorded || !is_there {
        return Err(refuse("root-recorded", "the transaction does not record this root, or is another one".to_owned()));
    }
    let at = RecordedAt {
        tx_hash: found.transaction.hash,
        block_number: found.header.number(),
        time: UnixSeconds(found.header.header().timestamp),
        operation: leaf.operation_digest,
    };
    Ok((stated, at))
}

pub(crate) fn leaf_of<S: Statement>(stated: &Stated<S>) -> Leaf {
    let source: Address = stated.statement.signer();
    Leaf {
        operation_digest: stated.digest(),
        source,
        operation_type: OperationType::DataRecord,
        content_hash: stated.id(),
        time: stated.statement.time(),
    }
}

#[cfg(test)]
mod tests;
