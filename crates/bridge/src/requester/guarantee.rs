//! What a committed request cannot be relied on for, because a chain without finality certificates takes part (A-MORE-4).

use std::fmt;

use alloy_primitives::B256;

/// A guarantee that does not hold; the table is in `docs/specs/alliance.md`, "Foreign chains: what is lost".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingGuarantee {
    /// Because of this member.
    pub member: B256,
    /// Which.
    pub lost: Lost,
}

/// Which guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// More than half of the member's endorsers may attest a reservation that does not exist (ALLIANCE-5, ALLIANCE-9).
    AtomicityAgainstItsEndorsers,
    /// Its chain may take a reservation back after it was attested (ALLIANCE-5, ALLIANCE-9).
    AtomicityAgainstReorganisation,
    /// Versions that were read there are the endorsers' word.
    ProofOfReads,
}

impl Lost {
    /// All that a foreign chain loses.
    pub const ALL: [Self; 3] =
        [Self::AtomicityAgainstItsEndorsers, Self::AtomicityAgainstReorganisation, Self::ProofOfReads];
}

impl fmt::Display for MissingGuarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = self.member;
        match self.lost {
            Lost::AtomicityAgainstItsEndorsers => {
                write!(
                    f,
                    "more than half of the endorsers of {member} could have attested what its chain does not have"
                )
            }
            Lost::AtomicityAgainstReorganisation => {
                write!(f, "the chain of {member} has no finality certificates, and may take back what it had")
            }
            Lost::ProofOfReads => write!(f, "what was read on {member} is its endorsers' word"),
        }
    }
}
