//! What is known of another chain (`docs/specs/anchor.md`).

use std::collections::BTreeMap;

use alloy_primitives::B256;
use chancery_light::{FinalHeader, FinalityProof, Handover, TrustedChain, VerifyError};

/// Two final headers of one number: more than a third of the validators have signed both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Their number.
    pub number: u64,
    /// The hash that was recorded.
    pub first: B256,
    /// The hash that came later.
    pub second: B256,
}

/// What a message did to an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// The header is recorded now.
    Recorded,
    /// It was recorded before.
    Known,
    /// It contradicts a recorded one: the anchor is frozen now.
    Froze(Conflict),
}

/// Why an anchor refused a message or a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// ANCHOR-4.
    #[error("two blocks of number {} are final, {} and {}: the organizations have to vote whom to trust", .0.number, .0.first, .0.second)]
    Frozen(Conflict),
    /// The number is not recorded in this generation.
    #[error("block {0} is not anchored: submit its header with a finality certificate")]
    NotAnchored(u64),
    /// A proof that is submitted is verified against the set that is trusted now.
    #[error("the proof carries {0} handovers: follow them one by one first")]
    HandoversInside(usize),
    /// Trust may be set anew for the same chain alone.
    #[error("the anchor follows chain {expected}, not chain {found}")]
    OtherChain {
        /// The followed chain's id.
        expected: u64,
        /// The id that was given.
        found: u64,
    },
    /// The proof does not hold.
    #[error(transparent)]
    Refused(#[from] VerifyError),
}

/// A chain that is followed: the set that is trusted, and the headers that were proven final under it.
#[derive(Clone, Debug)]
pub struct Anchor {
    chain: TrustedChain,
    generation: u64,
    records: BTreeMap<u64, FinalHeader>,
    conflict: Option<Conflict>,
}

impl Anchor {
    /// Nothing recorded yet.
    #[must_use]
    pub const fn new(chain: TrustedChain) -> Self {
        Self { chain, generation: 0, records: BTreeMap::new(), conflict: None }
    }

    /// The chain under the set that is trusted now.
    #[must_use]
    pub const fn chain(&self) -> &TrustedChain {
        &self.chain
    }

    /// How often the trust was set anew.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// What froze it.
    #[must_use]
    pub const fn conflict(&self) -> Option<Conflict> {
        self.conflict
    }

    /// Takes a header with its certificate, from anybody (ANCHOR-1, ANCHOR-3, ANCHOR-4, ANCHOR-6).
    ///
    /// # Errors
    /// Frozen, or a proof that does not hold under the set that is trusted now.
    pub fn submit(&mut self, proof: &FinalityProof) -> Result<Submission, AnchorError> {
        self.check_not_frozen()?;
        if !proof.handovers.is_empty() {
            return Err(AnchorError::HandoversInside(proof.handovers.len()));
        }
        let header = self.chain.verify_finality(proof)?;
        Ok(self.record(header))
    }

    /// Takes the next validators, from anybody, if those that are trusted hand over to them (ANCHOR-2).
    ///
    /// # Errors
    /// Frozen, or a handover that does not hold.
    pub fn follow(&mut self, handover: &Handover) -> Result<Submission, AnchorError> {
        self.check_not_frozen()?;
        let next = self.chain.follow(handover)?;
        let last = FinalityProof {
            header: handover.header.clone(),
            certificate: handover.certificate.clone(),
            descendants: Vec::new(),
            handovers: Vec::new(),
        };
        let header = self.chain.verify_finality(&last)?;
        let submission = self.record(header);
        if !matches!(submission, Submission::Froze(_)) {
            self.chain = next;
        }
        Ok(submission)
    }

    /// The organizations have voted: these validators count from now on, and nothing that was recorded before (ANCHOR-5).
    ///
    /// # Errors
    /// Another chain than the followed one.
    pub fn set_trust(&mut self, chain: TrustedChain) -> Result<(), AnchorError> {
        if (chain.chain_id(), chain.genesis_hash()) != (self.chain.chain_id(), self.chain.genesis_hash()) {
            return Err(AnchorError::OtherChain { expected: self.chain.chain_id(), found: chain.chain_id() });
        }
        *self = Self { generation: self.generation + 1, ..Self::new(chain) };
        Ok(())
    }

    /// The final header of that number.
    ///
    /// # Errors
    /// Frozen, or not anchored.
    pub fn header(&self, number: u64) -> Result<&FinalHeader, AnchorError> {
        self.check_not_frozen()?;
        self.records.get(&number).ok_or(AnchorError::NotAnchored(number))
    }

    /// The highest number that is recorded.
    #[must_use]
    pub fn latest(&self) -> Option<u64> {
        self.records.keys().next_back().copied()
    }

    fn record(&mut self, header: FinalHeader) -> Submission {
        let number = header.number();
        let Some(known) = self.records.get(&number) else {
            self.records.insert(number, header);
            return Submission::Recorded;
        };
        if known.hash() == header.hash() {
            return Submission::Known;
        }
        let conflict = Conflict { number, first: known.hash(), second: header.hash() };
        self.conflict = Some(conflict);
        Submission::Froze(conflict)
    }

    fn check_not_frozen(&self) -> Result<(), AnchorError> {
        self.conflict.map_or(Ok(()), |conflict| Err(AnchorError::Frozen(conflict)))
    }
}
