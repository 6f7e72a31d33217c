use alloy_primitives::{B256, FixedBytes};
use commonware_codec::DecodeExt;
use commonware_cryptography::bls12381::primitives::{
    ops,
    variant::{MinPk, Variant},
};
use serde::{Deserialize, Serialize};

use crate::{
    ChainReference, Member, Membership, TrustedChain, ValidatorKey,
    certificate::{BLS_SIGNATURE_BYTES, finality_namespace, write_varint},
};

/// Version of the JSON of [`ConflictingVotes`] that this crate writes and reads.
pub const EVIDENCE_VERSION: u32 = 1;

/// What a vote says (EVIDENCE-1). The names are those of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VoteKind {
    /// This block may be final.
    Notarize,
    /// Nothing of this view will become final.
    Nullify,
    /// This block is final.
    Finalize,
}

impl VoteKind {
    /// What is added to the chain's namespace where such a vote is signed.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Notarize => "_NOTARIZE",
            Self::Nullify => "_NULLIFY",
            Self::Finalize => "_FINALIZE",
        }
    }
}

/// The block that a vote is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VotedBlock {
    /// View of the parent that it was proposed on.
    pub parent_view: u64,
    /// Its hash.
    pub hash: B256,
}

/// One vote with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedVote {
    /// What it says.
    pub kind: VoteKind,
    /// About which block; a vote to give up a view is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<VotedBlock>,
    /// Compressed G2 point.
    pub signature: FixedBytes<BLS_SIGNATURE_BYTES>,
}

impl SignedVote {
    /// What was signed, without the namespace: as in a certificate (FINALITY-1), or the round alone where there is no block.
    fn message(&self, epoch: u64, view: u64) -> Result<Vec<u8>, EvidenceError> {
        let mut out = Vec::new();
        write_varint(&mut out, epoch);
        write_varint(&mut out, view);
        match (self.kind, &self.block) {
            (VoteKind::Nullify, None) => {}
            (VoteKind::Notarize | VoteKind::Finalize, Some(block)) => {
                write_varint(&mut out, block.parent_view);
                out.extend_from_slice(block.hash.as_slice());
            }
            (VoteKind::Nullify, Some(_)) => return Err(malformed("a vote to give up a view names a block")),
            (_, None) => return Err(malformed("a vote for a block names none")),
        }
        Ok(out)
    }
}

/// Two votes of one validator in one round that no honest validator gives both: the evidence against it, complete in itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictingVotes {
    /// [`EVIDENCE_VERSION`].
    pub version: u32,
    /// Where it is from. Checked, not trusted.
    pub chain: ChainReference,
    /// Epoch of both votes.
    pub epoch: u64,
    /// View of both votes.
    pub view: u64,
    /// Who signed both.
    pub validator: ValidatorKey,
    /// The two, in the order in which they were heard.
    pub votes: [SignedVote; 2],
}

/// In which way a validator broke the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Misconduct {
    /// Voted for two blocks of one view.
    NotarizedTwo,
    /// Called two blocks of one view final.
    FinalizedTwo,
    /// Gave up a view and called a block of it final.
    NullifiedAndFinalized,
}

/// Why evidence was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// It names another chain than the one that is trusted.
    #[error(
        "the evidence is from chain {found_id} with genesis {found_genesis}, not from the trusted one; verify it against that chain's genesis file"
    )]
    WrongChain {
        /// Chain id that it names.
        found_id: u64,
        /// Genesis hash that it names.
        found_genesis: B256,
    },
    /// It is not of a form that this crate reads.
    #[error("the evidence is malformed: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key is none of the trusted validators'.
    #[error("the key {key} belongs to none of the trusted validators")]
    UnknownValidator {
        /// The key.
        key: ValidatorKey,
    },
    /// The key is not that of the validator whose membership is proven.
    #[error("the key {key} is not that of the validator whose membership is proven")]
    OtherMember {
        /// The key.
        key: ValidatorKey,
    },
    /// The membership is proven of another epoch.
    #[error("the votes are of epoch {votes}, and the membership is proven of epoch {proven}")]
    OtherEpoch {
        /// Epoch of the votes.
        votes: u64,
        /// Epoch of the membership.
        proven: u64,
    },
    /// The proof of membership does not hold.
    #[error("whose the key was in that epoch is not proven")]
    Membership {
        /// The check that failed, as [`crate::VerifyError::check`] names it.
        check: &'static str,
    },
    /// An honest validator may give both votes.
    #[error("the two votes do not contradict each other")]
    NotConflicting,
    /// One of the votes was not signed with the key.
    #[error("vote {vote} of the two was not signed by the validator for this chain")]
    Signature {
        /// 1 or 2.
        vote: usize,
    },
}

impl EvidenceError {
    /// The name of the check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        match self {
            Self::WrongChain { .. } => "WrongChain",
            Self::Malformed { .. } => "EvidenceMalformed",
            Self::UnknownValidator { .. } => "UnknownValidator",
            Self::OtherMember { .. } => "OtherMember",
            Self::OtherEpoch { .. } => "OtherEpoch",
            Self::Membership { check } => check,
            Self::NotConflicting => "NotConflicting",
            Self::Signature { .. } => "VoteSignature",
        }
    }
}

impl ConflictingVotes {
    /// In which way the two contradict each other (EVIDENCE-2).
    ///
    /// # Errors
    /// [`EvidenceError::NotConflicting`].
    pub fn misconduct(&self) -> Result<Misconduct, EvidenceError> {
        let [first, second] = &self.votes;
        let differ = first.block != second.block;
        match (first.kind, second.kind) {
            (VoteKind::Notarize, VoteKind::Notarize) if differ => Ok(Misconduct::NotarizedTwo),
            (VoteKind::Finalize, VoteKind::Finalize) if differ => Ok(Misconduct::FinalizedTwo),
            (VoteKind::Nullify, VoteKind::Finalize) | (VoteKind::Finalize, VoteKind::Nullify) => {
                Ok(Misconduct::NullifiedAndFinalized)
            }
            _ => Err(EvidenceError::NotConflicting),
        }
    }

    /// Verifies both signatures: whoever has the key has broken the rules on the chain that the evidence names (EVIDENCE-3).
    /// Whose key it is, and that the chain is the right one, the caller has to know: see [`TrustedChain::verify_conflict`].
    ///
    /// # Errors
    /// [`EvidenceError::Malformed`], [`EvidenceError::NotConflicting`], [`EvidenceError::Signature`].
    pub fn verify(&self) -> Result<Misconduct, EvidenceError> {
        if self.version != EVIDENCE_VERSION {
            return Err(malformed("it is of a version that this program does not read"));
        }
        let misconduct = self.misconduct()?;
        let key = <MinPk as Variant>::Public::decode(self.validator.to_vec())
            .map_err(|_| malformed("the key is not a BLS12-381 G1 point"))?;
        for (vote, signed) in (1..).zip(&self.votes) {
            let signature = <MinPk as Variant>::Signature::decode(signed.signature.to_vec())
                .map_err(|_| malformed("a signature is not a BLS12-381 G2 point"))?;
            let mut namespace = finality_namespace(self.chain.chain_id, self.chain.genesis_hash);
            namespace.extend_from_slice(signed.kind.suffix().as_bytes());
            let message = signed.message(self.epoch, self.view)?;
            ops::verify_message::<MinPk>(&key, &namespace, &message, &signature)
                .map_err(|_| EvidenceError::Signature { vote })?;
        }
        Ok(misconduct)
    }
}

impl TrustedChain {
    /// Verifies evidence against one of the genesis' validators (EVIDENCE-1 to EVIDENCE-4); gives its position in the set and what it did. For one
    /// that was voted in later: [`Self::verify_conflict_of_member`].
    ///
    /// # Errors
    /// The check that failed.
    pub fn verify_conflict(&self, evidence: &ConflictingVotes) -> Result<(usize, Misconduct), EvidenceError> {
        self.check_chain(evidence)?;
        let key = evidence.validator;
        let position = self.essentials().validators.iter().position(|known| *known == key);
        let position = position.ok_or(EvidenceError::UnknownValidator { key })?;
        Ok((position, evidence.verify()?))
    }

    /// Verifies evidence against a validator that was voted in after the genesis (EVIDENCE-7); gives whose it is and what it did.
    ///
    /// # Errors
    /// The check that failed.
    pub fn verify_conflict_of_member(
        &self,
        evidence: &ConflictingVotes,
        membership: &Membership,
    ) -> Result<(Member, Misconduct), EvidenceError> {
        self.check_chain(evidence)?;
        let member =
            self.verify_membership(membership).map_err(|error| EvidenceError::Membership { check: error.check() })?;
        if member.key != evidence.validator {
            return Err(EvidenceError::OtherMember { key: evidence.validator });
        }
        if member.epoch != evidence.epoch {
            return Err(EvidenceError::OtherEpoch { votes: evidence.epoch, proven: member.epoch });
        }
        Ok((member, evidence.verify()?))
    }

    fn check_chain(&self, evidence: &ConflictingVotes) -> Result<(), EvidenceError> {
        let ChainReference { chain_id, genesis_hash } = evidence.chain;
        if chain_id != self.chain_id() || genesis_hash != self.genesis_hash() {
            return Err(EvidenceError::WrongChain { found_id: chain_id, found_genesis: genesis_hash });
        }
        Ok(())
    }
}

const fn malformed(reason: &'static str) -> EvidenceError {
    EvidenceError::Malformed { reason }
}
