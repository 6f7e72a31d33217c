//! `chancery network permissions | propose-permit | propose-forbid | propose-mode | vote --on permissions`: the organizations of a chain change who
//! may connect, send, and create contracts.

mod answers;

use std::path::Path;

use alloy::sol_types::SolEvent as _;
use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result};
use chancery_contracts::{
    Permissions::{self, PermissionsErrors},
    predeploys::PERMISSIONS,
};
use chancery_primitives::permissions::{PermissionList, account_subject};

use self::answers::{Lists, Outcome, PermissionsAnswer, ProposalAnswer};
use super::{
    files::read_member,
    membership::{conversation, named},
    voting::{Assembly, Sent, Subject},
};
use crate::{
    arguments::{ListMode, ListName, ProposeForbid, ProposeMode, ProposePermit, ShowPermissions, VoteFor},
    node_rpc::ask,
    output::Output,
};

/// Who may take part.
const TAKING_PART: Subject = Subject {
    address: PERMISSIONS,
    name: "permissions contract",
    absent: "everybody may connect, send and create contracts there; only another genesis changes that",
    proposed: |log| Permissions::Proposed::decode_log(&log.inner).ok().map(|proposed| proposed.id),
    refusal: |answer| answer.as_decoded_interface_error::<PermissionsErrors>().map(|reason| answers::refusal(&reason)),
};

impl From<ListName> for PermissionList {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Connect => Self::Connect,
            ListName::Send => Self::Send,
            ListName::Deploy => Self::Deploy,
        }
    }
}

/// Shows the lists, and what is proposed about them.
pub(super) fn show(command: &ShowPermissions, output: &Output) -> Result<()> {
    conversation(async {
        let contract = Assembly::connect(&TAKING_PART, &command.rpc, None).await?;
        let lists: Lists = ask(&command.rpc, "chancery_permissions").await?;
        let mut open = Vec::new();
        for id in Assembly::newest(contract.view(Permissions::proposalCountCall {}).await?) {
            open.extend(Some(proposal(&contract, U256::from(id)).await?).filter(ProposalAnswer::is_open));
        }
        let answer = PermissionsAnswer::new(lists, open);
        output.answer(&answer, &answer);
        Ok(())
    })
}

/// Proposes that a subject is put on a list.
pub(super) fn propose_permit(command: &ProposePermit, output: &Output) -> Result<()> {
    let list = command.list.into();
    let (subject, its_name) = subject(list, &command.subject)?;
    let name = command.organization.clone().or(its_name);
    let organization =
        named(&name.context("say whose it is: --organization NAME, the organization that answers for it")?)?;
    let call = Permissions::proposePermitCall { list: list.number(), subject, organization };
    propose(&command.voting.rpc, &command.voting.voting_key, call, output)
}

/// Proposes that a subject is taken off a list.
pub(super) fn propose_forbid(command: &ProposeForbid, output: &Output) -> Result<()> {
    let list = command.list.into();
    let (subject, _) = subject(list, &command.subject)?;
    let call = Permissions::proposeForbidCall { list: list.number(), subject };
    propose(&command.voting.rpc, &command.voting.voting_key, call, output)
}

/// Proposes that a list is opened or closed.
pub(super) fn propose_mode(command: &ProposeMode, output: &Output) -> Result<()> {
    let list = PermissionList::from(command.list);
    let call = Permissions::proposeModeCall { list: list.number(), closed: command.mode == ListMode::Closed };
    propose(&command.voting.rpc, &command.voting.voting_key, call, output)
}

/// Votes for a proposal.
pub(super) fn vote(command: &VoteFor, output: &Output) -> Result<()> {
    conversation(async {
        let contract = Assembly::connect(&TAKING_PART, &command.voting.rpc, Some(&command.voting.voting_key)).await?;
        let id = U256::from(command.proposal);
        let sent = contract.send(&Permissions::voteCall { id }).await?;
        answer(&contract, id, &sent, output).await
    })
}

fn propose<C: alloy::sol_types::SolCall>(rpc: &str, voting_key: &Path, call: C, output: &Output) -> Result<()> {
    conversation(async {
        let contract = Assembly::connect(&TAKING_PART, rpc, Some(voting_key)).await?;
        let sent = contract.send(&call).await?;
        let id = sent.proposal.context("the transaction is final and proposed nothing; report this with its hash")?;
        answer(&contract, id, &sent, output).await
    })
}

async fn answer(contract: &Assembly, id: U256, sent: &Sent, output: &Output) -> Result<()> {
    let answer = Outcome::new(sent, proposal(contract, id).await?);
    output.answer(&answer, &answer);
    Ok(())
}

/// A proposal with its votes.
async fn proposal(contract: &Assembly, id: U256) -> Result<ProposalAnswer> {
    let proposal = contract.view(Permissions::proposalCall { id }).await?;
    let votes = contract.view(Permissions::votesCall { id }).await?;
    Ok(ProposalAnswer::new(id, &proposal, &votes))
}

/// What a list has for a text: of an account its address, of a node its peer key, which a file of `chancery network key` names with whose it is.
fn subject(list: PermissionList, text: &str) -> Result<(B256, Option<String>)> {
    if list != PermissionList::Connect {
        let account: Address = text.parse().with_context(|| format!("{text} is no address: 0x and 40 digits"))?;
        return Ok((account_subject(account), None));
    }
    if let Ok(key) = text.parse() {
        return Ok((key, None));
    }
    let member = read_member(Path::new(text))
        .with_context(|| format!("{text} is neither a peer key (0x and 64 digits) nor a file that names one"))?;
    Ok((member.peer_public_key, Some(member.name)))
}
