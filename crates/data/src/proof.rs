//! The proof of one operation: from its bytes to a final block, in one file (DATA-8).

use alloy_primitives::B256;
use alloy_sol_types::SolEvent as _;
use chancery_contracts::{DataBlockRegistry, predeploys};
use chancery_light::{
    BUNDLE_VERSION, FinalHeader, ProofBundle, TrustedChain, VerifiedReceipt, VerifiedTransaction, VerifyError,
};
use chancery_primitives::data_block::{self, DataBlockRoot};
use serde::{Deserialize, Serialize};

use crate::{
    Jws, Operation, PublicKey, SourceId,
    key::Jwk,
    merkle,
    source::{ShownKey, SourceStatement},
    submission::{self, Statement},
};

/// Version of the file.
pub const VERSION: u32 = 1;
/// Longest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;
/// Most rotations of one source that a proof follows.
pub const MAX_ROTATIONS: usize = 16;

/// A submission in its data block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// From the leaf to the root, as `@openzeppelin/merkle-tree` reads them.
    pub siblings: Vec<B256>,
    /// The block's root.
    pub root: B256,
}

/// Where the root is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recorded {
    /// Name of the chain; the proof knows its id.
    pub chain: String,
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperationProof {
    /// [`VERSION`].
    pub version: u32,
    /// The operation's exact bytes.
    pub operation: String,
    /// Its place in the submission.
    pub index: u64,
    /// What the source signed.
    pub submission: String,
    /// RFC 9162 inclusion path of the operation.
    pub siblings: Vec<B256>,
    /// The source's keys, from the one that it was registered with to the one that signed.
    pub keys: Vec<Jwk>,
    /// From each key to the next: the statement by the new one and the approval by the old.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<[String; 2]>,
    /// The submission in its data block.
    pub leaf: Membership,
    /// Where the root is recorded.
    pub recorded: Recorded,
    /// Transaction, receipt, header and finality; absent for a chain without finality certificates.
    pub proof: Option<ProofBundle>,
}

/// The first check that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {detail}")]
pub struct ProofFailure {
    /// Its name.
    pub check: &'static str,
    /// What it found.
    pub detail: String,
}

impl ProofFailure {
    fn new(check: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { check, detail: detail.to_string() }
    }
}

fn refuse(check: &'static str, detail: impl std::fmt::Display) -> ProofFailure {
    ProofFailure::new(check, detail)
}

impl From<VerifyError> for ProofFailure {
    fn from(error: VerifyError) -> Self {
        Self::new(error.check(), error)
    }
}

/// What was proven.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedOperation {
    /// Name of the operation.
    pub operation: B256,
    /// What the source signed.
    pub statement: Statement,
    /// Root of the data block.
    pub data_block: B256,
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Time of the block, Unix seconds: the operation is not younger.
    pub recorded_at: u64,
    /// The checks that were made, in order.
    pub checks: Vec<&'static str>,
}

impl OperationProof {
    /// Reads a file.
    ///
    /// # Errors
    /// `file-readable`.
    pub fn from_json(json: &[u8]) -> Result<Self, ProofFailure> {
        if json.len() > MAX_FILE_BYTES {
            return Err(ProofFailure::new("file-readable", format!("it is longer than {MAX_FILE_BYTES} bytes")));
        }
        serde_json::from_slice(json).map_err(|error| ProofFailure::new("file-readable", error))
    }

    /// Verifies everything, knowing the chain alone.
    ///
    /// # Errors
    /// The first check that fails, by name.
    pub fn verify(&self, chain: &TrustedChain) -> Result<VerifiedOperation, ProofFailure> {
        let (operation, statement) = self.verify_submission(Some(chain.chain_id()))?;
        let proven = self.bundle()?.verify(chain)?;
        self.verify_recorded((operation, statement), &proven.header, (&proven.transaction, &proven.receipt))
    }

    /// Verifies everything but that the block is final, which whoever gives its header has proven before.
    ///
    /// # Errors
    /// The first check that fails, by name; `root-recorded` also when the operation is recorded in another block.
    pub fn verify_in(&self, header: &FinalHeader) -> Result<VerifiedOperation, ProofFailure> {
        let submission = self.verify_submission(Some(header.chain_id()))?;
        self.verify_in_block(submission, header, &["block-final"])
    }

    /// Verifies that the operation is recorded in that block, and nothing else: neither that the block is final nor that the source signed, which [`Self::signed`] does. So whoever meets
    /// several operations of one submission verifies its signature once.
    ///
    /// # Errors
    /// The first check that fails, by name; `root-recorded` also when the operation is recorded in another block.
    pub fn verify_inclusion(&self, header: &FinalHeader) -> Result<VerifiedOperation, ProofFailure> {
        let submission = self.verify_submission(None)?;
        self.verify_in_block(submission, header, &["block-final", "source-key", "source-signature"])
    }

    fn verify_in_block(
        &self,
        submission: (B256, Statement),
        header: &FinalHeader,
        not_checked: &[&str],
    ) -> Result<VerifiedOperation, ProofFailure> {
        let (transaction, receipt) = self.bundle()?.verify_in(header)?;
        let mut verified = self.verify_recorded(submission, header, (&transaction, &receipt))?;
        verified.checks.retain(|check| !not_checked.contains(check));
        Ok(verified)
    }

    /// What the source signed, if the operation is under its signature on this chain. That it is recorded is not looked at, and no finality is needed.
    ///
    /// # Errors
    /// The first check that fails, by name.
    pub fn signed(&self, chain: u64) -> Result<Statement, ProofFailure> {
        let (_, statement) = self.verify_submission(Some(chain))?;
        if statement.chain_id == chain {
            Ok(statement)
        } else {
            Err(refuse("chain-matches", "the source signed for another chain"))
        }
    }

    /// From the operation to its data block: its name, and what the source signed. Whether it did is looked at for the id of a chain, on which its keys followed one another.
    fn verify_submission(&self, signed_on: Option<u64>) -> Result<(B256, Statement), ProofFailure> {
        if self.version != VERSION {
            return Err(ProofFailure::new("file-readable", format!("version {}, known is {VERSION}", self.version)));
        }
        let jws = Jws::parse(&self.submission, submission::TYP).map_err(|error| refuse("source-signature", error))?;
        let statement: Statement =
            serde_json::from_slice(&jws.payload).map_err(|error| refuse("source-signature", error))?;
        Operation::parse(self.operation.as_bytes()).map_err(|error| refuse("operation-in-submission", error))?;
        let operation = Operation::name(self.operation.as_bytes());
        if !merkle::verify(statement.root, operation, self.index, statement.count.into(), &self.siblings) {
            return Err(refuse("operation-in-submission", "the operation is not at this place under the signed root"));
        }
        if let Some(chain) = signed_on {
            self.verify_signature(&jws, statement.source, chain)?;
        }
        let leaf = submission::leaf(jws.digest(), &statement);
        if !data_block::verify(DataBlockRoot(self.leaf.root), &leaf, &self.leaf.siblings) {
            return Err(refuse("submission-in-block", "the submission is not under the data block's root"));
        }
        Ok((operation, statement))
    }

    fn verify_signature(&self, jws: &Jws, source: SourceId, chain: u64) -> Result<(), ProofFailure> {
        let key = self.source_key(source, chain)?;
        jws.verify(&key).map_err(|error| {
            if jws.kid == key.thumbprint() {
                refuse("source-signature", error)
            } else {
                refuse("source-signature", "kid names another key than the last of keys")
            }
        })
    }

    /// The last key, if the first one's thumbprint is the source's name and each key has approved the next on this chain.
    fn source_key(&self, source: SourceId, chain: u64) -> Result<PublicKey, ProofFailure> {
        let refuse = |detail: String| refuse("source-key", detail);
        let most = MAX_ROTATIONS + 1;
        if !(1..=most).contains(&self.keys.len()) || self.rotations.len() + 1 != self.keys.len() {
            return Err(refuse(format!("there are 1 to {most} keys, and one rotation fewer")));
        }
        let keys = self.keys.iter().map(PublicKey::from_jwk).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|error| refuse(error.to_string()))?;
        let (first, last) = (&keys[0], &keys[keys.len() - 1]);
        if first.thumbprint().source() != source {
            return Err(refuse(format!("the first key is not the one that {source} was registered with")));
        }
        for (pair, [statement, approval]) in keys.windows(2).zip(&self.rotations) {
            let shown = ShownKey::parse(statement).map_err(|error| refuse(error.to_string()))?;
            let SourceStatement::Rotate { chain_id, source: of, .. } = &shown.statement else {
                return Err(refuse("a statement is no rotation".into()));
            };
            if (*chain_id, *of) != (chain, source) || shown.key != pair[1] {
                return Err(refuse("a rotation is of another source, on another chain, or to another key".into()));
            }
            shown.approved_by(approval, &pair[0]).map_err(|error| refuse(error.to_string()))?;
        }
        Ok(last.clone())
    }

    fn bundle(&self) -> Result<&ProofBundle, ProofFailure> {
        let bundle = self.proof.as_ref().ok_or_else(|| {
            refuse("block-final", "the file has no proof of finality: its chain has no certificates, or it was cut")
        })?;
        if bundle.version != BUNDLE_VERSION {
            return Err(refuse("file-readable", "the proof in it is of another version"));
        }
        Ok(bundle)
    }

    /// The root stands in an event of the registry's own address, in a transaction of a final block of the chain that the source named.
    fn verify_recorded(
        &self,
        (operation, statement): (B256, Statement),
        header: &FinalHeader,
        (transaction, receipt): (&VerifiedTransaction, &VerifiedReceipt),
    ) -> Result<VerifiedOperation, ProofFailure> {
        let receipt = &receipt.receipt;
        let is_recorded = receipt.status()
            && receipt.logs().iter().any(|log| {
                log.address == predeploys::DATA_BLOCK_REGISTRY
                    && DataBlockRegistry::DataBlockRecorded::decode_log_data(&log.data)
                        .is_ok_and(|event| event.root == self.leaf.root)
            });
        if !is_recorded {
            return Err(refuse("root-recorded", "the transaction does not record this root"));
        }
        let said = &self.recorded;
        let is_there = said.tx_hash == transaction.hash
            && said.block_number == header.number()
            && said.block_hash == header.hash();
        if !is_there {
            return Err(refuse("root-recorded", "it is recorded elsewhere than the file says"));
        }
        if statement.chain_id != header.chain_id() {
            return Err(refuse("chain-matches", "the source signed for another chain"));
        }
        let checks = vec![
            "file-readable",
            "operation-in-submission",
            "source-key",
            "source-signature",
            "submission-in-block",
            "block-final",
            "transaction-included",
            "root-recorded",
            "chain-matches",
        ];
        Ok(VerifiedOperation {
            operation,
            statement,
            data_block: self.leaf.root,
            tx_hash: said.tx_hash,
            block_number: said.block_number,
            recorded_at: header.header().timestamp,
            checks,
        })
    }
}

#[cfg(test)]
mod tests;
