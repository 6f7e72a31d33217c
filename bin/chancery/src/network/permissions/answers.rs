//! What is shown of the permissions.

use std::fmt::{self, Display, Formatter};

use alloy_primitives::{Address, B256, FixedBytes, U256};
use chancery_contracts::{
    Permissions::{PermissionProposal, PermissionsErrors as Refusal},
    organization_text,
};
use chancery_primitives::permissions::PermissionList;
use serde::{Deserialize, Serialize};

use crate::network::{membership::STATES, voting::Sent};

/// `PermissionChange` of `contracts/src/types/PermissionTypes.sol`, by number.
const CHANGES: [&str; 4] = ["permit", "forbid", "open", "close"];

/// What `chancery_permissions` answers.
#[derive(Serialize, Deserialize)]
pub(super) struct Lists {
    revision: u64,
    connect: List<Node>,
    send: List<Account>,
    deploy: List<Account>,
}

#[derive(Serialize, Deserialize)]
struct List<Entry> {
    closed: bool,
    listed: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    peer_public_key: FixedBytes<32>,
    organization: String,
}

#[derive(Serialize, Deserialize)]
struct Account {
    account: Address,
    organization: String,
}

/// The lists with what the organizations vote on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PermissionsAnswer {
    #[serde(flatten)]
    lists: Lists,
    open_proposals: Vec<ProposalAnswer>,
}

/// A proposal as it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProposalAnswer {
    id: u64,
    change: &'static str,
    list: &'static str,
    state: &'static str,
    /// A peer key or an address; absent where the whole list is opened or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
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

impl PermissionsAnswer {
    pub(super) const fn new(lists: Lists, open_proposals: Vec<ProposalAnswer>) -> Self {
        Self { lists, open_proposals }
    }
}

impl ProposalAnswer {
    pub(super) fn new(id: U256, proposal: &PermissionProposal, votes: &[B256]) -> Self {
        let named = |names: &[&'static str], number: u8| names.get(usize::from(number)).copied().unwrap_or("unknown");
        let list = list_of(proposal.list);
        Self {
            id: id.saturating_to(),
            change: named(&CHANGES, proposal.change),
            list: list.map_or("unknown", PermissionList::name),
            state: named(&STATES, proposal.state),
            subject: (!proposal.subject.is_zero()).then(|| subject_text(list, proposal.subject)),
            organization: (!proposal.organization.is_zero()).then(|| organization_text(proposal.organization)),
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

fn list_of(number: u8) -> Option<PermissionList> {
    PermissionList::ALL.into_iter().find(|list| list.number() == number)
}

/// A peer key as it stands, an account as an address.
fn subject_text(list: Option<PermissionList>, subject: B256) -> String {
    match list {
        Some(PermissionList::Send | PermissionList::Deploy) => Address::from_word(subject).to_string(),
        _ => subject.to_string(),
    }
}

impl Display for ProposalAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "proposal {}: {} {}", self.id, self.change, self.list)?;
        if let Some(subject) = &self.subject {
            write!(f, " {subject}")?;
        }
        if let Some(organization) = &self.organization {
            write!(f, " ({organization})")?;
        }
        write!(f, ", {}, voted for by {}", self.state, self.votes.join(", "))
    }
}

impl Display for PermissionsAnswer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Lists { connect, send, deploy, .. } = &self.lists;
        let who =
            |closed, also: &'static str| if closed { format!("those listed{also}") } else { "everybody".to_owned() };
        writeln!(f, "connect: {}", who(connect.closed, ", and validators"))?;
        for Node { peer_public_key, organization } in &connect.listed {
            writeln!(f, "  {peer_public_key}  {organization}")?;
        }
        let also = ", and whoever votes, to the contracts that are voted in";
        for (name, list, also) in [("send", send, also), ("deploy", deploy, "")] {
            writeln!(f, "{name}: {}", who(list.closed, also))?;
            for Account { account, organization } in &list.listed {
                writeln!(f, "  {account}  {organization}")?;
            }
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

/// What a refusal of the contract means, and what to do.
pub(super) fn refusal(refusal: &Refusal) -> String {
    let listed =
        |list, subject| (subject_text(list_of(list), subject), list_of(list).map_or("unknown", PermissionList::name));
    match refusal {
        Refusal::NotAVoter(not) => format!("{} votes for no organization; use the voting key of one", not.account),
        Refusal::AlreadyPermitted(already) => {
            let (subject, list) = listed(already.list, already.subject);
            format!("{subject} is on the list {list} already")
        }
        Refusal::NotPermitted(not) => {
            let (subject, list) = listed(not.list, not.subject);
            format!("{subject} is not on the list {list}")
        }
        Refusal::ModeUnchanged(unchanged) => {
            let (_, list) = listed(unchanged.list, B256::ZERO);
            format!("the list {list} is {} already", if unchanged.closed { "closed" } else { "open" })
        }
        Refusal::ListFull(full) => {
            let (_, list) = listed(full.list, B256::ZERO);
            format!("the list {list} has {} entries, and no more fit; have somebody forbidden first", full.maximum)
        }
        Refusal::SubjectMalformed(malformed) => format!("{} is no subject of this list", malformed.subject),
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
