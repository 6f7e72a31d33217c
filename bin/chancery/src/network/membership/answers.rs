//! What is shown of the validator registry.

use std::fmt::{self, Display, Formatter};

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use chancery_contracts::{
    ValidatorRegistry::{Proposal, Seat, Validator, ValidatorRegistryErrors as Refusal},
    organization_text,
};
use serde::Serialize;

use crate::network::voting::Sent;

/// `ProposalKind` and `ProposalState` of `contracts/src/types/ValidatorTypes.sol`, by number.
const KINDS: [&str; 3] = ["add-validator", "remove-validator", "change-voter"];
pub(in crate::network) const STATES: [&str; 5] = ["unknown", "open", "passed", "expired", "withdrawn"];

/// The set with those who vote and what they vote on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetAnswer {
    epoch_length: u64,
    /// Of the newest block.
    epoch: u64,
    height: u64,
    /// As they will be from the next epoch on if nothing changes until then.
    validators: Vec<Member>,
    organizations: Vec<Organization>,
    open_proposals: Vec<ProposalAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    organization: String,
    peer_public_key: FixedBytes<32>,
    bls_public_key: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    name: String,
    voting_account: Address,
    validators: u32,
}

/// A proposal as it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProposalAnswer {
    id: u64,
    kind: &'static str,
    state: &'static str,
    organization: String,
    #[serde(skip_serializing_if = "FixedBytes::is_zero")]
    peer_public_key: FixedBytes<32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voting_account: Option<Address>,
    /// Seconds since 1970.
    expires_at: u64,
    votes: Vec<String>,
}

/// What a transaction has brought about.
#[derive(Serialize)]
pub(super) struct Outcome {
    transaction: B256,
    block: u64,
    proposal: ProposalAnswer,
}

impl SetAnswer {
    pub(super) fn new(
        epoch_length: u64,
        height: u64,
        validators: &[Validator],
        seats: Vec<(B256, Seat)>,
        open_proposals: Vec<ProposalAnswer>,
    ) -> Self {
        let validators = validators
            .iter()
            .map(|validator| Member {
                organization: organization_text(validator.organization),
                peer_public_key: validator.peerKey,
                bls_public_key: validator.blsKey.clone(),
            })
            .collect();
        let organizations = seats
            .into_iter()
            .map(|(name, seat)| Organization {
                name: organization_text(name),
                voting_account: seat.voter,
                validators: seat.validators,
            })
            .collect();
        let epoch = height.checked_div(epoch_length).unwrap_or_default();
        Self { epoch_length, epoch, height, validators, organizations, open_proposals }
    }
}

impl ProposalAnswer {
    pub(super) fn new(id: U256, proposal: Proposal, votes: &[B256]) -> Self {
        let named = |names: &[&'static str], number: u8| names.get(usize::from(number)).copied().unwrap_or("unknown");
        Self {
            id: id.saturating_to(),
            kind: named(&KINDS, proposal.kind),
            state: named(&STATES, proposal.state),
            organization: organization_text(proposal.organization),
            peer_public_key: proposal.peerKey,
            voting_account: (!proposal.voter.is_zero()).then_some(proposal.voter),
            expires_at: proposal.expiresAt,
            votes: votes.iter().map(|name| organization_text(*name)).collect(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == STATES[1]
    }
}

impl Outcome {
    pub(super) fn new(sent: &Sent, proposal: ProposalAnswer) -> Self {
        Self { transaction: sent.transaction, block: sent.block, proposal }
    }
}

impl Display for ProposalAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "proposal {}: {} {}", self.id, self.kind, self.organization)?;
        if !self.peer_public_key.is_zero() {
            write!(f, " ({})", self.peer_public_key)?;
        }
        write!(f, ", {}, voted for by {}", self.state, self.votes.join(", "))
    }
}

impl Display for SetAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "block {}, epoch {} of {} blocks", self.height, self.epoch, self.epoch_length)?;
        for validator in &self.validators {
            writeln!(f, "  {}  {}", validator.peer_public_key, validator.organization)?;
        }
        for organization in &self.organizations {
            writeln!(f, "{} votes for {}", organization.voting_account, organization.name)?;
        }
        for proposal in &self.open_proposals {
            writeln!(f, "{proposal}")?;
        }
        write!(f, "{} open proposals", self.open_proposals.len())
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nfinal in block {} as {}", self.proposal, self.block, self.transaction)
    }
}

/// What a refusal of the registry means, and what to do.
pub(super) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAVoter(not) => format!("{} votes for no organization; use the voting key of one", not.account),
        Refusal::VoterUnusable(voter) => {
            format!("{} cannot become a voting account: it is zero, or votes for an organization already", voter.voter)
        }
        Refusal::OrganizationUnknown(unknown) => {
            format!("{} runs no validator", organization_text(unknown.organization))
        }
        Refusal::ValidatorUnknown(unknown) => format!("{} is no validator's peer key", unknown.peerKey),
        Refusal::PeerKeyTaken(taken) => format!("a validator has the peer key {} already", taken.peerKey),
        Refusal::BlsKeyTaken(taken) => format!("the validator {} has this BLS key already", taken.peerKey),
        Refusal::PossessionNotProven(_) => {
            "the proof of possession does not belong to the BLS key; have the member run `chancery network key` again"
                .into()
        }
        Refusal::LastValidator(_) => "a chain keeps at least one validator".into(),
        Refusal::ValidatorSetFull(full) => format!("a chain has at most {} validators", full.maximum),
        Refusal::ProposalUnknown(unknown) => format!("there is no proposal {}", unknown.id),
        Refusal::ProposalClosed(closed) => {
            format!("proposal {} has passed or expired; propose it again if it expired", closed.id)
        }
        Refusal::AlreadyVoted(voted) => {
            format!("{} has voted for proposal {} already", organization_text(voted.organization), voted.id)
        }
        other => format!("{other:?}"),
    }
}
