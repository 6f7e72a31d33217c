//! Who is of an alliance, with which chains, and what of its guarantees holds for each.

use alloy_primitives::{Address, B256};

use crate::requester::Lost;

/// How far the alliance itself is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllianceState {
    /// Waits for the members to accept.
    Proposed,
    /// Takes requests.
    Active,
    /// Takes none any more.
    Dissolved,
}

impl AllianceState {
    /// From the contract's number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Proposed),
            1 => Some(Self::Active),
            2 => Some(Self::Dissolved),
            _ => None,
        }
    }
}

/// A member, or one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberStanding {
    /// Its name.
    pub name: B256,
    /// What its chain is called here; `None`: it is not followed.
    pub chain: Option<String>,
    /// EIP-155 id of its chain.
    pub chain_id: u64,
    /// Its node contract.
    pub node_contract: Address,
    /// It is of the alliance now.
    pub is_active: bool,
    /// Its outcomes are attested, not proven.
    pub is_foreign: bool,
    /// Its chain is named here, and did not answer the last time.
    pub is_unreachable: bool,
    /// Its anchor on the alliance chain was shown two final headers of one number: none of its outcomes counts there any more (ANCHOR-4).
    pub is_frozen_there: bool,
    /// The same of the alliance chain's anchor on its chain: no decision reaches it.
    pub is_frozen_here: bool,
}

impl MemberStanding {
    /// What cannot be relied on because of it.
    #[must_use]
    pub const fn missing(&self) -> &'static [Lost] {
        if self.is_foreign { &Lost::ALL } else { &[] }
    }
}

/// The alliance as its contract has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What for.
    pub purpose: B256,
    /// How far it is; `None`: a state that this program does not know.
    pub state: Option<AllianceState>,
    /// Members, and those that were, by name.
    pub members: Vec<MemberStanding>,
}
