//! Establishing an alliance: every member declares what it needs, the contracts are put on their chains, the members accept, and nodes get their certificates
//! (A-EST, A-CERT; `docs/specs/alliance.md`).
//!
//! ```text
//! each member:  anchors both ways -> declare its requirement
//! anybody:      deploy Alliance from the requirements
//! each member:  deploy its node contract -> accept        issue certificates to its nodes
//! ```
//! What is done here with every member's key in one hand, members may do one by one, each with its own: the contracts do not see a difference.

mod certify;
mod joining;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolConstructor};
use chancery_contracts::{Alliance, RequirementRegistry};
use chancery_ledger::{Call, Chain, LedgerError, SubmitterKey};

pub use self::{
    certify::{Certified, issue_identity, issue_transaction, revoke_identity, revoke_transaction},
    joining::{Endorsing, Joining, NodeContractKind},
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
    /// The transaction did not log what it should have.
    #[error("{0} is missing in what the contract has logged")]
    EventMissing(&'static str),
    /// A chain with certificates, and no genesis header to begin an anchor with.
    #[error("the genesis header of chain {0} is needed to begin an anchor that follows it")]
    HeaderMissing(String),
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
    let registry = deploy(&home.chain, &deployer, &RequirementRegistry::BYTECODE, &NoArguments).await?;
    let open_until = (home.chain.head().await?.time_ms / 1000).saturating_add(open_for_s);
    let (mut announced, mut ids, mut anchors) = (Vec::new(), Vec::new(), Vec::new());
    for member in joining {
        let prepared = joining::prepare(home, member).await?;
        let requirement = joining::requirement(member, joining, purpose, open_until, prepared.node_contract);
        let call = RequirementRegistry::declareCall { requirement };
        let id = declared(&home.chain, &member.key, registry, &call).await?;
        ids.push(id);
        anchors.push(prepared.to_alliance.unwrap_or(Address::ZERO));
        announced.push(prepared);
    }
    let arguments = Alliance::constructorCall { requirements: registry, ids, anchors };
    let address = deploy(&home.chain, &deployer, &Alliance::BYTECODE, &arguments).await?;
    let alliance = AllianceContract { chain: home.chain.clone(), address };
    let mut members = Vec::new();
    for (member, prepared) in joining.iter().zip(announced) {
        members.push(joining::join(&alliance, member, &prepared).await?);
    }
    Ok(Established { alliance, members })
}

/// An anchor on `host` that follows `followed`, begun.
///
/// # Errors
/// `HeaderMissing` for a chain without finality certificates.
pub async fn anchor(host: &Chain, followed: &Site, key: &Arc<SubmitterKey>) -> Result<AnchorRelay, EstablishError> {
    let missing = || EstablishError::HeaderMissing(followed.chain.name().to_owned());
    let essentials = followed.chain.config().essentials.as_ref().ok_or_else(missing)?;
    let header = followed.genesis_header.clone().ok_or_else(missing)?;
    let arguments = chancery_contracts::Anchor::constructorCall {
        registry: chancery_contracts::predeploys::VALIDATOR_REGISTRY,
        chainId: essentials.chain_id,
        genesisHash: essentials.genesis_hash,
    };
    let address = deploy(host, key, &chancery_contracts::Anchor::BYTECODE, &arguments).await?;
    let relay =
        AnchorRelay { followed: followed.chain.clone(), host: host.clone(), anchor: address, key: Arc::clone(key) };
    relay.begin(header).await?;
    Ok(relay)
}

async fn declared(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    registry: Address,
    call: &RequirementRegistry::declareCall,
) -> Result<U256, EstablishError> {
    let event: RequirementRegistry::Declared = logged(chain, key, registry, call, "Declared").await?;
    Ok(event.id)
}

async fn deploy(
    chain: &Chain,
    key: &Arc<SubmitterKey>,
    code: &Bytes,
    arguments: &impl SolConstructor,
) -> Result<Address, LedgerError> {
    chain.deploy(key, [code.to_vec(), arguments.abi_encode()].concat().into()).await
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
