//! The three bodies with their registers and nodes, their endorsers, and a relay.

use std::{path::Path, sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes, hex};
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, ensure};
use chancery_bridge::{
    alliance::{certificate::Scope, store::Outcome},
    contracts::AllianceContract,
    endorser::{self, Endorser, NodeEndorser, RemoteEndorser},
    establish::{
        Endorsing, EstablishedMember, Joining, NodeContractKind, establish, issue_identity, issue_transaction,
    },
    http::JsonClient,
    key::NodeKey,
    node_contract::{self, EntryName, Rule},
    relay::{RemoteCarrier, carrier},
    requester::{MemberAccess, Requester, RequesterIdentity, RequesterLimits},
};
use chancery_ledger::SubmitterKey;
use tokio::time::{sleep, timeout};
use url::Url;
use zeroize::Zeroizing;

use super::{
    ground::Ground,
    names::{Names, word},
    processes::Process,
};
use crate::{city::secrets::write_new_private, commands::demo::narrator::Narrator};

/// Long enough for a loaded machine; a request that is carried takes a second.
const PATIENCE: Duration = Duration::from_secs(120);
/// Seconds in which a request has to be sequenced, and from there to its deadline.
const WINDOW_S: u64 = 600;
/// Seconds in which the certificates of the story count.
const CERTIFIED_S: u64 = 86_400;

/// A body of the story: what it is called, whose chain's genesis it uses, and what its register knows.
struct Part {
    title: &'static str,
    chain: &'static str,
    endorsers: usize,
    operation: &'static str,
    rule: (&'static str, &'static str, &'static str),
}

/// An operation rests on a word of its subject, and may write one.
const PARTS: [Part; 3] = [
    Part {
        title: "bank",
        chain: "business-licence",
        endorsers: 1,
        operation: "lend",
        rule: ("identity", "valid", "loan"),
    },
    Part {
        title: "land registry",
        chain: "real-estate",
        endorsers: 3,
        operation: "encumber",
        rule: ("lien", "", "lien"),
    },
    Part { title: "tax office", chain: "health-licence", endorsers: 1, operation: "clear", rule: ("tax", "paid", "") },
];

/// A node of a body, with its key and its certificates.
pub(super) struct StaffNode {
    pub(super) name: B256,
    pub(super) key: Arc<NodeKey>,
    pub(super) identity: u64,
    pub(super) certificate: u64,
}

/// A body with what it runs.
pub(super) struct Body {
    pub(super) title: &'static str,
    pub(super) key: Arc<SubmitterKey>,
    pub(super) register: EstablishedMember,
    pub(super) nodes: Vec<StaffNode>,
    endorser_urls: Vec<Url>,
    _endorsers: Vec<Process>,
    _ground: Ground,
}

/// Everybody.
pub(super) struct Cast {
    pub(super) alliance: AllianceContract,
    pub(super) bodies: Vec<Body>,
    /// The bank's.
    pub(super) requester: Requester,
    pub(super) names: Names,
    relay: Option<Process>,
    relay_config: std::path::PathBuf,
    _home: Ground,
}

impl Body {
    /// Its endorsers as a relay's file names them, for those who watch.
    fn reporters(&self) -> Result<String> {
        let urls: Vec<String> = self
            .endorser_urls
            .iter()
            .map(|url| -> Result<String> { Ok(url.join("/")?.to_string()) })
            .collect::<Result<_>>()?;
        Ok(format!("[[reporters]]\nmember = \"{}\"\nurls = {urls:?}\n", self.title))
    }
}

impl Cast {
    /// Starts chains, establishes the alliance, certifies nodes, and starts endorsers and a relay.
    pub(super) async fn gather(dir: &Path) -> Result<Self> {
        let home = Ground::start(dir, "alliance", "main").await?;
        let (mut grounds, mut joining) = (Vec::new(), Vec::new());
        for part in &PARTS {
            let ground = Ground::start(dir, part.title, part.chain).await?;
            joining.push(Joining {
                name: word(part.title),
                site: ground.site.clone(),
                key: Arc::new(SubmitterKey::random()),
                kind: NodeContractKind::Rules,
                endorsers: (0..part.endorsers).map(|i| Endorsing { node: node_name(i), weight: 1 }).collect(),
            });
            grounds.push(ground);
        }
        let established = Box::pin(establish(&home.site, word("mortgages"), 3600, &joining)).await?;
        let alliance = established.alliance;
        let mut bodies = Vec::new();
        for (((part, ground), joined), register) in PARTS.iter().zip(grounds).zip(joining).zip(established.members) {
            bodies.push(Box::pin(body(dir, &alliance, part, ground, joined, register)).await?);
        }
        let chains = std::iter::once(&home).chain(bodies.iter().map(|body| &body._ground));
        let chains: String = chains.map(|ground| format!("[[chains]]\n{}", ground.section)).collect();
        let relay_config = dir.join("relay.toml");
        let reporters: String = bodies.iter().map(Body::reporters).collect::<Result<_>>()?;
        let text = format!(
            "listen = \"127.0.0.1:0\"\n{chains}{reporters}[alliance]\nchain = \"alliance\"\ncontract = \"{}\"\n",
            alliance.address
        );
        std::fs::write(&relay_config, text).context("cannot write relay.toml")?;
        let requester = requester(&alliance, &bodies)?;
        let mut cast = Self { alliance, bodies, requester, names: names(), relay: None, relay_config, _home: home };
        cast.start_relay()?;
        Ok(cast)
    }

    pub(super) async fn introduce(&self, narrator: &mut Narrator) -> Result<()> {
        let chain_id = self.alliance.chain.config().chain_id;
        narrator.shows("the alliance", &format!("contract {} on chain {chain_id}", self.alliance.address));
        for body in &self.bodies {
            let contract = &body.register.node_contract;
            let place = format!("register {} on chain {}", contract.address, contract.chain.config().chain_id);
            narrator.shows(body.title, &format!("{place}; {} endorsing node(s)", body.nodes.len()));
        }
        let members = self.alliance.members().await?.len();
        narrator.says(&format!("All {members} have accepted. Each runs its own chain, certifies its own nodes, and sets the rules of its own register."));
        let relay = self.relay_config.display();
        narrator.shows(
            "its live view in the web, as long as the story lasts",
            &format!("chancery up --alliance {relay}, then /alliance at the address that it names"),
        );
        Ok(())
    }

    /// The body of that title.
    pub(super) fn body(&self, title: &str) -> Result<&Body> {
        self.bodies.iter().find(|body| body.title == title).with_context(|| format!("no {title}"))
    }

    /// What a mortgage asks of each body: lend, encumber, clear.
    pub(super) fn mortgage(&self, borrower: &str, parcel: &str, loan: &str) -> Vec<(B256, Bytes)> {
        let each = PARTS.iter().map(|part| {
            let subject = if part.title == "bank" { borrower } else { parcel };
            let value = if part.rule.2.is_empty() { "" } else { loan };
            (word(part.title), (word(part.operation), word(subject), word(value)).abi_encode().into())
        });
        each.collect()
    }

    /// A word of a body's register, outside any request.
    pub(super) async fn set(&self, title: &str, kind: &str, subject: &str, value: &str) -> Result<()> {
        let body = self.body(title)?;
        let name = EntryName::Of { kind: word(kind), subject: word(subject) };
        node_contract::set(&body.register.node_contract, &body.key, name, word(value)).await?;
        Ok(())
    }

    /// Waits until a number is applied by everybody.
    pub(super) async fn applied(&self, number: u64) -> Result<()> {
        let everybody = async {
            for body in &self.bodies {
                while body.register.node_contract.outcome(number).await? != Some(Outcome::Applied) {
                    sleep(Duration::from_millis(50)).await;
                }
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, everybody).await.with_context(|| format!("request {number} is not applied"))?
    }

    /// A word of a body's register with its version.
    pub(super) async fn entry(&self, title: &str, kind: &str, subject: &str) -> Result<(u64, String)> {
        let contract = &self.body(title)?.register.node_contract;
        let entry = node_contract::entry(contract, super::names::key_of(kind, subject)).await?;
        let text = entry.value.0.into_iter().take_while(|byte| *byte != 0).collect();
        Ok((entry.version, String::from_utf8(text)?))
    }

    pub(super) fn start_relay(&mut self) -> Result<()> {
        let (process, ready) = Process::start("relay", &self.relay_config)?;
        let url = url_of(&ready, "relay=", carrier::PATH)?;
        self.requester.carrier = Arc::new(RemoteCarrier::new(JsonClient::new(PATIENCE)?, url));
        self.relay = Some(process);
        Ok(())
    }

    pub(super) fn kill_relay(&mut self) -> Result<()> {
        self.relay.take().context("no relay runs")?.kill()
    }
}

/// A body's rule, its nodes' certificates and its endorsers.
async fn body(
    dir: &Path,
    alliance: &AllianceContract,
    part: &Part,
    ground: Ground,
    joined: Joining,
    register: EstablishedMember,
) -> Result<Body> {
    let (required_kind, required_value, written) = part.rule;
    let rule = Rule {
        required_kind: word(required_kind),
        required_value: word(required_value),
        written_kind: Some(word(written)).filter(|kind| !kind.is_zero()),
    };
    node_contract::define(&register.node_contract, &joined.key, word(part.operation), rule).await?;
    let (mut nodes, mut endorsers) = (Vec::new(), Vec::new());
    for (i, endorsing) in joined.endorsers.iter().enumerate() {
        let mut secret = Zeroizing::new([0_u8; 32]);
        getrandom::fill(secret.as_mut_slice()).context("no randomness")?;
        let secret = Zeroizing::new(hex::encode(secret.as_slice()));
        let key = Arc::new(NodeKey::from_hex(&secret)?);
        let until = alliance.time_s().await? + CERTIFIED_S;
        let (name, authority) = (endorsing.node, &joined.key);
        let identity = issue_identity(alliance, authority, joined.name, name, key.address(), until).await?;
        let certificate = issue_transaction(alliance, authority, identity, Scope::BOTH, until).await?;
        // The last of three stays in reserve: two of three are more than half.
        if i + 1 < part.endorsers || part.endorsers == 1 {
            let stem = format!("{}-{}", part.title.replace(' ', "-"), i + 1);
            write_new_private(&dir.join(format!("{stem}.key")), &secret)?;
            let text = format!(
                "listen = \"127.0.0.1:0\"\nmember = \"{}\"\nnode_contract = \"{}\"\ncertificate = {certificate}\nkey_file = \"{stem}.key\"\n\
                 [chain]\n{}[alliance]\nchain_id = {}\ncontract = \"{}\"\n",
                part.title,
                register.node_contract.address,
                ground.section,
                alliance.chain.config().chain_id,
                alliance.address
            );
            let config = dir.join(format!("{stem}.toml"));
            std::fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
            endorsers.push(Process::start("endorser", &config)?);
        }
        nodes.push(StaffNode { name, key, identity, certificate });
    }
    let mut urls = Vec::new();
    let mut processes = Vec::new();
    for (process, ready) in endorsers {
        urls.push(url_of(&ready, "endorser=", endorser::PATH)?);
        processes.push(process);
    }
    Ok(Body {
        title: part.title,
        key: joined.key,
        register,
        nodes,
        endorser_urls: urls,
        _endorsers: processes,
        _ground: ground,
    })
}

fn requester(alliance: &AllianceContract, bodies: &[Body]) -> Result<Requester> {
    let bank = bodies.first().context("no bank")?;
    let node = bank.nodes.first().context("the bank has no node")?;
    let mut members = Vec::new();
    for body in bodies {
        let mut endorsers: Vec<Arc<dyn Endorser>> = Vec::new();
        for url in &body.endorser_urls {
            endorsers.push(Arc::new(RemoteEndorser::new(JsonClient::new(PATIENCE)?, url.clone())));
        }
        members.push(MemberAccess {
            name: body.register.name,
            contract: body.register.node_contract.clone(),
            endorsers,
        });
    }
    Ok(Requester {
        alliance: alliance.clone(),
        identity: RequesterIdentity {
            member: bank.register.name,
            node: node.name,
            certificate: node.certificate,
            key: Arc::clone(&node.key),
        },
        members,
        // Until the relay runs there is none: this address answers nothing.
        carrier: Arc::new(RemoteCarrier::new(JsonClient::new(PATIENCE)?, "http://127.0.0.1:9/".parse()?)),
        limits: RequesterLimits {
            valid_for_s: WINDOW_S,
            window_s: WINDOW_S,
            endorse_timeout: Duration::from_secs(30),
            patience: PATIENCE,
            ..RequesterLimits::default()
        },
    })
}

impl Body {
    /// An endorser of this body in this process, with a certificate of its node.
    pub(super) fn endorser(&self, alliance: &AllianceContract, node: &StaffNode, certificate: u64) -> NodeEndorser {
        NodeEndorser {
            domain: alliance.domain(),
            member: self.register.name,
            contract: self.register.node_contract.clone(),
            certificate,
            key: Arc::clone(&node.key),
            database: None,
        }
    }
}

fn url_of(ready: &str, label: &str, path: &str) -> Result<Url> {
    let base = ready.strip_prefix(label).context("a process says something else when it is ready")?;
    ensure!(base.starts_with("http://127.0.0.1:"), "a process listens elsewhere: {base}");
    Ok(base.trim().parse::<Url>()?.join(path)?)
}

fn node_name(i: usize) -> B256 {
    word(&format!("node {}", i + 1))
}

fn names() -> Names {
    let mut names = Names::default();
    for part in &PARTS {
        let (required, value, written) = part.rule;
        for text in [part.title, part.operation, value, written] {
            if !text.is_empty() {
                names.word(text);
            }
        }
        names.word(required);
    }
    names.word("due");
    for borrower in ["Lin", "Ben"] {
        names.word(borrower);
        names.key("identity", borrower);
        names.key("loan", borrower);
    }
    for number in 7..=13 {
        let parcel = format!("parcel {number}");
        names.word(&parcel);
        names.key("lien", &parcel);
        names.key("tax", &parcel);
        names.word(&format!("loan {number}"));
    }
    names
}
