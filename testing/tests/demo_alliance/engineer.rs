//! What an engineer of a member does alone, from her own machine, with her own key: from the requirement to the proof of a request (A-EST, A-SEQ, A-ERR, A-MORE-3).

use std::{
    fs,
    path::{Path, PathBuf},
};

use chancery_testing::process::{SoftHsm, free_ports};
use serde_json::{Value, json};

use super::examined::examined;
use super::machine::{Running, Service, TestChain, answer, answer_with, refusal, write_key};

struct Engineer {
    name: &'static str,
    dir: PathBuf,
    config: String,
    declared: String,
    /// Keeps the key of the node; `None`: that is in a file.
    hsm: Option<SoftHsm>,
}

impl Engineer {
    fn new(dir: &Path, name: &'static str, partner: &str, home: &TestChain, own: &TestChain, opened: &Value) -> Self {
        let dir = dir.join(name.replace(' ', "-"));
        fs::create_dir_all(&dir).unwrap();
        write_key(&dir.join("authority.key"), if name == "bank" { '1' } else { '2' });
        let hsm = if name == "bank" {
            write_key(&dir.join("node.key"), '3');
            None
        } else {
            Some(SoftHsm::init(&dir.join("token"), "land-registry").unwrap())
        };
        let text = format!(
            "name = \"{name}\"\npurpose = \"mortgages\"\npartners = [\"{partner}\"]\nkey_file = \"authority.key\"\n\
             node_contract = \"store\"\nregistry = {}\nregistry_transaction = {}\n[[endorsers]]\nnode = \"node 1\"\nweight = 2\n\
             [alliance_chain]\n{}[chain]\n{}",
            opened["registry"],
            opened["transaction"],
            home.section(),
            own.section()
        );
        fs::write(dir.join("member.toml"), text).unwrap();
        let path = |file: &str| dir.join(file).to_str().unwrap().to_owned();
        Self { name, config: path("member.toml"), declared: path("declared.json"), dir, hsm }
    }

    fn path(&self, file: &str) -> String {
        self.dir.join(file).to_str().unwrap().to_owned()
    }

    fn require(&self) -> Value {
        answer(&["alliance", "require", "--config", &self.config, "--out", &self.declared])
    }

    fn join(&self, contract: &str, partner: &Self) -> Value {
        let own = ["--declared", self.declared.as_str(), partner.declared.as_str()];
        answer(
            &[&["alliance", "join", "--config", self.config.as_str(), "--contract", contract][..], &own[..]].concat(),
        )
    }

    /// Certificates of its node, and its endorser; the transaction certificate's serial number.
    fn endorse(&self, home: &TestChain, own: &TestChain, contract: &str, node_contract: &str) -> (u64, Service) {
        let environment = self.hsm.as_ref().map(SoftHsm::environment);
        let (node_key, address) = match &self.hsm {
            // The address of the key that [`Self::new`] writes.
            None => ("node.key".to_owned(), "0x5cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb".to_owned()),
            Some(hsm) => {
                let name = hsm.key("node");
                let made = answer_with(&["key", "new", &name], environment.clone());
                (name, made["address"].as_str().unwrap().to_owned())
            }
        };
        let (genesis, key) = (home.genesis(), self.path("authority.key"));
        let genesis = genesis.to_str().unwrap();
        let authority = ["--rpc", home.rpc(), "--genesis", genesis, "--contract", contract, "--key-file", key.as_str()];
        let mut identify = vec!["alliance", "issue-identity"];
        identify.extend(authority);
        identify.extend(["--member", self.name, "--node", "node 1", "--node-key", &address]);
        let identity = answer(&identify)["serial"].as_u64().unwrap().to_string();
        let mut permit = vec!["alliance", "issue-transaction"];
        permit.extend(authority);
        permit.extend(["--identity", &identity, "--scope", "both", "--hours", "24"]);
        let certificate = answer(&permit)["serial"].as_u64().unwrap();
        let text = format!(
            "listen = \"127.0.0.1:0\"\nmember = \"{}\"\nnode_contract = \"{node_contract}\"\ncertificate = {certificate}\nkey_file = \"{node_key}\"\n\
             [chain]\n{}[alliance]\nchain_id = 7100\ncontract = \"{contract}\"\n",
            self.name,
            own.section()
        );
        let service = Service::start_with("endorser", &self.dir.join("endorser.toml"), &text, environment);
        (certificate, service)
    }
}

/// What is asked of both, with a value.
pub(crate) fn request(dir: &Path, file: &str, key: &str, value: u64) -> String {
    let parts = ["bank", "land registry"].map(|member| {
        format!("[[parts]]\nmember = \"{member}\"\nreads = [\"parcel 7\"]\nwrites = [{{ key = \"parcel 7\", value = {value} }}]\n")
    });
    let text = format!("idempotency_key = \"{key}\"\nvalid_for_s = 1800\nwindow_s = 1800\n{}", parts.concat());
    fs::write(dir.join(file), text).unwrap();
    dir.join(file).to_str().unwrap().to_owned()
}

fn relay(dir: &Path, file: &str, listen: &str, chains: &str, contract: &str) -> Service {
    let text = format!("listen = \"{listen}\"\n{chains}[alliance]\nchain = \"main\"\ncontract = \"{contract}\"\n");
    Service::start("relay", &dir.join(file), &text)
}

/// The command that asks a registry, as anybody may.
fn requirements(home: &TestChain, opened: &Value, question: &[&str]) -> Value {
    let (genesis, registry) = (home.genesis(), opened["registry"].as_str().unwrap());
    let which = ["--rpc", home.rpc(), "--genesis", genesis.to_str().unwrap(), "--registry", registry];
    answer(&[&["alliance", "requirements"][..], question, &which].concat())
}

/// What both want is listed, and found to belong together; a file of each, made of what the chain shows.
fn found_together(home: &TestChain, opened: &Value, out: &Path) -> [String; 2] {
    let listed = requirements(home, opened, &["list", "--limit", "1"]);
    assert_eq!((&listed["requirements"][0]["name"], &listed["next"]), (&json!("land registry"), &json!(1)));
    let older = requirements(home, opened, &["list", "--before", "1"]);
    assert_eq!((&older["requirements"][0]["name"], &older["next"]), (&json!("bank"), &Value::Null));
    let other = requirements(home, opened, &["match", "--purpose", "taxes"]);
    assert_eq!(other["sets"], json!([]));
    let transaction = opened["transaction"].as_str().unwrap();
    let question = ["match", "--registry-transaction", transaction, "--out", out.to_str().unwrap()];
    let found = requirements(home, opened, &question);
    assert_eq!((&found["sets"][0]["purpose"], &found["sets"][0]["isClear"]), (&json!("mortgages"), &json!(true)));
    [0, 1].map(|n| found["files"][n].as_str().unwrap().to_owned())
}

/// A requirement is its authority's to take back; what was made of it stays.
fn withdrawn(home: &TestChain, opened: &Value, [bank, land]: [&Engineer; 2]) {
    // The bank has declared once more, with another key: whose requirement counts, people say.
    let clear = |found: &Value| found["sets"][0]["isClear"].clone();
    assert_eq!(clear(&requirements(home, opened, &["match"])), json!(false));
    assert_eq!(clear(&requirements(home, opened, &["match", "--with", "2"])), json!(true));
    let (refused, _) = refusal(&["alliance", "requirements", "withdraw", "--config", &land.config, "0"]);
    assert!(refused["error"].as_str().unwrap().contains("NotTheAuthority"), "{refused}");
    answer(&["alliance", "requirements", "withdraw", "--config", &bank.config, "0"]);
    let left = requirements(home, opened, &["list"]);
    assert_eq!(left["requirements"].as_array().unwrap().len(), 2);
    assert_eq!(clear(&requirements(home, opened, &["match"])), json!(true));
}

// A-EST, A-SEQ, A-ERR, A-MORE-3
#[tokio::test(flavor = "multi_thread")]
async fn an_engineer_brings_her_organization_from_its_requirement_to_a_proven_request() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let home = TestChain::start(dir, "main").await;
    let (bank_chain, land_chain) = (TestChain::start(dir, "marriage").await, TestChain::start(dir, "degree").await);
    write_key(&dir.join("payer.key"), '5');
    let (genesis, payer) = (home.genesis(), dir.join("payer.key"));
    let (genesis, payer) = (genesis.to_str().unwrap(), payer.to_str().unwrap());
    let opened = answer(&["alliance", "open-registry", "--rpc", home.rpc(), "--genesis", genesis, "--key-file", payer]);

    // Each declares on its own; asked again, nothing is done twice.
    let bank = Engineer::new(dir, "bank", "land registry", &home, &bank_chain, &opened);
    let land = Engineer::new(dir, "land registry", "bank", &home, &land_chain, &opened);
    let (of_bank, of_land) = (bank.require(), land.require());
    assert_eq!((bank.require(), of_bank["requirement"].as_str()), (of_bank.clone(), Some("0x0")));
    let found = found_together(&home, &opened, &dir.join("found"));
    let proposed = answer(&["alliance", "propose", "--config", &bank.config, &found[0], &found[1]]);
    let contract = proposed["contract"].as_str().unwrap();
    assert_eq!(bank.join(contract, &land)["waitsFor"], json!(["land registry"]));
    let own = ["--declared", land.declared.as_str(), found[0].as_str()];
    let join = ["alliance", "join", "--config", land.config.as_str(), "--contract", contract];
    assert_eq!(answer(&[&join[..], &own].concat())["state"], "active", "with what was found of the other");

    let node_contract = |declared: &Value| declared["nodeContract"].as_str().unwrap().to_owned();
    let (certificate, bank_endorser) = bank.endorse(&home, &bank_chain, contract, &node_contract(&of_bank));
    let (_, land_endorser) = land.endorse(&home, &land_chain, contract, &node_contract(&of_land));
    let shown = answer(&["alliance", "members", "--rpc", home.rpc(), "--genesis", genesis, "--contract", contract]);
    let first = &shown["members"][0];
    assert_eq!(
        (&shown["state"], &first["name"], &first["endorsers"][0]["weight"]),
        (&json!("active"), &json!("bank"), &json!(2))
    );
    assert!(first["since"].is_u64() && first["identities"][0]["validUntil"].as_u64() > shown["time"].as_u64());
    assert_eq!(first["identities"][0]["transactions"][0]["serial"], certificate);

    let chains: String =
        [&home, &bank_chain, &land_chain].iter().map(|chain| format!("[[chains]]\n{}", chain.section())).collect();
    let running = relay(dir, "relay.toml", "127.0.0.1:0", &chains, contract);
    let later = format!("127.0.0.1:{}", free_ports(1).unwrap());
    let requester = |file: &str, url: &str| {
        let text = format!(
            "certificate = {certificate}\nkey_file = \"node.key\"\nrelay = \"{url}\"\n{chains}[alliance]\nchain = \"main\"\ncontract = \"{contract}\"\n\
             [[endorsers]]\nmember = \"bank\"\nurls = [\"{}\"]\n[[endorsers]]\nmember = \"land registry\"\nurls = [\"{}\"]\n",
            bank_endorser.url, land_endorser.url
        );
        fs::write(bank.dir.join(file), text).unwrap();
        bank.path(file)
    };
    let config = requester("requester.toml", &running.url);
    let behind = requester("behind.toml", &format!("http://{later}"));

    asked_and_proven(dir, &bank, &config, contract, [&home, &bank_chain, &land_chain]);
    overtaken(dir, &behind, &config, || relay(dir, "later.toml", &later, &chains, contract));

    // A-MORE-1, A-CERT
    let (at_relay, at_bank) = (dir.join("relay.toml"), bank.dir.join("endorser.toml"));
    examined((&at_relay, &running), (&at_bank, &bank_endorser), &land_chain);
    endorsed_when_the_token_is_back(dir, land.hsm.as_ref().unwrap(), &config);

    looked_at_before_it_is_voted_for(&bank, &land, contract);
    withdrawn(&home, &opened, [&bank, &land]);

    let vote = |engineer: &Engineer| {
        answer(&["alliance", "dissolve", "--config", &engineer.config, "--contract", contract])["carriedOut"].clone()
    };
    assert_eq!((vote(&bank), vote(&land)), (json!(false), json!(true)));
    let (late, _) = refusal(&["alliance", "leave", "--config", &bank.config, "--contract", contract]);
    assert!(late["error"].as_str().unwrap().contains("StateMismatch"), "{late}");
}

/// A requirement says for itself whom it takes in; that another key would speak for a member has to be wanted.
fn looked_at_before_it_is_voted_for(bank: &Engineer, land: &Engineer, contract: &str) {
    let admit = |declared: &str, more: &[&str]| -> Vec<String> {
        let all = ["alliance", "admit", declared, "--config", land.config.as_str(), "--contract", contract];
        all.iter().chain(more).map(|text| (*text).to_owned()).collect()
    };
    let refused = |declared: &str| {
        let arguments = admit(declared, &[]);
        refusal(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).0["error"].as_str().unwrap().to_owned()
    };
    let mut renamed: Value = serde_json::from_slice(&fs::read(&bank.declared).unwrap()).unwrap();
    renamed["member"] = json!("tax office");
    let file = bank.path("renamed.json");
    fs::write(&file, renamed.to_string()).unwrap();
    let told = refused(&file);
    assert!(told.contains("is of bank and has another name"), "{told}");

    // The bank gets a new key.
    write_key(&bank.dir.join("next.key"), '6');
    let text = fs::read_to_string(&bank.config).unwrap().replace("authority.key", "next.key");
    fs::write(bank.path("next.toml"), text).unwrap();
    let (next, config) = (bank.path("next.json"), bank.path("next.toml"));
    fs::copy(&bank.declared, &next).unwrap();
    answer(&["alliance", "require", "--config", &config, "--out", &next]);
    let told = refused(&next);
    assert!(told.contains("--replaces"), "{told}");
    let arguments = admit(&next, &["--replaces"]);
    let voted = answer(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((&voted["votes"], &voted["carriedOut"]), (&json!(1), &json!(false)));
    assert!(voted["vote"].as_str().unwrap().contains("node 1 2"), "{voted}");
}

/// A request in five steps, asked twice, killed on its way, and proven with no network.
fn asked_and_proven(dir: &Path, bank: &Engineer, config: &str, contract: &str, chains: [&TestChain; 3]) {
    let (sale, proof) = (request(dir, "sale.toml", "sale", 40), bank.path("proof.json"));
    let asked = ["alliance", "request", &sale, "--config", config];
    let first = answer(&[&asked[..], &["--retry", "2", "--proof", &proof]].concat());
    let steps: Vec<_> = first["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["suggest", "endorse", "sign", "sequence", "decide", "prove"]);
    assert!(first["steps"].as_array().unwrap().is_sorted_by_key(|step| step["atMs"].as_u64()));
    assert_eq!((&first["outcome"], &first["number"]), (&json!("committed"), &json!(1)));
    let again = answer(&asked);
    assert_eq!((&again["number"], &again["steps"][0]["step"]), (&json!(1), &json!("askedBefore")));
    // It stays committed where the proof cannot be written.
    let nowhere = bank.path("no-such-folder/proof.json");
    let (unwritten, code) = refusal(&[&asked[..], &["--proof", &nowhere]].concat());
    assert_eq!((&unwritten["outcome"], unwritten["proofError"].is_string(), code), (&json!("committed"), true, 5));

    // Killed when it has its number: the same file finds it.
    let rent = request(dir, "rent.toml", "rent", 41);
    let mut killed = Running::start(&["alliance", "request", &rent, "--config", config]);
    killed.line_with("4 sequenced: request 2");
    drop(killed);
    assert_eq!(answer(&["alliance", "request", &rent, "--config", config, "--retry", "2"])["number"], 2);
    let other = request(dir, "other.toml", "rent", 99);
    let (differs, _) = refusal(&["alliance", "request", &other, "--config", config]);
    assert_eq!((&differs["kind"], &differs["number"]), (&json!("intentDiffers"), &json!(2)));
    let status = answer(&["alliance", "request", "status", "2", "--config", config]);
    assert_eq!((&status["state"], &status["parties"][0]["member"]), (&json!("committed"), &json!("bank")));
    let (none, _) = refusal(&["alliance", "request", "status", "3", "--config", config]);
    assert!(none["error"].as_str().unwrap().contains("no request 3"), "{none}");

    let trusted = dir.join("genesis");
    fs::create_dir_all(&trusted).unwrap();
    for chain in chains {
        fs::copy(chain.genesis(), trusted.join(format!("{}.json", chain.name))).unwrap();
    }
    let (trusted, home) = (trusted.to_str().unwrap(), chains[0].genesis());
    let known = ["--genesis", trusted, "--alliance-genesis", home.to_str().unwrap(), "--contract", contract];
    let verified = answer(&[&["verify", proof.as_str()][..], &known[..]].concat());
    assert_eq!((&verified["outcome"], verified["members"].as_array().unwrap().len()), (&json!("committed"), 2));
    assert_eq!(verified["members"][0]["writes"][0]["version"], 1);
    let mut forged: Value = serde_json::from_slice(&fs::read(&proof).unwrap()).unwrap();
    forged["members"][1]["part"]["writes"][0]["value"] = json!(format!("0x{}", "07".repeat(32)));
    let file = bank.path("forged.json");
    fs::write(&file, forged.to_string()).unwrap();
    assert_eq!(refusal(&[&["verify", file.as_str()][..], &known[..]].concat()).0["check"], "part-of-request");
    // Genesis files alone do not say which alliance; the one that was named has to be it.
    let (unnamed, _) = refusal(&["verify", &proof, "--genesis", trusted]);
    assert!(unnamed["error"].as_str().unwrap().contains("--alliance-genesis"), "{unnamed}");
    let member = chains[1].genesis();
    let refused = |alliance: &Path, contract: &str, genesis: &Path| {
        let (alliance, genesis) = (alliance.to_str().unwrap(), genesis.to_str().unwrap());
        refusal(&["verify", &proof, "--alliance-genesis", alliance, "--contract", contract, "--genesis", genesis]).0
    };
    assert_eq!(refused(&member, contract, Path::new(trusted))["check"], "chain-trusted");
    assert_eq!(refused(&home, &format!("0x{}", "07".repeat(20)), Path::new(trusted))["check"], "contract-of-alliance");
    assert_eq!(refused(&home, contract, &home)["check"], "chain-trusted");
}

/// An endorser whose token is pulled out says so, and the same process signs again when it is back (M-SEC, TOKEN-3).
fn endorsed_when_the_token_is_back(dir: &Path, token: &SoftHsm, config: &str) {
    let (file, away) = (request(dir, "pulled.toml", "pulled", 45), token.tokens().with_extension("away"));
    let asked = ["alliance", "request", &file, "--config", config];
    fs::rename(token.tokens(), &away).unwrap();
    let (told, _) = refusal(&asked);
    assert!(told["error"].as_str().unwrap().contains("its key is not at hand"), "{told}");
    assert_eq!(told["nextStep"], "askAgain");
    fs::rename(&away, token.tokens()).unwrap();
    assert_eq!(answer(&[&asked[..], &["--retry", "20"]].concat())["outcome"], "committed");
}

/// One is endorsed while its relay is away; another one commits meanwhile. The first is stale, and says of which key.
fn overtaken(dir: &Path, behind: &str, config: &str, start_relay: impl FnOnce() -> Service) {
    let (slow, fast) = (request(dir, "slow.toml", "slow", 50), request(dir, "fast.toml", "fast", 51));
    let (rent, proof) = (dir.join("rent.json"), dir.join("fast.json"));
    // Proven: so it is applied, and the version is 2 on both.
    answer(&["alliance", "request", "proof", "2", "--config", config, "--out", rent.to_str().unwrap()]);
    let mut waiting = Running::start(&["alliance", "request", &slow, "--config", behind]);
    waiting.line_with("3 signed");
    answer(&["alliance", "request", &fast, "--config", config, "--retry", "20", "--proof", proof.to_str().unwrap()]);
    let _relay = start_relay();
    let told = waiting.line_with("is stale");
    assert!(told.contains("key parcel 7 is stale, expected version 2, actual version 3"), "{told}");
    assert_eq!(waiting.end().1, 1);
    // Asked again, it is read anew.
    let committed = answer(&["alliance", "request", &slow, "--config", config, "--retry", "20"]);
    assert_eq!(committed["outcome"], "committed");
}
