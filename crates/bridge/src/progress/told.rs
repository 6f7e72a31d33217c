//! What an event of a chain tells of a request.

use alloy_primitives::{B256, U256};
use chancery_ledger::Event;

use super::Standing;
use crate::alliance::{certificate::SignatureFault, store::Outcome};

/// Where an event stands on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the block.
    pub block: u64,
    /// Position among the logs of the block.
    pub log: u64,
    /// Hash of the block.
    pub block_hash: B256,
    /// Time of the block, Unix milliseconds.
    pub time_ms: u64,
    /// The transaction.
    pub tx_hash: B256,
}

impl Place {
    /// Of an event.
    #[must_use]
    pub const fn of(event: &Event) -> Self {
        Self {
            block: event.block_number,
            log: event.log_index,
            block_hash: event.block_hash,
            time_ms: event.block_time_ms,
            tx_hash: event.tx_hash,
        }
    }

    /// Its position on the chain.
    pub(super) const fn order(&self) -> (u64, u64) {
        (self.block, self.log)
    }
}

/// Which chain tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The one that decides.
    Alliance,
    /// A member's, by its name.
    Member(B256),
}

/// The newest final block up to which a chain was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number.
    pub block: u64,
    /// Unix milliseconds.
    pub time_ms: u64,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event of the `Alliance` contract.
    Alliance(Place, AllianceFact),
    /// An event of a member's node contract.
    Member(B256, Place, MemberFact),
    /// Of requests that got their number before this time of the alliance chain, Unix milliseconds, nothing is told. Where it is not said, all are told.
    Since(u64),
    /// A chain was read so far.
    Head(Source, Head),
    /// Who is of the alliance now.
    Standing(Standing),
}

/// A node's signature of a request, as the submission named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// For whose part.
    pub member: B256,
    /// Serial number of the transaction certificate.
    pub certificate: u64,
    /// Whose certificate it is; `None`: there is no such certificate.
    pub node: Option<B256>,
}

/// A request that got its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// EIP-712 `hashStruct` of the request.
    pub request_hash: B256,
    /// Serial number of the requester's transaction certificate.
    pub certificate: u64,
    /// Member and node of the requester; `None`: the certificate cannot be read.
    pub requester: Option<(B256, B256)>,
    /// Last second in which it can be committed; `None`: it is invalid.
    pub deadline_s: Option<u64>,
    /// Members of its parts, in their order; none of an invalid one whose submission cannot be read.
    pub parties: Vec<B256>,
    /// Its endorsements; `None`: the submission cannot be read, since another contract has made it.
    pub signed: Option<Vec<Signed>>,
}

/// Why a member refuses, without the key: that is the member's business and the requester's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A version is no longer the one that was read.
    Stale {
        /// The version that the request had read.
        expected: u64,
        /// The version that the key has.
        actual: u64,
    },
    /// A key is held by an older request.
    Conflict {
        /// Its number.
        holder: u64,
    },
    /// The part is malformed.
    Malformed,
    /// The node contract's own rule says no.
    Rejected,
}

impl Reason {
    /// From the numbers of the contracts; `None` where none was given, as by an attestation.
    #[must_use]
    pub const fn from_codes(reason: u8, expected: u64, actual: u64) -> Option<Self> {
        match reason {
            1 => Some(Self::Stale { expected, actual }),
            2 => Some(Self::Conflict { holder: actual }),
            3 => Some(Self::Malformed),
            4 => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// How a request is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is applied everywhere.
    Committed,
    /// It is applied nowhere.
    Aborted {
        /// Who refused; `None`: the deadline has passed.
        member: Option<B256>,
        /// Why, where that is known.
        reason: Option<Reason>,
    },
}

/// What the alliance chain tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllianceFact {
    /// A member's endorsers are these from here on.
    Policy {
        /// The member.
        member: B256,
        /// Nodes with their weights.
        endorsers: Vec<(B256, u64)>,
    },
    /// A request got its number.
    Asked {
        /// That number.
        number: u64,
        /// The request.
        asked: Asked,
    },
    /// A signature of a sequence is bad.
    BadSignature {
        /// Of this request.
        number: u64,
        /// For whose part.
        member: B256,
        /// Serial number of the certificate that it names.
        certificate: u64,
        /// What is wrong with it; `None`: a fault that this program does not know.
        fault: Option<SignatureFault>,
    },
    /// Good endorsers are not more than half.
    WeightMissing {
        /// Of this request.
        number: u64,
        /// The member.
        member: B256,
        /// What its good endorsers weigh.
        weight: U256,
        /// What all of its endorsers weigh.
        total: U256,
    },
    /// A member's outcome was shown.
    Shown {
        /// Of this request.
        number: u64,
        /// The member.
        member: B256,
        /// What became of its part.
        outcome: Outcome,
        /// On its endorsers' word, not by proof.
        is_attested: bool,
    },
    /// It is decided.
    Ended {
        /// This request.
        number: u64,
        /// How.
        end: End,
    },
}

/// What a member's chain tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberFact {
    /// The keys of a part are held.
    Reserved {
        /// Of this request.
        number: u64,
    },
    /// A part is never reserved.
    Refused {
        /// Of this request.
        number: u64,
        /// Why; `None`: a reason that this program does not know.
        reason: Option<Reason>,
    },
    /// Its writes are in force.
    Applied {
        /// Of this request.
        number: u64,
    },
    /// Its keys were given back.
    Released {
        /// Of this request.
        number: u64,
    },
}
