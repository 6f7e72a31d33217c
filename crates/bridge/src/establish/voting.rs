//! What a member of an alliance decides with the others, and what it decides alone: admit, remove, dissolve; leave.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolEvent};
use chancery_contracts::Alliance;
use chancery_ledger::{Call, SubmitterKey};

use super::{Declared, EstablishError};
use crate::contracts::{AllianceContract, view};

/// What members vote on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ballot {
    /// Takes a member in by its requirement, or renews its policy and authority.
    Admit(Declared),
    /// Puts a member out.
    Remove(B256),
    /// Ends the alliance. What was sequenced before goes on to its decision.
    Dissolve,
}

/// How a vote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Members that have voted for the same, this one included.
    pub votes: usize,
    /// Members that there were.
    pub members: usize,
    /// It was carried out by this vote.
    pub is_carried_out: bool,
}

impl Tally {
    /// How many votes carry it out: more than two thirds.
    #[must_use]
    pub const fn needed(&self) -> usize {
        2 * self.members / 3 + 1
    }
}

impl Ballot {
    fn encoded(&self) -> Alliance::Ballot {
        let none = (B256::ZERO, U256::ZERO, Address::ZERO);
        let (kind, (member, requirement, anchor)) = match *self {
            Self::Admit(declared) => {
                (0, (B256::ZERO, declared.id, declared.anchor.map_or(Address::ZERO, |made| made.address)))
            }
            Self::Remove(member) => (1, (member, U256::ZERO, Address::ZERO)),
            Self::Dissolve => (2, none),
        };
        Alliance::Ballot { kind, member, requirement, anchor }
    }
}

/// Votes in the name of a member, for whatever the ballot says: who would be admitted is looked at before ([`super::candidate`]). One that has voted for the same already does not vote again.
///
/// # Errors
/// `Reverted` with `NotTheAuthority`, `StateMismatch`, `RequirementMismatch`, `AnchorMismatch`, `NotAMember`, `AllianceFull`; an unreachable chain.
pub async fn vote(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    member: B256,
    ballot: Ballot,
) -> Result<Tally, EstablishError> {
    let (chain, address, encoded) = (&alliance.chain, alliance.address, ballot.encoded());
    let members = alliance.members().await?.len();
    let cast = view(chain, address, &Alliance::votesCall { ballot: encoded.clone() }).await?;
    if cast.contains(&member) {
        return Ok(Tally { votes: cast.len(), members, is_carried_out: false });
    }
    let call = Alliance::voteCall { name: member, ballot: encoded };
    let sent = chain.submit(authority, Call { to: Some(address), data: call.abi_encode().into() }).await?;
    let transaction = chain.transaction(sent.tx_hash, Some(sent.block.number)).await?;
    let carried = match ballot {
        Ballot::Admit(_) => Alliance::Admitted::SIGNATURE_HASH,
        Ballot::Remove(_) => Alliance::Removed::SIGNATURE_HASH,
        Ballot::Dissolve => Alliance::Dissolved::SIGNATURE_HASH,
    };
    let mut own = transaction.events.iter().filter(|event| event.contract == address);
    let is_carried_out = own.any(|event| event.topics.first() == Some(&carried));
    Ok(Tally { votes: cast.len() + 1, members, is_carried_out })
}

/// Takes a member out in its own name. Requests that were sequenced before go on to their decision.
///
/// # Errors
/// `Reverted` with `NotAMember`, `NotTheAuthority`, `StateMismatch`; an unreachable chain.
pub async fn leave(
    alliance: &AllianceContract,
    authority: &Arc<SubmitterKey>,
    member: B256,
) -> Result<(), EstablishError> {
    let call = Alliance::leaveCall { name: member };
    let call = Call { to: Some(alliance.address), data: call.abi_encode().into() };
    alliance.chain.submit(authority, call).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // A-EST: as AllianceMembership has it, 3 * votes > 2 * members.
    #[test]
    fn more_than_two_thirds_are_needed() {
        let needed = |members| Tally { votes: 0, members, is_carried_out: false }.needed();
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(needed), [1, 2, 3, 3, 4, 5, 5]);
    }
}
