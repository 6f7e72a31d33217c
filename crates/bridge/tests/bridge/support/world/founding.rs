//! The alliance of the simulated world: two members on a third chain, with fixed keys, so that it is the same every time.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction as _, TxEnvelope, TxLegacy},
    eips::eip2718::Encodable2718 as _,
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolConstructor, SolEvent as _};
use chancery_bridge::{alliance::certificate::Scope, key::NodeKey};
use chancery_contracts::{
    Alliance, Anchor, RequirementRegistry, StoreNode, predeploys, uncompressed_g1, uncompressed_g2,
};
use chancery_light::{FinalityCertificate, FinalityProof};
use parking_lot::Mutex;

use super::node::{GENESIS_S, SimNode};
use crate::support::partnership::{NoArguments, name, node_name};

/// Each member has so many endorsers of the same weight.
pub(crate) const ENDORSERS: usize = 3;
/// Osaka takes no more in one transaction.
const GAS: u64 = 16_000_000;
const DAY_S: u64 = 86_400;

/// A node of a member.
pub(crate) struct Seated {
    pub(crate) name: B256,
    pub(crate) key: Arc<NodeKey>,
    pub(crate) certificate: u64,
}

/// A member.
pub(crate) struct SimMember {
    pub(crate) name: B256,
    pub(crate) node_contract: Address,
    pub(crate) nodes: Vec<Seated>,
}

/// Who pays for the founding on a chain, and is everybody's authority.
struct Founder {
    node: Arc<SimNode>,
    key: PrivateKeySigner,
    nonce: u64,
    waiting: Vec<Bytes>,
}

/// A key that is the same in every run.
pub(crate) fn fixed_secret(of: &str) -> String {
    hex::encode(keccak256(of))
}

impl Founder {
    fn on(node: &Arc<SimNode>) -> Self {
        let secret = keccak256(format!("founder of {}", node.name));
        let key = PrivateKeySigner::from_bytes(&secret).unwrap();
        Self { node: node.clone(), key, nonce: 0, waiting: Vec::new() }
    }

    fn address(&self) -> Address {
        self.key.address()
    }

    fn deploy(&mut self, code: &Bytes, arguments: &impl SolConstructor) -> Address {
        let address = self.address().create(self.nonce);
        self.send(TxKind::Create, [code.to_vec(), arguments.abi_encode()].concat().into());
        address
    }

    fn call(&mut self, to: Address, call: &impl SolCall) {
        self.send(TxKind::Call(to), call.abi_encode().into());
    }

    fn send(&mut self, to: TxKind, input: Bytes) {
        let chain_id = Some(self.node.essentials.chain_id);
        let nonce = self.nonce;
        self.nonce += 1;
        let transaction = TxLegacy { chain_id, nonce, gas_price: 0, gas_limit: GAS, to, value: U256::ZERO, input };
        let signature = self.key.sign_hash_sync(&transaction.signature_hash()).unwrap();
        self.waiting.push(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into());
    }

    /// Puts everything into blocks.
    fn settle(&mut self, time_ms: u64) {
        self.node.add(std::mem::take(&mut self.waiting));
        while self.node.pulse().unwrap().1 {
            let block = self.node.advance(time_ms).unwrap();
            let failed = block.receipts().iter().position(|receipt| !receipt.success);
            assert_eq!(failed, None, "the founding fails on {}", self.node.name);
        }
    }

    /// An anchor that follows a chain.
    fn anchor(&mut self, followed: &SimNode) -> Address {
        let arguments = Anchor::constructorCall {
            registry: predeploys::VALIDATOR_REGISTRY,
            chainId: followed.essentials.chain_id,
            genesisHash: followed.essentials.genesis_hash,
        };
        let anchor = self.deploy(&Anchor::BYTECODE, &arguments);
        let keys = uncompressed_g1(followed.essentials.validators[0].as_slice()).unwrap();
        self.call(anchor, &Anchor::beginCall { genesisHeader: followed.genesis_header(), keys });
        anchor
    }
}

/// What was founded, and who may go on in its name.
pub(crate) struct Founded {
    pub(crate) alliance: Address,
    pub(crate) members: [SimMember; 2],
    /// Owners of the members' node contracts.
    owners: [Mutex<Founder>; 2],
    /// Every member's authority.
    home: Mutex<Founder>,
    registry: Address,
    /// Of the first member's chain on the alliance's, and the other way round.
    first_anchors: [Address; 2],
}

/// Of the first chain of three. Each member's account starts with so much.
pub(crate) fn found(nodes: &[Arc<SimNode>; 3], accounts: &[B256], start: [u64; 2], time_ms: u64) -> Founded {
    let names = [name("bank"), name("land registry")];
    let mut home = Founder::on(&nodes[0]);
    let mut owners = [Founder::on(&nodes[1]), Founder::on(&nodes[2])];
    let registry = home.deploy(&RequirementRegistry::BYTECODE, &NoArguments);
    let mut to_member = Vec::new();
    let mut to_alliance = Vec::new();
    let mut node_contracts = Vec::new();
    for (own, owner) in owners.iter_mut().enumerate() {
        to_alliance.push(home.anchor(&nodes[own + 1]));
        to_member.push(owner.anchor(&nodes[0]));
        let node_contract = owner.address().create(owner.nonce);
        node_contracts.push(node_contract);
        let endorsers = (0..ENDORSERS).map(|i| RequirementRegistry::Endorser { node: node_name(i), weight: 1 });
        let requirement = RequirementRegistry::Requirement {
            purpose: name("transfers"),
            name: names[own],
            chainId: nodes[own + 1].essentials.chain_id,
            genesisHash: nodes[own + 1].essentials.genesis_hash,
            nodeContract: node_contract,
            openUntil: GENESIS_S + DAY_S,
            partners: vec![names[1 - own]],
            endorsers: endorsers.collect(),
        };
        home.call(registry, &RequirementRegistry::declareCall { requirement });
    }
    let ids = vec![U256::ZERO, U256::ONE];
    let first_anchors = [to_alliance[0], to_member[0]];
    let arguments = Alliance::constructorCall { requirements: registry, ids, anchors: to_alliance };
    let alliance = home.deploy(&Alliance::BYTECODE, &arguments);
    let mut serial = 0;
    let members = [0, 1].map(|own| {
        home.call(alliance, &Alliance::acceptCall { name: names[own] });
        let nodes = (0..ENDORSERS).map(|i| certified(&mut home, alliance, names[own], i, &mut serial)).collect();
        SimMember { name: names[own], node_contract: node_contracts[own], nodes }
    });
    home.settle(time_ms);
    for (own, owner) in owners.iter_mut().enumerate() {
        let (anchor, member) = (to_member[own], names[own]);
        let arguments = StoreNode::constructorCall { anchor, alliance, member, owner: owner.address() };
        assert_eq!(owner.deploy(&StoreNode::BYTECODE, &arguments), node_contracts[own]);
        for key in accounts {
            let value = B256::from(U256::from(start[own]));
            owner.call(node_contracts[own], &StoreNode::setCall { key: *key, value });
        }
        owner.settle(time_ms);
    }
    let (owners, home) = (owners.map(Mutex::new), Mutex::new(home));
    Founded { alliance, members, owners, home, registry, first_anchors }
}

impl Founded {
    /// A member writes a value past the alliance; it is in force when there is a block.
    pub(crate) fn set(&self, member: usize, key: B256, value: u64) {
        let mut owner = self.owners[member].lock();
        let value = B256::from(U256::from(value));
        owner.call(self.members[member].node_contract, &StoreNode::setCall { key, value });
        let sent = std::mem::take(&mut owner.waiting);
        owner.node.add(sent);
    }
}

impl Founded {
    /// Calls of a member's node contract, whose transactions its chain puts into one block, in this order.
    pub(crate) fn together(&self, member: usize, calls: &[impl SolCall]) {
        let mut owner = self.owners[member].lock();
        for call in calls {
            owner.call(self.members[member].node_contract, call);
        }
        let sent = std::mem::take(&mut owner.waiting);
        owner.node.add(sent);
    }
}

impl Founded {
    /// A member leaves; it has when there is a block.
    pub(crate) fn leave(&self, member: usize) {
        let mut home = self.home.lock();
        home.call(self.alliance, &Alliance::leaveCall { name: self.members[member].name });
        let sent = std::mem::take(&mut home.waiting);
        home.node.add(sent);
    }

    /// Shows the alliance's anchor of the first member's chain two branches of that; it is frozen when there is a block.
    pub(crate) fn freeze(&self) {
        self.show(self.branches());
    }

    /// Shows it one that the chain itself does not have, as somebody would whose node has; the hashes of that and of the chain's own block of the number.
    pub(crate) fn mislead(&self) -> [B256; 2] {
        let [own, other] = self.branches();
        let hashes = [&other, &own].map(|proof| keccak256(&proof.header));
        self.show([other]);
        hashes
    }

    fn branches(&self) -> [FinalityProof; 2] {
        self.owners[0].lock().node.two_branches()
    }

    fn show(&self, branches: impl IntoIterator<Item = FinalityProof>) {
        let validator = self.owners[0].lock().node.essentials.validators[0];
        let keys = uncompressed_g1(validator.as_slice()).unwrap();
        let mut home = self.home.lock();
        for proof in branches {
            let signature = FinalityCertificate::decode(&proof.certificate).unwrap().signature;
            let proof = Anchor::FinalityProof {
                header: proof.header,
                certificate: proof.certificate,
                signaturePoint: uncompressed_g2(signature.as_slice()).unwrap(),
                descendants: proof.descendants,
            };
            home.call(self.first_anchors[0], &Anchor::submitCall { proof, keys: keys.clone() });
        }
        let sent = std::mem::take(&mut home.waiting);
        home.node.add(sent);
    }

    /// The members take in another one, on the first one's chain and over its anchors; they have when there is a block.
    pub(crate) fn admit(&self, title: &str) -> SimMember {
        let (anchor, alliance, member) = (self.first_anchors[1], self.alliance, name(title));
        self.admitted(title, |owner| {
            let arguments = StoreNode::constructorCall { anchor, alliance, member, owner: owner.address() };
            owner.deploy(&StoreNode::BYTECODE, &arguments)
        })
    }

    /// The same of one whose node contract is its own: it says that it has reserved these numbers, whatever the alliance has.
    pub(crate) fn admit_liar(&self, title: &str, invented: &[u64]) -> SimMember {
        let anchor = self.first_anchors[1];
        self.admitted(title, |owner| {
            let address = owner.address().create(owner.nonce);
            owner.send(TxKind::Create, liar(anchor));
            for number in invented {
                // Any call but the two that it answers.
                owner.call(address, &StoreNode::refusedKeyCall { number: *number });
            }
            address
        })
    }

    fn admitted(&self, title: &str, node_contract: impl FnOnce(&mut Founder) -> Address) -> SimMember {
        let (mut home, mut owner) = (self.home.lock(), self.owners[0].lock());
        let to_alliance = self.first_anchors[0];
        let (member, essentials) = (name(title), owner.node.essentials.clone());
        let node_contract = node_contract(&mut owner);
        let mut partners: Vec<B256> = self.members.iter().map(|member| member.name).collect();
        partners.sort_unstable();
        let endorsers = (0..ENDORSERS).map(|i| RequirementRegistry::Endorser { node: node_name(i), weight: 1 });
        let requirement = RequirementRegistry::Requirement {
            purpose: name("transfers"),
            name: member,
            chainId: essentials.chain_id,
            genesisHash: essentials.genesis_hash,
            nodeContract: node_contract,
            openUntil: GENESIS_S + DAY_S,
            partners,
            endorsers: endorsers.collect(),
        };
        home.call(self.registry, &RequirementRegistry::declareCall { requirement });
        // Each of the two has declared one before.
        let requirement = U256::from(self.members.len());
        for voter in &self.members {
            let ballot = Alliance::Ballot { kind: 0, member: B256::ZERO, requirement, anchor: to_alliance };
            home.call(self.alliance, &Alliance::voteCall { name: voter.name, ballot });
        }
        // Two certificates for each node that there is.
        let mut serial = 2 * u64::try_from(ENDORSERS * self.members.len()).unwrap();
        let nodes = (0..ENDORSERS).map(|i| certified(&mut home, self.alliance, member, i, &mut serial)).collect();
        for founder in [&mut *home, &mut *owner] {
            let sent = std::mem::take(&mut founder.waiting);
            founder.node.add(sent);
        }
        SimMember { name: member, node_contract, nodes }
    }
}

/// Creation code of a contract that has that anchor, says `Reserved` of every number, and logs it of the one that it is called with.
fn liar(anchor: Address) -> Bytes {
    const ANCHOR_AT: u8 = 66;
    const OUTCOME_AT: u8 = 94;
    // The selector: PUSH0, CALLDATALOAD, PUSH1 224, SHR.
    let mut code = vec![0x5f, 0x35, 0x60, 0xe0, 0x1c];
    for (selector, at) in [(StoreNode::ANCHORCall::SELECTOR, ANCHOR_AT), (StoreNode::outcomeCall::SELECTOR, OUTCOME_AT)]
    {
        code.extend([0x80, 0x63]); // DUP1, PUSH4
        code.extend(selector);
        code.extend([0x14, 0x60, at, 0x57]); // EQ, PUSH1, JUMPI
    }
    code.extend([0x60, 4, 0x35, 0x7f]); // PUSH1, CALLDATALOAD, PUSH32
    code.extend(StoreNode::Reserved::SIGNATURE_HASH.as_slice());
    code.extend([0x60, 32, 0x5f, 0xa2, 0x00]); // PUSH1, PUSH0, LOG2, STOP
    code.extend([0x5b, 0x73]); // JUMPDEST, PUSH20
    code.extend(anchor.as_slice());
    code.extend([0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]); // PUSH0, MSTORE, PUSH1, PUSH0, RETURN
    // JUMPDEST, PUSH1 1 (reserved), PUSH0, MSTORE, PUSH1, PUSH0, RETURN
    code.extend([0x5b, 0x60, 1, 0x5f, 0x52, 0x60, 128, 0x5f, 0xf3]);
    // PUSH1, DUP1, PUSH1 (behind this), PUSH0, CODECOPY, PUSH0, RETURN
    let begin = [0x60, u8::try_from(code.len()).unwrap(), 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3];
    [&begin[..], &code].concat().into()
}

/// A node with certificates for everything; serial numbers are given one after the other.
fn certified(home: &mut Founder, alliance: Address, member: B256, i: usize, serial: &mut u64) -> Seated {
    let key = Arc::new(NodeKey::from_hex(&fixed_secret(&format!("{member} {i}"))).unwrap());
    let (node, valid_until) = (node_name(i), GENESIS_S + DAY_S);
    let call = Alliance::issueIdentityCall { member, node, key: key.address(), validUntil: valid_until };
    home.call(alliance, &call);
    let identity = *serial + 1;
    let call = Alliance::issueTransactionCall { identity, scope: Scope::BOTH.code(), validUntil: valid_until };
    home.call(alliance, &call);
    *serial += 2;
    Seated { name: node, key, certificate: *serial }
}
