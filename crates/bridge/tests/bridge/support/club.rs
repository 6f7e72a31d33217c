//! An alliance on one chain, whose members' own chains are nobody's concern: for certificates alone.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy_primitives::{Address, B256, U256};
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::AllianceContract,
    tls::{Claim, Credentials, Gate, Mutual, Serial, issue_credentials, make_credentials},
};
use chancery_contracts::{Alliance, RequirementRegistry};

use crate::support::{
    chain::TestChain,
    partnership::{NoArguments, Node, certified_node, name, node_name},
};

pub(crate) struct Club {
    pub(crate) home: TestChain,
    pub(crate) alliance: AllianceContract,
    pub(crate) bank: B256,
    pub(crate) land: B256,
    dir: PathBuf,
}

impl Club {
    pub(crate) async fn start(dir: &Path) -> Self {
        let home = TestChain::start(dir, "main").await;
        let (bank, land) = (name("bank"), name("land registry"));
        let registry = home.deploy(&RequirementRegistry::BYTECODE, &NoArguments).await;
        for (own, partner, chain_id) in [(bank, land, 31_001), (land, bank, 31_002)] {
            let requirement = RequirementRegistry::Requirement {
                purpose: name("mortgages"),
                name: own,
                chainId: chain_id,
                genesisHash: B256::ZERO,
                nodeContract: Address::repeat_byte(7),
                openUntil: home.time_s().await + 3600,
                partners: vec![partner],
                endorsers: vec![RequirementRegistry::Endorser { node: node_name(0), weight: 1 }],
            };
            home.call(registry, &RequirementRegistry::declareCall { requirement }).await;
        }
        let arguments = Alliance::constructorCall {
            requirements: registry,
            ids: vec![U256::ZERO, U256::ONE],
            anchors: vec![Address::ZERO; 2],
        };
        let address = home.deploy(&Alliance::BYTECODE, &arguments).await;
        for member in [bank, land] {
            home.call(address, &Alliance::acceptCall { name: member }).await;
        }
        let alliance = AllianceContract { chain: home.chain.clone(), address };
        Self { home, alliance, bank, land, dir: dir.to_owned() }
    }

    /// A node with an identity and a transaction certificate for everything.
    pub(crate) async fn node(&self, member: B256, i: usize) -> Node {
        certified_node(&self.home, self.alliance.address, member, i).await
    }

    /// Another transaction certificate of a node.
    pub(crate) async fn certify(&self, identity: u64, scope: Scope, valid_until: u64) -> u64 {
        let call = Alliance::issueTransactionCall { identity, scope: scope.code(), validUntil: valid_until };
        self.home.call(self.alliance.address, &call).await;
        self.home.view(self.alliance.address, &Alliance::lastSerialCall {}).await
    }

    /// One for everything that ends as soon as this machine lets it: its serial number and its end.
    pub(crate) async fn certify_briefly(&self, identity: u64) -> (u64, u64) {
        for seconds in [4, 16, 64, 256] {
            let until = self.home.time_s().await + seconds;
            let call = Alliance::issueTransactionCall { identity, scope: Scope::BOTH.code(), validUntil: until };
            // Refused if it has ended before it is on chain.
            if self.home.tries(self.alliance.address, &call).await {
                return (self.home.view(self.alliance.address, &Alliance::lastSerialCall {}).await, until);
            }
        }
        panic!("a transaction takes minutes");
    }

    pub(crate) async fn identity_of(&self, node: &Node) -> u64 {
        self.alliance.certificate(node.certificate).await.unwrap().unwrap().0.identity
    }

    pub(crate) async fn revoke(&self, serial: u64) {
        self.home.call(self.alliance.address, &Alliance::revokeTransactionCall { serial }).await;
    }

    pub(crate) async fn revoke_identity(&self, serial: u64) {
        self.home.call(self.alliance.address, &Alliance::revokeIdentityCall { serial }).await;
    }

    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::new(Gate::new(self.alliance.clone()).unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.pem"))
    }

    /// A file with what is made of a certificate on chain; one that is there is replaced.
    pub(crate) async fn issue(&self, file: &str, node: &Node, serial: Serial) -> PathBuf {
        let gate = self.gate();
        let issued = issue_credentials(&self.alliance, gate.alliance(), serial, &node.key).await.unwrap();
        write_private(&self.file(file), &issued.1)
    }

    /// What a node shows and accepts, with a certificate of a serial number.
    pub(crate) async fn mutual(&self, file: &str, node: &Node, serial: Serial) -> Mutual {
        let path = self.issue(file, node, serial).await;
        Mutual::new(Arc::new(Credentials::open(&path).unwrap()), self.gate()).unwrap()
    }

    /// The same for whatever is claimed, whether it is so or not.
    pub(crate) async fn claiming(&self, file: &str, node: &Node, change: impl FnOnce(&mut Claim)) -> Mutual {
        let gate = self.gate();
        let mut claim = Claim {
            chain_id: gate.alliance().chain_id,
            contract: gate.alliance().contract,
            genesis_hash: gate.alliance().genesis_hash,
            member: self.bank,
            key: node.key.address(),
            identity: self.identity_of(node).await,
            transaction: Some(node.certificate),
        };
        change(&mut claim);
        // Old enough that nobody takes it for one that has not come to the chain yet.
        let now = self.home.time_s().await;
        let text = make_credentials(&claim, node.name, (now - 3600, now + 3600), &node.key).unwrap();
        let path = write_private(&self.file(file), &text);
        Mutual::new(Arc::new(Credentials::open(&path).unwrap()), gate).unwrap()
    }
}

/// Written beside, then put in its place at once, as the command does.
pub(crate) fn write_private(path: &Path, text: &str) -> PathBuf {
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    fs::rename(&new, path).unwrap();
    path.to_owned()
}
