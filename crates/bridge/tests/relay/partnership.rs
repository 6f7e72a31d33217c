//! An alliance of two chains on a third: contracts, certificates and relays between real nodes.

use std::{path::Path, sync::Arc};

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolValue;
use chancery_bridge::{
    alliance::message::{Endorse, Endorsement, Part, PartReference, Read, Request, Sequence, Write, endorsements_hash},
    relay::{AnchorRelay, MemberLink, RequestRelay},
};
use chancery_contracts::{Alliance, Anchor, RequirementRegistry, StoreNode, predeploys};
use chancery_ledger::SubmitterKey;
use chancery_primitives::{SignedOperation, SigningDomain};

use crate::chain::TestChain;

const NODE: &str = "node 1";
/// Long enough for nodes that were built without optimisation on a loaded machine.
const REQUEST_WINDOW_S: u64 = 1800;

pub(crate) struct Partner {
    pub(crate) name: B256,
    pub(crate) chain: TestChain,
    pub(crate) link: MemberLink,
    certificate: u64,
}

pub(crate) struct Partnership {
    pub(crate) home: TestChain,
    pub(crate) partners: Vec<Partner>,
    pub(crate) relay: RequestRelay,
    /// The key of every node: who signs is not what these tests are about.
    signer: PrivateKeySigner,
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
        let names = [name("bank"), name("land registry")];
        let chains = [TestChain::start(dir, "marriage").await, TestChain::start(dir, "degree").await];
        let registry = home.deploy(&RequirementRegistry::BYTECODE, &NoArguments).await;
        let (mut links, mut declared, mut anchors) = (Vec::new(), Vec::new(), Vec::new());
        for (i, chain) in chains.iter().enumerate() {
            let to_alliance = anchor(&home, chain).await;
            let to_member = anchor(chain, &home).await;
            let node_contract = chain.next_address();
            home.call(registry, &requirement(&home, names, i, chain, node_contract).await).await;
            declared.push(U256::from(i));
            anchors.push(to_alliance.anchor);
            links.push(MemberLink { name: names[i], node_contract, to_member, to_alliance });
        }
        let arguments = Alliance::constructorCall { requirements: registry, ids: declared, anchors };
        let alliance = home.deploy(&Alliance::BYTECODE, &arguments).await;
        let signer = PrivateKeySigner::random();
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
            let certificate = certify(&home, alliance, link.name, signer.address()).await;
            partners.push(Partner { name: link.name, chain, link, certificate });
        }
        let relay =
            RequestRelay { chain: home.chain.clone(), contract: alliance, key: Arc::new(SubmitterKey::random()) };
        Self { home, partners, relay, signer }
    }

    /// Changes the same key on both members, from the versions given; what is suggested is suggested by the node contracts.
    pub(crate) async fn suggest(&self, key: B256, values: [u64; 2]) -> Vec<Part> {
        let mut parts = Vec::new();
        for (partner, value) in self.partners.iter().zip(values) {
            let write = StoreNode::Write { key, value: B256::from(U256::from(value)) };
            let call: Bytes = (vec![key], vec![write]).abi_encode_params().into();
            let asked = StoreNode::suggestCall { call: call.clone() };
            let suggested = partner.chain.view(partner.link.node_contract, &asked).await;
            parts.push(Part {
                member: partner.name,
                call,
                reads: suggested.reads.iter().map(|read| Read { key: read.key, version: read.version }).collect(),
                writes: suggested.writes.iter().map(|write| Write { key: write.key, value: write.value }).collect(),
            });
        }
        parts
    }

    /// Endorses the parts as each member's node, sequences them as the bank's, and says which number that is.
    pub(crate) async fn sequence(&self, idempotency_key: &str, parts: &[Part]) -> u64 {
        let domain = SigningDomain::new(self.home.id, self.relay.contract);
        let request = Request {
            idempotency_key: name(idempotency_key),
            certificate: self.partners[0].certificate,
            valid_until: self.home.time_s().await + REQUEST_WINDOW_S,
            window: REQUEST_WINDOW_S,
            parts: parts.iter().map(|part| PartReference { member: part.member, part_hash: part.hash() }).collect(),
        };
        request.check().unwrap();
        let endorsements: Vec<_> =
            self.partners.iter().map(|partner| self.endorse(&domain, &request, partner)).collect();
        let sequence = Sequence { request_hash: request.hash(), endorsements_hash: endorsements_hash(&endorsements) };
        let signature = self.sign(sequence.digest(&domain));
        self.relay.submit(&request, &endorsements, signature).await.unwrap();
        self.relay.number_of(self.partners[0].name, name(NODE), request.idempotency_key).await.unwrap().unwrap()
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

    fn endorse(&self, domain: &SigningDomain, request: &Request, partner: &Partner) -> Endorsement {
        let endorse = Endorse { request_hash: request.hash(), member: partner.name, certificate: partner.certificate };
        let signature = self.sign(endorse.digest(domain));
        Endorsement { certificate: partner.certificate, member: partner.name, signature }
    }

    fn sign(&self, digest: B256) -> Bytes {
        self.signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into()
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
        endorsers: vec![RequirementRegistry::Endorser { node: name(NODE), weight: 1 }],
    };
    RequirementRegistry::declareCall { requirement }
}

/// An identity and a transaction certificate; the serial number of the second.
async fn certify(home: &TestChain, alliance: Address, member: B256, key: Address) -> u64 {
    let until = home.time_s().await + 86_400;
    home.call(alliance, &Alliance::issueIdentityCall { member, node: name(NODE), key, validUntil: until }).await;
    let identity = home.view(alliance, &Alliance::lastSerialCall {}).await;
    home.call(alliance, &Alliance::issueTransactionCall { identity, scope: 3, validUntil: until }).await;
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
