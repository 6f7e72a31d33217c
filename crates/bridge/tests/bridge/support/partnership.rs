//! An alliance of two chains on a third: contracts, certificates and relays between real nodes.

use std::{path::Path, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall as _, SolValue};
use chancery_bridge::{
    alliance::{
        certificate::Scope,
        message::{Endorse, Endorsement, Part, PartReference, Request},
        submission::Submission,
    },
    contracts::{AllianceContract, NodeContract},
    endorser::{Endorser, NodeEndorser},
    key::NodeKey,
    relay::{AnchorRelay, Carrier, Courier, CourierLimits, MemberLink, RequestRelay, Testimony},
    requester::{MemberAccess, Requester, RequesterIdentity, RequesterLimits},
};
use chancery_contracts::{Alliance, Anchor, RequirementRegistry, StoreNode, predeploys};
use chancery_ledger::SubmitterKey;

use crate::support::chain::TestChain;

/// Each member has so many nodes of the same weight.
const NODES: usize = 3;
/// Long enough for nodes that were built without optimisation on a loaded machine.
const REQUEST_WINDOW_S: u64 = 1800;
/// Many times what the steps of a request take there.
const MAX_WAIT: Duration = Duration::from_secs(240);

pub(crate) struct Node {
    pub(crate) name: B256,
    pub(crate) key: Arc<NodeKey>,
    /// The same in hexadecimal.
    pub(crate) secret: String,
    pub(crate) certificate: u64,
}

pub(crate) struct Partner {
    pub(crate) name: B256,
    pub(crate) chain: TestChain,
    pub(crate) link: MemberLink,
    pub(crate) nodes: Vec<Node>,
}

pub(crate) struct Partnership {
    pub(crate) home: TestChain,
    pub(crate) partners: Vec<Partner>,
    pub(crate) relay: RequestRelay,
}

pub(crate) fn name(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

/// An anchor on `host` that follows `followed`, with the relay that feeds it.
pub(crate) async fn anchor(host: &TestChain, followed: &TestChain) -> AnchorRelay {
    let arguments = Anchor::constructorCall {
        registry: predeploys::VALIDATOR_REGISTRY,
        chainId: followed.id,
        genesisHash: followed.essentials().genesis_hash,
    };
    let anchor = host.deploy(&Anchor::BYTECODE, &arguments).await;
    let key = Arc::new(SubmitterKey::random());
    let relay = AnchorRelay { followed: followed.chain.clone(), host: host.chain.clone(), anchor, key };
    relay.begin(followed.genesis_header().await).await.unwrap();
    relay
}

impl Partnership {
    pub(crate) async fn start(dir: &Path) -> Self {
        let home = TestChain::start(dir, "main").await;
        let chains = [TestChain::start(dir, "marriage").await, TestChain::start(dir, "degree").await];
        Self::over(home, chains).await
    }

    /// Of these members' chains.
    pub(crate) async fn over(home: TestChain, chains: [TestChain; 2]) -> Self {
        let names = [name("bank"), name("land registry")];
        let registry = home.deploy(&RequirementRegistry::BYTECODE, &NoArguments).await;
        let (mut links, mut declared, mut anchors) = (Vec::new(), Vec::new(), Vec::new());
        for (i, chain) in chains.iter().enumerate() {
            let to_alliance = anchor(&home, chain).await;
            let to_member = anchor(chain, &home).await;
            let node_contract = chain.next_address();
            home.call(registry, &requirement(&home, names, i, chain, node_contract).await).await;
            declared.push(U256::from(i));
            anchors.push(to_alliance.anchor);
            links.push(MemberLink {
                name: names[i],
                node_contract,
                to_member,
                to_alliance: Testimony::Proven(to_alliance),
            });
        }
        let arguments = Alliance::constructorCall { requirements: registry, ids: declared, anchors };
        let alliance = home.deploy(&Alliance::BYTECODE, &arguments).await;
        let mut partners = Vec::new();
        for (chain, link) in chains.into_iter().zip(links) {
            let arguments = StoreNode::constructorCall {
                anchor: link.to_member.anchor,
                alliance,
                member: link.name,
                owner: chain.operator(),
            };
            assert_eq!(chain.deploy(&StoreNode::BYTECODE, &arguments).await, link.node_contract);
            home.call(alliance, &Alliance::acceptCall { name: link.name }).await;
            let nodes = certified_nodes(&home, alliance, link.name).await;
            partners.push(Partner { name: link.name, chain, link, nodes });
        }
        let relay =
            RequestRelay { chain: home.chain.clone(), contract: alliance, key: Arc::new(SubmitterKey::random()) };
        Self { home, partners, relay }
    }

    /// What the contracts say of a call that writes a key on a member, resting on the key's version.
    pub(crate) fn call(&self, key: B256, value: u64) -> Bytes {
        let write = StoreNode::Write { key, value: B256::from(U256::from(value)) };
        (vec![key], vec![write]).abi_encode_params().into()
    }

    /// The same key on both members.
    pub(crate) fn calls(&self, key: B256, values: [u64; 2]) -> Vec<(B256, Bytes)> {
        self.partners.iter().zip(values).map(|(partner, value)| (partner.name, self.call(key, value))).collect()
    }

    pub(crate) fn alliance(&self) -> AllianceContract {
        AllianceContract { chain: self.relay.chain.clone(), address: self.relay.contract }
    }

    pub(crate) fn node_contract(&self, partner: &Partner) -> NodeContract {
        NodeContract { chain: partner.chain.chain.clone(), address: partner.link.node_contract }
    }

    /// An honest endorser for each of a member's nodes.
    pub(crate) fn endorsers(&self, partner: &Partner) -> Vec<Arc<dyn Endorser>> {
        let each = partner.nodes.iter().map(|node| {
            let endorser: Arc<dyn Endorser> = Arc::new(NodeEndorser {
                domain: self.alliance().domain(),
                member: partner.name,
                contract: self.node_contract(partner),
                certificate: node.certificate,
                key: node.key.clone(),
                database: None,
            });
            endorser
        });
        each.collect()
    }

    /// A relay in this process; it carries once `run` is polled.
    pub(crate) fn courier(&self) -> Arc<Courier> {
        let links = self.partners.iter().map(|partner| partner.link.clone()).collect();
        let limits = CourierLimits { pause: Duration::from_millis(100), ..CourierLimits::default() };
        Arc::new(Courier::new(self.relay.clone(), links, limits))
    }

    /// The bank's first node, with honest endorsers.
    pub(crate) fn requester(&self, carrier: Arc<dyn Carrier>) -> Requester {
        let (bank, node) = (&self.partners[0], &self.partners[0].nodes[0]);
        let identity = RequesterIdentity {
            member: bank.name,
            node: node.name,
            certificate: node.certificate,
            key: node.key.clone(),
        };
        let members = self.partners.iter().map(|partner| MemberAccess {
            name: partner.name,
            contract: self.node_contract(partner),
            endorsers: self.endorsers(partner),
        });
        let limits = RequesterLimits {
            valid_for_s: REQUEST_WINDOW_S,
            window_s: REQUEST_WINDOW_S,
            endorse_timeout: Duration::from_secs(60),
            patience: Duration::from_secs(120),
            ..RequesterLimits::default()
        };
        Requester { alliance: self.alliance(), identity, members: members.collect(), carrier, limits }
    }

    /// What the node contracts suggest for these calls, endorsed and signed.
    pub(crate) async fn submission(&self, requester: &Requester, key: &str, calls: &[(B256, Bytes)]) -> Submission {
        let mut parts = Vec::new();
        for (member, call) in calls {
            parts.push(requester.suggest(*member, call).await.unwrap());
        }
        requester.endorse(name(key), parts).await.unwrap()
    }

    /// A submission with the endorsements given, whether they are good or not.
    pub(crate) async fn forced(
        &self,
        requester: &Requester,
        key: &str,
        parts: Vec<Part>,
        endorse: impl Fn(&Request, &Part) -> Vec<Endorsement>,
    ) -> Submission {
        let request = Request {
            idempotency_key: name(key),
            certificate: requester.identity.certificate,
            valid_until: self.home.time_s().await + REQUEST_WINDOW_S,
            window: REQUEST_WINDOW_S,
            parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
        };
        let endorsements = parts.iter().flat_map(|part| endorse(&request, part)).collect();
        requester.sign(request, endorsements, parts).unwrap()
    }

    /// What a node signs, whatever it is shown.
    pub(crate) fn endorse_blindly(&self, request: &Request, member: B256, node: &Node) -> Endorsement {
        let endorse = Endorse { request_hash: request.hash(), member, certificate: node.certificate };
        let signature = node.key.sign(&endorse, &self.alliance().domain()).unwrap();
        Endorsement { certificate: node.certificate, member, signature }
    }

    pub(crate) async fn state(&self, number: u64) -> u8 {
        self.home.view(self.relay.contract, &Alliance::requestAtCall { number }).await.state
    }

    /// Outcome of a number, and version and value of a key, on each member.
    pub(crate) async fn outcomes(&self, number: u64, key: B256) -> Vec<(u8, u64, U256)> {
        let mut all = Vec::new();
        for partner in &self.partners {
            let outcome = partner.chain.view(partner.link.node_contract, &StoreNode::outcomeCall { number }).await;
            let entry = partner.chain.view(partner.link.node_contract, &StoreNode::entryCall { key }).await;
            all.push((outcome.outcome, entry.version, U256::from_be_bytes(entry.value.0)));
        }
        all
    }
}

impl Partnership {
    /// Waits for the outcome of a number, and for version and value of a key, on each member.
    pub(crate) async fn settled(&self, number: u64, key: B256, expected: [(u8, u64, u64); 2]) {
        let expected = expected.map(|(outcome, version, value)| (outcome, version, U256::from(value))).to_vec();
        let settles = async {
            while self.outcomes(number, key).await != expected {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        if tokio::time::timeout(MAX_WAIT, settles).await.is_err() {
            assert_eq!(self.outcomes(number, key).await, expected, "outcomes of {number}");
        }
    }
}

async fn requirement(
    home: &TestChain,
    names: [B256; 2],
    own: usize,
    chain: &TestChain,
    node_contract: Address,
) -> RequirementRegistry::declareCall {
    let requirement = RequirementRegistry::Requirement {
        purpose: name("mortgages"),
        name: names[own],
        chainId: chain.id,
        genesisHash: chain.essentials().genesis_hash,
        nodeContract: node_contract,
        openUntil: home.time_s().await + 3600,
        partners: vec![names[1 - own]],
        endorsers: (0..NODES).map(|i| RequirementRegistry::Endorser { node: node_name(i), weight: 1 }).collect(),
    };
    RequirementRegistry::declareCall { requirement }
}

pub(crate) fn node_name(i: usize) -> B256 {
    name(&format!("node {}", i + 1))
}

/// A node with an identity and a transaction certificate for everything.
pub(crate) async fn certified_node(home: &TestChain, alliance: Address, member: B256, i: usize) -> Node {
    let secret = hex::encode(B256::random());
    let key = Arc::new(NodeKey::from_hex(&secret).unwrap());
    let until = home.time_s().await + 86_400;
    let call = Alliance::issueIdentityCall { member, node: node_name(i), key: key.address(), validUntil: until };
    home.call(alliance, &call).await;
    let identity = home.view(alliance, &Alliance::lastSerialCall {}).await;
    let certificate = certify(home, alliance, identity, until).await;
    Node { name: node_name(i), key, secret, certificate }
}

/// All of a member. Serial numbers are given one after the other.
async fn certified_nodes(home: &TestChain, alliance: Address, member: B256) -> Vec<Node> {
    let last = home.view(alliance, &Alliance::lastSerialCall {}).await;
    let (valid_until, scope) = (home.time_s().await + 86_400, Scope::BOTH.code());
    let (mut nodes, mut calls, mut certificate) = (Vec::new(), Vec::new(), last);
    for i in 0..NODES {
        let secret = hex::encode(B256::random());
        let key = Arc::new(NodeKey::from_hex(&secret).unwrap());
        let (node, identity) = (node_name(i), certificate + 1);
        let issue = Alliance::issueIdentityCall { member, node, key: key.address(), validUntil: valid_until };
        calls.push(issue.abi_encode());
        calls.push(Alliance::issueTransactionCall { identity, scope, validUntil: valid_until }.abi_encode());
        certificate = identity + 1;
        nodes.push(Node { name: node, key, secret, certificate });
    }
    home.call_all(alliance, calls).await;
    assert_eq!(home.view(alliance, &Alliance::lastSerialCall {}).await, certificate);
    nodes
}

/// A transaction certificate for everything; its serial number.
pub(crate) async fn certify(home: &TestChain, alliance: Address, identity: u64, valid_until: u64) -> u64 {
    let scope = Scope::BOTH.code();
    home.call(alliance, &Alliance::issueTransactionCall { identity, scope, validUntil: valid_until }).await;
    home.view(alliance, &Alliance::lastSerialCall {}).await
}

/// A contract whose constructor takes nothing.
#[derive(Clone)]
pub(crate) struct NoArguments;

impl alloy_sol_types::SolConstructor for NoArguments {
    type Parameters<'a> = ();
    type Token<'a> = ();

    fn new(_: ()) -> Self {
        Self
    }

    fn tokenize(&self) -> Self::Token<'_> {}
}
