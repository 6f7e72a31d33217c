//! A chain without finality certificates as a member: anvil, reached by plain JSON-RPC, with its endorsers' word (A-MORE-4).

mod deaths;
mod programs;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall as _, SolValue as _};
use chancery_bridge::{
    alliance::{
        certificate::Scope,
        store::{Outcome, Refusal},
    },
    contracts::AllianceContract,
    endorser::{AttestQuery, AttestRefusal, Attestation, Attester, Endorser, NodeEndorser},
    establish::{
        Endorsing, Established, Joining, NodeContractKind, Site, establish, issue_identity, issue_transaction,
    },
    key::NodeKey,
    relay::{Carrier as _, Courier, CourierLimits, RequestRelay, member_links},
    requester::{Lost, MemberAccess, MissingGuarantee, RequestError, Requester, RequesterIdentity, RequesterLimits},
};
use chancery_contracts::StoreNode;
use chancery_ledger::{Chain, ChainConfig, Ledger, LedgerLimits, RevertReasons, SubmitterKey};
use chancery_testing::process::{Anvil, Wire, rpc};
use serde_json::json;

use crate::support::chain::TestChain;

/// anvil's own.
const ANVIL_CHAIN_ID: u64 = 31_337;
/// Nodes of each member, of the same weight.
const NODES: usize = 3;
/// Many times what a request takes.
const MAX_WAIT: Duration = Duration::from_secs(240);
/// Gas is free there as here; blocks come by themselves, as their time does.
const FREE: [&str; 6] = ["--gas-price", "0", "--block-base-fee-per-gas", "0", "--hardfork", "osaka"];

fn name(text: &str) -> B256 {
    B256::right_padding_from(text.as_bytes())
}

fn node(i: usize) -> B256 {
    name(&format!("node {}", i + 1))
}

fn write(key: &str, value: u64) -> Bytes {
    let write = StoreNode::Write { key: name(key), value: B256::from(U256::from(value)) };
    (vec![name(key)], vec![write]).abi_encode_params().into()
}

struct Exchange {
    established: Established,
    endorsers: Vec<Vec<NodeEndorser>>,
    /// Their keys in hexadecimal.
    secrets: Vec<Vec<String>>,
    chains: Vec<Chain>,
    anvil: String,
}

async fn certified_site(chain: &TestChain) -> Site {
    Site { chain: chain.chain.clone(), genesis_header: Some(chain.genesis_header().await) }
}

impl Exchange {
    async fn between(home: &TestChain, own: &TestChain, foreign: &Chain, anvil: &str) -> Self {
        let sites = [certified_site(own).await, Site { chain: foreign.clone(), genesis_header: None }];
        let names = [name("bank"), name("partner abroad")];
        let joining = names.into_iter().zip(sites).map(|(name, site)| Joining {
            name,
            site,
            key: Arc::new(SubmitterKey::random()),
            kind: NodeContractKind::Store,
            endorsers: (0..NODES).map(|i| Endorsing { node: node(i), weight: 1 }).collect(),
        });
        let joining: Vec<_> = joining.collect();
        for joined in &joining {
            fund(anvil, joined.key.address()).await;
        }
        let home_site = certified_site(home).await;
        let established = establish(&home_site, name("exchange"), 3600, &joining).await.unwrap();
        let alliance = &established.alliance;
        let until = alliance.time_s().await.unwrap() + 86_400;
        let (mut endorsers, mut secrets) = (Vec::new(), Vec::new());
        for (member, joined) in established.members.iter().zip(&joining) {
            let (mut own, mut of_own) = (Vec::new(), Vec::new());
            for i in 0..NODES {
                let secret = hex::encode(B256::random());
                let key = Arc::new(NodeKey::from_hex(&secret).unwrap());
                of_own.push(secret);
                let identity =
                    issue_identity(alliance, &joined.key, member.name, node(i), key.address(), until).await.unwrap();
                let certificate = issue_transaction(alliance, &joined.key, identity, Scope::BOTH, until).await.unwrap();
                let (domain, contract) = (alliance.domain(), member.node_contract.clone());
                own.push(NodeEndorser { domain, member: member.name, contract, certificate, key, database: None });
            }
            endorsers.push(own);
            secrets.push(of_own);
        }
        let chains = vec![home.chain.clone(), own.chain.clone(), foreign.clone()];
        Self { established, endorsers, secrets, chains, anvil: anvil.to_owned() }
    }

    fn alliance(&self) -> &AllianceContract {
        &self.established.alliance
    }

    /// A relay that asks these for the foreign member's outcomes.
    async fn courier(&self, attesters: Vec<Arc<dyn Attester>>) -> Arc<Courier> {
        let key = Arc::new(SubmitterKey::random());
        fund(&self.anvil, key.address()).await;
        let attesters = BTreeMap::from([(self.established.members[1].name, attesters)]);
        let links = member_links(self.alliance(), &self.chains, &attesters, &key).await.unwrap();
        assert_eq!(links.len(), 2);
        let relay = RequestRelay { chain: self.alliance().chain.clone(), contract: self.alliance().address, key };
        let limits = CourierLimits { pause: Duration::from_millis(100), ..CourierLimits::default() };
        Arc::new(Courier::new(relay, links, limits))
    }

    fn requester(&self, carrier: Arc<Courier>, window_s: u64) -> Requester {
        let own = &self.endorsers[0][0];
        let members = self.established.members.iter().zip(&self.endorsers).map(|(member, endorsers)| MemberAccess {
            name: member.name,
            contract: member.node_contract.clone(),
            endorsers: endorsers.iter().map(|it| Arc::new(it.clone()) as Arc<dyn Endorser>).collect(),
        });
        Requester {
            alliance: self.alliance().clone(),
            identity: RequesterIdentity {
                member: own.member,
                node: node(0),
                certificate: own.certificate,
                key: own.key.clone(),
            },
            members: members.collect(),
            carrier,
            limits: RequesterLimits {
                valid_for_s: 600,
                window_s,
                endorse_timeout: Duration::from_secs(60),
                patience: Duration::from_secs(120),
                max_tries: 1,
                ..RequesterLimits::default()
            },
        }
    }

    fn calls(&self, own: &str, abroad: &str, value: u64) -> Vec<(B256, Bytes)> {
        let members = &self.established.members;
        vec![(members[0].name, write(own, value)), (members[1].name, write(abroad, value))]
    }

    async fn settled(&self, number: u64, expected: [Outcome; 2]) {
        let settles = async {
            for (member, expected) in self.established.members.iter().zip(expected) {
                while member.node_contract.outcome(number).await.unwrap() != Some(expected) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        tokio::time::timeout(MAX_WAIT, settles).await.unwrap();
    }

    async fn version(&self, member: usize, key: &str) -> u64 {
        let contract = &self.established.members[member].node_contract;
        let call = StoreNode::entryCall { key: name(key) };
        let answer = contract.chain.view(contract.address, &call.abi_encode().into()).await.unwrap();
        StoreNode::entryCall::abi_decode_returns(&answer.data).unwrap().version
    }
}

/// Its node asks for a tip, however cheap gas is.
async fn fund(anvil: &str, account: Address) {
    rpc(anvil, "anvil_setBalance", json!([account, "0xffffffffffffffffffff"])).await.unwrap();
}

async fn foreign_chain(url: &str) -> Chain {
    let config = ChainConfig::uncertified("anvil", url.parse().unwrap(), ANVIL_CHAIN_ID);
    let ledger =
        Ledger::connect(vec![config], LedgerLimits::default(), RevertReasons::of_our_contracts()).await.unwrap();
    ledger.chain("anvil").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_chain_takes_part_by_its_endorsers_word_and_the_answer_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let home = TestChain::start(dir.path(), "main").await;
    let own = TestChain::start(dir.path(), "degree").await;
    let anvil = Anvil::start(&FREE).unwrap();
    let foreign = foreign_chain(&anvil.url).await;
    let exchange = Exchange::between(&home, &own, &foreign, &anvil.url).await;
    let abroad = exchange.established.members[1].name;
    let honest = |i: usize| -> Arc<dyn Attester> { Arc::new(exchange.endorsers[1][i].clone()) };
    let forger = || -> Arc<dyn Attester> {
        // In the name of the first node, with a key of its own.
        Arc::new(NodeEndorser { key: Arc::new(NodeKey::random()), ..exchange.endorsers[1][0].clone() })
    };

    // A forger among three is left out by name, and the two others are more than half.
    let courier = exchange.courier(vec![forger(), honest(1), honest(2)]).await;
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = exchange.requester(courier, 1800);
    let committed = requester.execute(name("first"), &exchange.calls("account", "account", 7)).await.unwrap();
    let expected = Lost::ALL.map(|lost| MissingGuarantee { member: abroad, lost });
    assert_eq!(committed.missing, expected);
    exchange.settled(committed.number, [Outcome::Applied; 2]).await;
    assert_eq!([exchange.version(0, "account").await, exchange.version(1, "account").await], [1, 1]);

    // A stale version abroad: refused there, attested, and given back here.
    let mut stale = Vec::new();
    for (key, account) in [("second", "red"), ("third", "blue")] {
        let mut parts = Vec::new();
        for (member, call) in exchange.calls(account, "account", 8) {
            parts.push(requester.suggest(member, &call).await.unwrap());
        }
        stale.push(requester.endorse(name(key), parts).await.unwrap());
    }
    let second = requester.send(&stale[0]).await.unwrap();
    exchange.settled(second.number, [Outcome::Applied; 2]).await;
    let error = requester.send(&stale[1]).await.unwrap_err();
    let RequestError::Refused { number, member, refusal } = error else { panic!("{error}") };
    assert_eq!((member, refusal), (abroad, Refusal::Stale { key: name("account"), expected: 1, actual: 2 }));
    exchange.settled(number, [Outcome::Released, Outcome::Refused]).await;
    assert_eq!(exchange.version(0, "blue").await, 0);
    carries.abort();

    // What an endorser does not find on its chain, it does not say.
    let query = AttestQuery { number: 99, member: abroad, part_hash: B256::ZERO };
    assert_eq!(honest(1).attest(&query).await, Err(AttestRefusal::Open));

    // A third of the weight is not believed: the deadline passes, and everybody gives back what it held.
    let courier = exchange.courier(vec![forger(), honest(2)]).await;
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = exchange.requester(courier, 40);
    let error = requester.execute(name("fourth"), &exchange.calls("account", "account", 9)).await.unwrap_err();
    let RequestError::Expired { number, .. } = error else { panic!("{error}") };
    exchange.settled(number, [Outcome::Released; 2]).await;
    assert_eq!([exchange.version(0, "account").await, exchange.version(1, "account").await], [1, 2]);
    carries.abort();
    Box::pin(deaths::at_the_attestation(&exchange)).await;
    Box::pin(programs::commit(dir.path(), [&home, &own], &exchange)).await;
}

/// An endorser that says nothing.
#[derive(Debug)]
struct Mute;

#[async_trait::async_trait]
impl Attester for Mute {
    async fn attest(&self, _query: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        Err(AttestRefusal::Unavailable { reason: "no answer".to_owned() })
    }
}

// A-MORE-4, A-MORE-1: what is lost is what a reorganisation would take, and a restart is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_node_starts_again_between_reservation_and_decision() {
    let dir = tempfile::tempdir().unwrap();
    let home = TestChain::start(dir.path(), "main").await;
    let own = TestChain::start(dir.path(), "degree").await;
    let anvil = Anvil::start(&FREE).unwrap();
    // Its address stays, whichever port it gets next.
    let wire = Wire::to(&anvil.url).await.unwrap();
    let foreign = foreign_chain(&wire.url).await;
    let exchange = Exchange::between(&home, &own, &foreign, &wire.url).await;
    let there = exchange.established.members[1].node_contract.clone();
    let honest = |i: usize| -> Arc<dyn Attester> { Arc::new(exchange.endorsers[1][i].clone()) };

    // It has reserved, and nobody says so.
    let courier = exchange.courier(vec![Arc::new(Mute)]).await;
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = exchange.requester(courier.clone(), 1800);
    let mut parts = Vec::new();
    for (member, call) in exchange.calls("account", "account", 7) {
        parts.push(requester.suggest(member, &call).await.unwrap());
    }
    let submission = requester.endorse(name("restart"), parts).await.unwrap();
    let number = courier.carry(&submission).await.unwrap();
    let reserves = async {
        while there.outcome(number).await.unwrap() != Some(Outcome::Reserved) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(MAX_WAIT, reserves).await.unwrap();
    carries.abort();

    // The node goes away with what it has, and its endorsers cannot say.
    let state = rpc(&anvil.url, "anvil_dumpState", json!([true])).await.unwrap();
    drop(anvil);
    let query = AttestQuery { number, member: exchange.established.members[1].name, part_hash: B256::ZERO };
    let silent = honest(0).attest(&query).await;
    assert!(matches!(silent, Err(AttestRefusal::Unavailable { .. })), "{silent:?}");
    let anvil = Anvil::start(&FREE).unwrap();
    rpc(&anvil.url, "anvil_loadState", json!([state])).await.unwrap();
    wire.redirect(&anvil.url);
    let answers = async {
        while there.outcome(number).await.ok().flatten() != Some(Outcome::Reserved) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(MAX_WAIT, answers).await.expect("it has what it had");

    // Another relay, which knows what is on chain; the requester sends again.
    let courier = exchange.courier(vec![honest(0), honest(1), honest(2)]).await;
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = exchange.requester(courier, 1800);
    let committed = requester.send(&submission).await.unwrap();
    let expected = Lost::ALL.map(|lost| MissingGuarantee { member: query.member, lost });
    assert_eq!((committed.number, committed.missing.as_slice()), (number, expected.as_slice()));
    exchange.settled(number, [Outcome::Applied; 2]).await;
    assert_eq!([exchange.version(0, "account").await, exchange.version(1, "account").await], [1, 1]);
    carries.abort();
}
