//! Establishing an alliance: every member declares what it needs, the contracts are put on their chains, the members accept, and nodes get their certificates
//! (A-EST, A-CERT; `docs/specs/alliance.md`).
//!
//! ```text
//! each member:  anchors both ways -> declare its requirement
//! anybody:      deploy Alliance from the requirements
//! each member:  deploy its node contract -> accept        issue certificates to its nodes
//! ```
//! Each step is a function of its own, which takes one member's key: [`prepare`], [`declare`], [`propose`], [`join`], and later [`vote`] and [`leave`]. What has been done is
//! found on chain and not done again. [`establish`] takes all of them with every member's key in one hand; the contracts do not see a difference.
//! [`open_requirements`] lists what stands in a registry, [`together`] finds what belongs together there, and [`declared_with`] what comes with it. [`roster`] says what came of it.

mod candidate;
mod certify;
mod declaring;
mod joining;
mod open;
mod provenance;
mod renewal;
mod roster;
mod shown;
mod together;
mod voting;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolConstructor};
use chancery_ledger::{Call, Chain, LedgerError, SubmitterKey};

pub use self::{
    candidate::{Candidate, candidate},
    certify::{Certified, issue_identity, issue_transaction, revoke_identity, revoke_transaction},
    declaring::{Declared, Terms, declare, open_registry, propose, withdraw},
    joining::{Agreed, Endorsing, Joining, NodeContractKind, Prepared, join, prepare},
    open::{OpenPage, OpenRequirement, open_requirements},
    provenance::{Made, check_registry},
    renewal::{
        CertifiedNode, IDENTITY_RENEWED_BEFORE_S, NodeCertificates, Renewed, TRANSACTION_RENEWED_BEFORE_S,
        is_identity_due, keep_certified,
    },
    roster::{Roster, RosterIdentity, RosterMember, RosterPermit, roster},
    shown::declared_with,
    together::{Together, TogetherSeat, together},
    voting::{Ballot, Tally, leave, vote},
};
use crate::{
    contracts::{AllianceContract, NodeContract, ViewError},
    relay::{AnchorRelay, RelayError},
};

/// Why an alliance was not established. What was deployed until then stays where it is, and binds nobody.
#[derive(Debug, thiserror::Error)]
pub enum EstablishError {
    /// A chain does not answer or a contract refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A contract's answer cannot be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// An anchor could not be begun.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The account is used by somebody else meanwhile: a contract stands elsewhere than it was announced.
    #[error(
        "the node contract of {member} stands at {found}, and {announced} was announced: does somebody else use the account?"
    )]
    Elsewhere {
        /// The member.
        member: B256,
        /// Where it was to stand.
        announced: Address,
        /// Where it stands.
        found: Address,
    },
    /// Its requirement is none of those that the alliance was made of, and no vote has admitted it.
    #[error(
        "{member} is no member of this alliance: let its members vote for it (`chancery alliance admit`), or join the one that was proposed with its requirement"
    )]
    NotAdmitted {
        /// The member.
        member: B256,
    },
    /// Authority, node contract, anchor, endorsers, purpose or members are not those that were declared.
    #[error(
        "the alliance has {member} with another {what} than it has declared: do not accept it; ask whoever has proposed it to do so again"
    )]
    OtherTerms {
        /// The member.
        member: B256,
        /// What differs.
        what: &'static str,
    },
    /// It was not made by a transaction of our code and these arguments: whatever it says, it could do something else later.
    #[error(
        "{address} was not made as a {what} of this version, with nothing of its own in its storage: do not use it, and ask whoever names it"
    )]
    StrangeContract {
        /// What it was to be.
        what: &'static str,
        /// The contract.
        address: Address,
    },
    /// Whether it follows the chain honestly cannot be looked up without the transaction that made it.
    #[error("the anchor of {} is not in the files that were given: give what its `require` wrote, with the anchor that the alliance has for it", readable(.member))]
    AnchorUnshown {
        /// Whose chain it follows.
        member: B256,
    },
    /// It is not the contract that follows a chain here: it could prove what is not so.
    #[error(
        "the anchor {anchor}, by which the alliance follows {member}, was not made of this version's code and that chain's genesis alone: do not accept it; ask {member} to declare with an anchor of this version"
    )]
    StrangeAnchor {
        /// Whose chain it follows.
        member: B256,
        /// The contract.
        anchor: Address,
    },
    /// Something else stands there.
    #[error("at {place} stands a node contract for another alliance, anchor or member than {member}: declare anew")]
    PlaceTaken {
        /// The member.
        member: B256,
        /// Where it was to stand.
        place: Address,
    },
    /// The key has sent other transactions on the member's chain since it declared.
    #[error(
        "the node contract of {member} was announced at {announced}, and would stand at {next} now, since the key was used on its chain meanwhile: declare anew"
    )]
    PlaceLost {
        /// The member.
        member: B256,
        /// Where it was to stand.
        announced: Address,
        /// Where the key's next contract stands.
        next: Address,
    },
    /// An organization that brings its own contract puts it there first.
    #[error("no node contract of {member} stands at {place}: put it there, made for this alliance, and join again")]
    OwnMissing {
        /// The member.
        member: B256,
        /// Where it was to stand.
        place: Address,
    },
    /// They do not want the same.
    #[error(
        "the requirements do not belong together: each has to stand, to name the same purpose, and to name exactly the others as partners"
    )]
    NotTogether,
    /// Somebody has decided that: it is not undone by a timer.
    #[error(
        "the transaction certificate {0} was revoked, and another is not issued by itself: if its node may go on, issue one (`chancery alliance issue-transaction`), and write its number where this one is noted"
    )]
    TransactionRevoked(u64),
    /// The transaction did not log what it should have.
    #[error("{0} is missing in what the contract has logged")]
    EventMissing(&'static str),
    /// What it says of a contract's storage cannot be proven.
    #[error(
        "chain {0} has no finality certificates, so what stands there is not proven: name the alliance chain by its genesis file"
    )]
    Uncertified(String),
    /// A chain with certificates, and no genesis header to begin an anchor with.
    #[error("the genesis header of chain {0} is needed to begin an anchor that follows it")]
    HeaderMissing(String),
}

fn readable(name: &B256) -> String {
    crate::requester::readable(*name)
}

/// A chain, with what an anchor that follows it begins with.
#[derive(Clone, Debug)]
pub struct Site {
    /// The chain.
    pub chain: Chain,
    /// Its genesis header in RLP; `None` for a chain without finality certificates.
    pub genesis_header: Option<Bytes>,
}

/// An alliance that stands.
#[derive(Clone, Debug)]
pub struct Established {
    /// The alliance.
    pub alliance: AllianceContract,
    /// Its members, in the order in which they were given.
    pub members: Vec<EstablishedMember>,
}

/// A member that has accepted.
#[derive(Clone, Debug)]
pub struct EstablishedMember {
    /// Its name.
    pub name: B256,
    /// On its chain.
    pub node_contract: NodeContract,
    /// The anchor there that follows the alliance chain.
    pub to_member: Address,
    /// The anchor on the alliance chain that follows it; `None`: it is foreign, its outcomes are attested.
    pub to_alliance: Option<Address>,
}

/// Establishes an alliance on `home`, in which each member wants to communicate with all others.
///
/// `purpose` names it; requirements stand for `open_for_s` seconds of the alliance chain.
///
/// # Errors
/// [`EstablishError`].
pub async fn establish(
    home: &Site,
    purpose: B256,
    open_for_s: u64,
    joining: &[Joining],
) -> Result<Established, EstablishError> {
    let deployer = Arc::new(SubmitterKey::random());
    let registry = open_registry(&home.chain, &deployer).await?;
    let open_until = (home.chain.head().await?.time_ms / 1000).saturating_add(open_for_s);
    let (mut announced, mut requirements) = (Vec::new(), Vec::new());
    for member in joining {
        let others = joining.iter().map(|other| other.name).filter(|name| *name != member.name);
        let terms = Terms { purpose, partners: others.collect(), open_until };
        let prepared = Box::pin(prepare(home, member)).await?;
        requirements.push(Box::pin(declare(&home.chain, registry.address, member, &terms, &prepared)).await?);
        announced.push(prepared);
    }
    let alliance = propose(&home.chain, &deployer, registry.address, &requirements).await?;
    let mut members = Vec::new();
    for (member, prepared) in joining.iter().zip(announced) {
        let partners = joining.iter().map(|other| other.name).filter(|name| *name != member.name).collect();
        let agreed = Agreed { registry, purpose, partners, others: requirements.clone() };
        members.push(Box::pin(join(&alliance, member, &prepared, &agreed)).await?);
    }
    Ok(Established { alliance, members })
}

/// An anchor on `host` that follows `followed`, begun.
///
/// # Errors
/// `HeaderMissing` for a chain without finality certificates.
pub async fn anchor(host: &Chain, followed: &Site, key: &Arc<SubmitterKey>) -> Result<AnchorRelay, EstablishError> {
    Ok(Box::pin(made_anchor(host, followed, key)).await?.0)
}

/// The same, with the transaction that made it.
async fn made_anchor(
    host: &Chain,
    followed: &Site,
    key: &Arc<SubmitterKey>,
) -> Result<(AnchorRelay, Made), EstablishError> {
    let missing = || EstablishError::HeaderMissing(followed.chain.name().to_owned());
    let essentials = followed.chain.config().essentials.as_ref().ok_or_else(missing)?;
    let header = followed.genesis_header.clone().ok_or_else(missing)?;
    let arguments = provenance::anchor_arguments(essentials.chain_id, essentials.genesis_hash);
    let made = provenance::make(host, key, &chancery_contracts::Anchor::BYTECODE, &arguments).await?;
    let (followed, key) = (followed.chain.clone(), Arc::clone(key));
    let relay = AnchorRelay { followed, host: host.clone(), anchor: made.address, key };
    relay.begin(header).await?;
    Ok((relay, made))
}

/// Calls a contract, and gives the event that says what came of it.
async fn logged<E: alloy_sol_types::SolEvent>(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    to: Address,
    call: &impl SolCall,
    name: &'static str,
) -> Result<E, EstablishError> {
    let sent = chain.submit(key, Call { to: Some(to), data: call.abi_encode().into() }).await?;
    let transaction = chain.transaction(sent.tx_hash, Some(sent.block.number)).await?;
    let mut events = transaction.events.iter().filter(|event| event.contract == to);
    let event = events.find_map(|event| E::decode_raw_log(event.topics.iter().copied(), &event.data).ok());
    event.ok_or(EstablishError::EventMissing(name))
}

/// A contract whose constructor takes nothing.
#[derive(Clone)]
struct NoArguments;

impl SolConstructor for NoArguments {
    type Parameters<'a> = ();
    type Token<'a> = ();

    fn new(_: ()) -> Self {
        Self
    }

    fn tokenize(&self) -> Self::Token<'_> {}
}
