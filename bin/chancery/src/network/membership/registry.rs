//! The validator registry over JSON-RPC.

use alloy::sol_types::SolEvent as _;
use alloy_primitives::{B256, U256};
use anyhow::Result;
use chancery_contracts::{
    ValidatorRegistry::{self, Validator, ValidatorRegistryErrors},
    predeploys::VALIDATOR_REGISTRY,
};

use super::answers::{self, ProposalAnswer, SetAnswer};
use crate::network::voting::{Assembly, Subject};

/// Items in one page of the registry.
const PAGE: usize = 100;

/// Who decides.
pub(super) const VALIDATORS: Subject = Subject {
    address: VALIDATOR_REGISTRY,
    name: "registry",
    absent: "its validators are those of its genesis; only another genesis changes them",
    proposed: |log| ValidatorRegistry::Proposed::decode_log(&log.inner).ok().map(|proposed| proposed.id),
    refusal: |answer| {
        answer.as_decoded_interface_error::<ValidatorRegistryErrors>().map(|reason| answers::refusal(&reason))
    },
};

/// The validators as the next epoch will have them if nothing changes until then.
pub(super) async fn validators(registry: &Assembly) -> Result<Vec<Validator>> {
    let mut validators = Vec::new();
    loop {
        let offset = U256::from(validators.len());
        let page = registry.view(ValidatorRegistry::validatorsCall { offset, limit: U256::from(PAGE) }).await?;
        let last = page.len() < PAGE;
        validators.extend(page);
        if last {
            return Ok(validators);
        }
    }
}

/// A proposal with its votes.
pub(super) async fn proposal(registry: &Assembly, id: U256) -> Result<ProposalAnswer> {
    let proposal = registry.view(ValidatorRegistry::proposalCall { id }).await?;
    let votes = registry.view(ValidatorRegistry::votesCall { id }).await?;
    Ok(ProposalAnswer::new(id, proposal, &votes))
}

/// Everything that somebody who votes wants to know.
pub(super) async fn set(registry: &Assembly) -> Result<SetAnswer> {
    let validators = validators(registry).await?;
    let mut organizations: Vec<B256> = validators.iter().map(|validator| validator.organization).collect();
    organizations.sort_unstable();
    organizations.dedup();
    let mut seats = Vec::with_capacity(organizations.len());
    for organization in organizations {
        seats.push((organization, registry.view(ValidatorRegistry::seatCall { organization }).await?));
    }
    let mut open = Vec::new();
    for id in Assembly::newest(registry.view(ValidatorRegistry::proposalCountCall {}).await?) {
        open.extend(Some(proposal(registry, U256::from(id)).await?).filter(ProposalAnswer::is_open));
    }
    let epoch_length = registry.view(ValidatorRegistry::epochLengthCall {}).await?;
    Ok(SetAnswer::new(epoch_length, registry.height().await?, &validators, seats, open))
}
