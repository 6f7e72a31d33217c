//! `chancery network validators | propose-add | propose-remove | propose-voter | vote`: the organizations of a chain change its validators.

mod answers;
mod registry;

pub(super) use self::answers::STATES;

use alloy_primitives::{Address, Bytes, FixedBytes, U256};
use anyhow::{Context, Result, anyhow, bail};
use chancery_contracts::{ValidatorRegistry, organization_name, uncompressed_g1, uncompressed_g2};
use chancery_execution::ValidatorConfig;

use self::registry::VALIDATORS;
use super::{
    files::read_member,
    voting::{Assembly, Sent},
};
use crate::{
    arguments::{OwnProposal, ProposeAddition, ProposeRemoval, ProposeVoter, ShowValidators, VoteFor},
    output::Output,
};

/// Shows the validators, who votes, and what is proposed.
pub(super) fn validators(command: &ShowValidators, output: &Output) -> Result<()> {
    conversation(async {
        let set = registry::set(&Assembly::connect(&VALIDATORS, &command.rpc, None).await?).await?;
        output.answer(&set, &set);
        Ok(())
    })
}

/// Proposes a validator, from the file that `chancery network key` printed.
pub(super) fn propose_addition(command: &ProposeAddition, output: &Output) -> Result<()> {
    let member = read_member(&command.member)?;
    let ValidatorConfig { name, bls_public_key, peer_public_key, proof_of_possession, voting_account } = member;
    let file = command.member.display();
    let point = |point: Result<Bytes, _>, what: &str| point.map_err(|error| anyhow!("{file}: {what}: {error}"));
    let key = point(uncompressed_g1(bls_public_key.as_slice()), "blsPublicKey")?;
    let possession = point(uncompressed_g2(proof_of_possession.as_slice()), "proofOfPossession")?;
    let name = command.organization.as_ref().unwrap_or(&name);
    let organization = named(name)?;
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let seat = registry.view(ValidatorRegistry::seatCall { organization }).await?;
        // An organization that has a vote keeps its account.
        let voter = match (seat.validators, voting_account) {
            (0, None) => bail!("{file} has no votingAccount: have the member run `chancery network key` again"),
            (0, Some(account)) => account,
            _ => Address::ZERO,
        };
        let call = ValidatorRegistry::proposeAdditionCall {
            organization,
            peerKey: peer_public_key,
            blsKey: key,
            possession,
            voter,
        };
        answer_proposed(&registry, registry.send(&call).await?, output).await
    })
}

/// Proposes that a validator leaves.
pub(super) fn propose_removal(command: &ProposeRemoval, output: &Output) -> Result<()> {
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let call = ValidatorRegistry::proposeRemovalCall { peerKey: peer_key(&registry, &command.validator).await? };
        answer_proposed(&registry, registry.send(&call).await?, output).await
    })
}

/// Proposes another voting account for an organization.
pub(super) fn propose_voter(command: &ProposeVoter, output: &Output) -> Result<()> {
    let organization = named(&command.organization)?;
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let call = ValidatorRegistry::proposeVoterCall { organization, voter: command.account };
        answer_proposed(&registry, registry.send(&call).await?, output).await
    })
}

/// Votes for a proposal.
pub(super) fn vote(command: &VoteFor, output: &Output) -> Result<()> {
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let id = U256::from(command.proposal);
        let sent = registry.send(&ValidatorRegistry::voteCall { id }).await?;
        answer(&registry, id, &sent, output).await
    })
}

/// Takes a proposal of the own organization back.
pub(super) fn withdraw(command: &OwnProposal, output: &Output) -> Result<()> {
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let id = U256::from(command.proposal);
        let sent = registry.send(&ValidatorRegistry::withdrawCall { id }).await?;
        answer(&registry, id, &sent, output).await
    })
}

/// Notes that a proposal's time is over.
pub(super) fn clear(command: &OwnProposal, output: &Output) -> Result<()> {
    conversation(async {
        let registry = Assembly::connect(&VALIDATORS, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let id = U256::from(command.proposal);
        let sent = registry.send(&ValidatorRegistry::clearCall { id }).await?;
        answer(&registry, id, &sent, output).await
    })
}

pub(super) fn conversation(run: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(run)
}

pub(super) fn named(name: &str) -> Result<alloy_primitives::B256> {
    organization_name(name).with_context(|| format!("{name:?}: an organization's name has 1 to 32 bytes"))
}

/// A peer key as it stands, or that of the only validator of an organization with this name.
async fn peer_key(registry: &Assembly, text: &str) -> Result<FixedBytes<32>> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let wanted = named(text)?;
    let validators = registry::validators(registry).await?;
    let mut found = validators.iter().filter(|validator| validator.organization == wanted);
    match (found.next(), found.next()) {
        (Some(validator), None) => Ok(validator.peerKey),
        (Some(_), Some(_)) => bail!("{text} runs several validators: give the peer key of the one that shall leave"),
        (None, _) => bail!("no validator is run by {text:?}: `chancery network validators` shows all"),
    }
}

async fn answer_proposed(registry: &Assembly, sent: Sent, output: &Output) -> Result<()> {
    let id = sent.proposal.context("the transaction is final and proposed nothing; report this with its hash")?;
    answer(registry, id, &sent, output).await
}

async fn answer(registry: &Assembly, id: U256, sent: &Sent, output: &Output) -> Result<()> {
    let answer = answers::Outcome::new(sent, registry::proposal(registry, id).await?);
    output.answer(&answer, &answer);
    Ok(())
}
