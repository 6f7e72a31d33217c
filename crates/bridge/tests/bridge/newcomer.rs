//! A member is admitted by all votes, joins, takes part in a request and is put out; another one leaves. One of them has brought a node contract of its own, which
//! extends what comes with the platform (A-EST, A-CON).

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall as _, SolConstructor as _, SolValue as _};
use chancery_bridge::{
    alliance::{certificate::Scope, store::Outcome},
    contracts::{AllianceContract, NodeContract},
    endorser::{Endorser, NodeEndorser},
    establish::{
        Agreed, Ballot, Declared, Endorsing, EstablishError, Joining, Made, NodeContractKind, Prepared, Site, Terms,
        candidate, declare, issue_identity, issue_transaction, join, leave, open_registry, prepare, propose, roster,
        vote,
    },
    http::JsonClient,
    key::NodeKey,
    node_contract::{self, EntryName, NodeContractError, Rule},
    progress::AllianceState,
    relay::RemoteCarrier,
    requester::{MemberAccess, RequestError, Requester, RequesterIdentity, RequesterLimits},
};
use chancery_contracts::{RuleNode, StoreNode};
use chancery_ledger::SubmitterKey;

use crate::support::{
    chain::TestChain,
    partnership::{name, node_name},
    process::Process,
};

/// Many times what the steps of a request take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Seconds in which a request may be sequenced, and from there to its deadline.
const WINDOW_S: u64 = 1800;
/// The largest value that the organization's own contract takes.
const OWN_LIMIT: u16 = 1000;

/// A contract of the organization's own in place of `RuleNode`: everything is done as that does it, and beyond that a call is refused by `suggest` whose value is more than
/// [`OWN_LIMIT`]. `RuleNode` asks `suggest` again before it reserves, so the own rule holds whatever endorsers sign.
fn own_contract(rules: Address, owner: Address) -> Bytes {
    let mut runtime = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x63]; // the selector, and PUSH4
    runtime.extend(StoreNode::suggestCall::SELECTOR);
    runtime.extend([0x14, 0x61]); // EQ, PUSH2
    runtime.extend(OWN_LIMIT.to_be_bytes());
    // PUSH1 the place of the value in a call of `suggest`, CALLDATALOAD, GT, AND, PUSH1 the refusal, JUMPI
    runtime.extend([0x60, 0x84, 0x35, 0x11, 0x16, 0x60, 0x43, 0x57]);
    // CALLDATACOPY of all of it; no place for the answer; as long as what was copied; PUSH20
    runtime.extend([0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x73]);
    runtime.extend(rules.as_slice());
    // GAS, DELEGATECALL, RETURNDATACOPY of all of it, PUSH1 success, JUMPI, REVERT with it
    runtime.extend([0x5a, 0xf4, 0x3d, 0x5f, 0x5f, 0x3e, 0x60, 0x3f, 0x57, 0x3d, 0x5f, 0xfd]);
    runtime.extend([0x5b, 0x3d, 0x5f, 0xf3]); // success: RETURN with it
    runtime.extend([0x5b, 0x5f, 0x5f, 0xfd]); // refusal: REVERT with nothing
    assert_eq!((runtime[0x3f], runtime[0x43], runtime.len()), (0x5b, 0x5b, 0x47));
    let mut creation = vec![0x73]; // PUSH20
    creation.extend(owner.as_slice());
    creation.extend([0x60, 0x04, 0x55]); // the owner's slot, SSTORE
    // PUSH1 length, PUSH1 its place behind this, CODECOPY, RETURN
    creation.extend([0x60, 0x47, 0x60, 0x22, 0x5f, 0x39, 0x60, 0x47, 0x5f, 0xf3]);
    assert_eq!(creation.len(), 0x22);
    [creation, runtime].concat().into()
}

/// A member that is to be, with what it has declared.
struct Seat {
    joining: Joining,
    prepared: Prepared,
    declared: Declared,
}

impl Seat {
    async fn new(home: &Site, registry: Address, own: (&str, &TestChain, NodeContractKind), with: &[B256]) -> Self {
        let (title, chain, kind) = own;
        let joining = Joining {
            name: name(title),
            site: site(chain).await,
            key: Arc::new(SubmitterKey::random()),
            kind,
            endorsers: vec![Endorsing { node: node_name(0), weight: 1 }],
        };
        let prepared = prepare(home, &joining).await.unwrap();
        let open_until = home.chain.head().await.unwrap().time_ms / 1000 + 3600;
        let terms = Terms { purpose: name("mortgages"), partners: with.to_vec(), open_until };
        let declared = declare(&home.chain, registry, &joining, &terms, &prepared).await.unwrap();
        Self { joining, prepared, declared }
    }

    fn agreed(&self, registry: Made, others: &[&Self]) -> Agreed {
        Agreed {
            registry,
            purpose: name("mortgages"),
            partners: others.iter().map(|other| other.joining.name).collect(),
            others: others.iter().map(|other| other.declared).collect(),
        }
    }

    fn contract(&self) -> NodeContract {
        NodeContract { chain: self.joining.site.chain.clone(), address: self.prepared.node_contract }
    }

    async fn vote(&self, alliance: &AllianceContract, ballot: Ballot) -> (usize, usize, bool) {
        let tally = vote(alliance, &self.joining.key, self.joining.name, ballot).await.unwrap();
        (tally.votes, tally.needed(), tally.is_carried_out)
    }

    /// Its one node, certified, with an endorser.
    async fn node(&self, alliance: &AllianceContract) -> (MemberAccess, RequesterIdentity) {
        let (member, authority) = (self.joining.name, &self.joining.key);
        let (key, node) = (Arc::new(NodeKey::random()), node_name(0));
        let until = alliance.time_s().await.unwrap() + 3600;
        let identity = issue_identity(alliance, authority, member, node, key.address(), until).await.unwrap();
        let certificate = issue_transaction(alliance, authority, identity, Scope::BOTH, until).await.unwrap();
        let endorser: Arc<dyn Endorser> = Arc::new(NodeEndorser {
            domain: alliance.domain(),
            member,
            contract: self.contract(),
            certificate,
            key: Arc::clone(&key),
            database: None,
        });
        let access = MemberAccess { name: member, contract: self.contract(), endorsers: vec![endorser] };
        (access, RequesterIdentity { member, node, certificate, key })
    }
}

async fn site(chain: &TestChain) -> Site {
    Site { chain: chain.chain.clone(), genesis_header: Some(chain.genesis_header().await) }
}

/// A word of a store, resting on its version.
fn stored(key: &str, value: u64) -> Bytes {
    let write = StoreNode::Write { key: name(key), value: B256::from(U256::from(value)) };
    (vec![name(key)], vec![write]).abi_encode_params().into()
}

/// An operation of the land registry's.
fn encumbered(parcel: &str, value: u64) -> Bytes {
    (name("encumber"), name(parcel), B256::from(U256::from(value))).abi_encode().into()
}

async fn applied(contract: &NodeContract, number: u64) {
    let applies = async {
        while contract.outcome(number).await.unwrap() != Some(Outcome::Applied) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, applies).await.unwrap_or_else(|_| panic!("{number} is not applied"));
}

/// Puts the own contract in the place that was declared, and defines its operation: a parcel without a lien gets one.
async fn own_put(land: &Seat, builder: &Arc<SubmitterKey>, alliance: &AllianceContract) {
    let (chain, owner) = (&land.joining.site.chain, land.joining.key.address());
    let arguments = RuleNode::constructorCall {
        anchor: land.prepared.to_member,
        alliance: alliance.address,
        member: land.joining.name,
        owner,
    };
    let code = [RuleNode::BYTECODE.to_vec(), arguments.abi_encode()].concat();
    let rules = chain.deploy(builder, code.into()).await.unwrap();
    let place = chain.deploy(builder, own_contract(rules, owner)).await.unwrap();
    assert_eq!(place, land.prepared.node_contract);
}

async fn rule_defined(land: &Seat, bank: &Seat) {
    let (contract, operation) = (land.contract(), name("encumber"));
    let rule = Rule { required_kind: name("lien"), required_value: B256::ZERO, written_kind: Some(name("lien")) };
    let refused = node_contract::define(&contract, &bank.joining.key, operation, rule).await.unwrap_err();
    assert!(matches!(refused, NodeContractError::NotTheOwner { .. }), "{refused}");
    assert!(node_contract::define(&contract, &land.joining.key, operation, rule).await.unwrap());
    let listed = node_contract::rules(&contract).await.unwrap();
    assert_eq!((listed.defined.len(), listed.defined[0].rule, listed.defined[0].is_proven), (1, rule, true));
    let (store, owner) = (bank.contract(), &bank.joining.key);
    let refused = node_contract::define(&store, owner, operation, rule).await.unwrap_err();
    assert!(matches!(refused, NodeContractError::WithoutRules { .. }), "{refused}");
    let key = EntryName::Key(name("loans"));
    assert_eq!(node_contract::set(&store, owner, key, B256::from(U256::from(7))).await.unwrap(), 1);
    let entry = node_contract::entry(&store, key.key()).await.unwrap();
    assert_eq!((entry.value, entry.version, entry.is_proven), (B256::from(U256::from(7)), 1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_admitted_asked_and_put_out_and_a_member_with_a_contract_of_its_own_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let home_chain = TestChain::start(dir.path(), "main").await;
    let mut chains = Vec::new();
    for title in ["marriage", "degree", "real-estate"] {
        chains.push(TestChain::start(dir.path(), title).await);
    }
    let home = site(&home_chain).await;
    let names = [name("bank"), name("land registry"), name("tax office")];
    let made = open_registry(&home.chain, &Arc::new(SubmitterKey::random())).await.unwrap();
    let registry = made.address;
    let builder = Arc::new(SubmitterKey::random());
    let own = NodeContractKind::Own(builder.address().create(1));
    let bank = Seat::new(&home, registry, ("bank", &chains[0], NodeContractKind::Store), &names[1..2]).await;
    let land = Seat::new(&home, registry, ("land registry", &chains[1], own), &names[..1]).await;
    let alliance = propose(&home.chain, &bank.joining.key, registry, &[bank.declared, land.declared]).await.unwrap();
    join(&alliance, &bank.joining, &bank.prepared, &bank.agreed(made, &[&land])).await.unwrap();
    let of_bank = land.agreed(made, &[&bank]);
    let missing = join(&alliance, &land.joining, &land.prepared, &of_bank).await.unwrap_err();
    assert!(matches!(missing, EstablishError::OwnMissing { .. }), "{missing}");
    own_put(&land, &builder, &alliance).await;
    join(&alliance, &land.joining, &land.prepared, &of_bank).await.unwrap();
    rule_defined(&land, &bank).await;

    let mut relay = Process::relay_of(dir.path(), &home_chain, &chains, alliance.address);
    relay.start();
    let (bank_access, identity) = bank.node(&alliance).await;
    let (land_access, _) = land.node(&alliance).await;
    let mut requester = Requester {
        alliance: alliance.clone(),
        identity,
        members: vec![bank_access, land_access],
        carrier: Arc::new(RemoteCarrier::new(JsonClient::new(PATIENCE).unwrap(), relay.url())),
        limits: RequesterLimits {
            valid_for_s: WINDOW_S,
            window_s: WINDOW_S,
            endorse_timeout: PATIENCE,
            patience: PATIENCE,
            ..RequesterLimits::default()
        },
    };
    let calls =
        |parcel: &str, value: u64| vec![(names[0], stored(parcel, value)), (names[1], encumbered(parcel, value))];
    let first = requester.execute(name("first"), &calls("parcel 7", 1000)).await.unwrap().number;
    applied(&land.contract(), first).await;
    let lien = EntryName::Of { kind: name("lien"), subject: name("parcel 7") };
    assert_eq!(node_contract::entry(&land.contract(), lien.key()).await.unwrap().version, 1);
    let dear = requester.execute(name("dear"), &calls("parcel 8", 1001)).await.unwrap_err();
    assert!(matches!(dear, RequestError::CallRefused { member, .. } if member == names[1]), "its own rule: {dear}");

    // All of two have to vote; then the newcomer joins, and is asked.
    let tax = Seat::new(&home, registry, ("tax office", &chains[2], NodeContractKind::Store), &names[..2]).await;
    let early = join(&alliance, &tax.joining, &tax.prepared, &tax.agreed(made, &[&bank, &land])).await.unwrap_err();
    assert!(matches!(early, EstablishError::NotAdmitted { .. }), "{early}");
    assert_eq!(candidate(&alliance, &tax.declared).await.unwrap().name, names[2]);
    assert_eq!(bank.vote(&alliance, Ballot::Admit(tax.declared)).await, (1, 2, false));
    assert_eq!(land.vote(&alliance, Ballot::Admit(tax.declared)).await, (2, 2, true));
    join(&alliance, &tax.joining, &tax.prepared, &tax.agreed(made, &[&bank, &land])).await.unwrap();
    assert_eq!(roster(&alliance).await.unwrap().members.len(), 3);
    requester.members.push(tax.node(&alliance).await.0);
    let mut three = calls("parcel 9", 9);
    three.push((names[2], stored("parcel 9", 9)));
    let second = requester.execute(name("second"), &three).await.unwrap().number;
    for seat in [&bank, &land, &tax] {
        applied(&seat.contract(), second).await;
    }

    // More than two thirds of three are three: it goes when it agrees.
    let remove = Ballot::Remove(names[2]);
    assert_eq!(bank.vote(&alliance, remove).await, (1, 3, false));
    assert_eq!(land.vote(&alliance, remove).await, (2, 3, false));
    assert_eq!(tax.vote(&alliance, remove).await, (3, 3, true));
    assert!(!alliance.member(names[2]).await.unwrap().is_active);
    let (until, authority) = (alliance.time_s().await.unwrap() + 3600, &tax.joining.key);
    let node = NodeKey::random().address();
    let refused = issue_identity(&alliance, authority, names[2], node_name(1), node, until).await.unwrap_err();
    assert!(refused.to_string().contains("NotAMember"), "{refused}");

    // Its contract and its chain go on; the alliance of one is none.
    leave(&alliance, &land.joining.key, names[1]).await.unwrap();
    let left = roster(&alliance).await.unwrap();
    assert_eq!(left.state, Some(AllianceState::Dissolved));
    assert_eq!(left.members.iter().map(|member| member.name).collect::<Vec<_>>(), names[..1]);
}
