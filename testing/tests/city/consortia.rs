//! A city whose chains several organizations run, each in a process of its own: one founding file, anchors from the first block, and a gateway over nodes elsewhere
//! (`docs/specs/founding.md`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chancery_testing::process::{City, CityOptions, NodeProcess, built_binary, free_ports};
use serde_json::Value;

use crate::{
    signed_in::exchange,
    support::{chancery_at, registration, subject},
};

/// Commands that ask nobody.
const NOWHERE: &str = "http://127.0.0.1:1";
/// The chains, and who runs the validator of each.
const CHAINS: [(&str, &str); 2] = [("main", "tax"), ("degree", "university")];

/// What several organizations have made together, in one folder.
struct Consortia {
    dir: tempfile::TempDir,
    nodes: Vec<NodeProcess>,
}

impl Consortia {
    /// Keys, founding file, genesis files, and the configuration of each node.
    fn found() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Self { dir, nodes: Vec::new() };
        let [administrator, operator, second, submitter] =
            ["administrator", "operator", "second", "submitter"].map(|name| all.new_key(name));
        for (_, member) in CHAINS {
            let key = all.file(&format!("{member}.key"));
            let public = all.told(NOWHERE, &["network", "key", &key, "--name", member]);
            fs::write(all.file(&format!("{member}.json")), public.to_string()).unwrap();
        }
        let chains = CHAINS.map(|(chain, member)| format!("{chain}={member}"));
        let (founding, genesis) = (all.file("founding.toml"), all.file("genesis"));
        let roles = ["--operator", &operator, "--operator", &submitter, "--submitter", &submitter];
        let people = ["--administrator", &administrator, "--contract-operator", &operator];
        let more = ["--contract-operator", &second, "--chain", &chains[0], "--chain", &chains[1]];
        let city = ["--submitter-key", "submitter", "--out", &founding];
        let founded = all.told(NOWHERE, &[&["network", "founding"][..], &roles, &people, &more, &city].concat());
        assert_eq!(founded["chains"], serde_json::json!({"main": ["tax"], "degree": ["university"]}));

        let members = CHAINS.map(|(_, member)| all.file(&format!("{member}.json")));
        let made = ["network", "genesis", &members[0], &members[1], "--founding", &founding, "--out", &genesis];
        let made = all.told(NOWHERE, &made);
        let ids: Vec<u64> =
            CHAINS.iter().map(|(chain, _)| of_chain(&made, chain)["chainId"].as_u64().unwrap()).collect();
        assert_eq!((ids[0], ids[1]), (founded["chainId"].as_u64().unwrap(), ids[0] + 3), "as in a city of one process");
        let degree = fs::read_to_string(all.file("genesis/degree.json")).unwrap();
        let main_hash = of_chain(&made, "main")["genesisHash"].as_str().unwrap();
        assert!(degree.contains(main_hash.trim_start_matches("0x")), "the side chain's anchor follows the main chain");

        let ports = free_ports(4).unwrap();
        for (at, (chain, member)) in (0u16..).zip(CHAINS) {
            let (p2p, rpc) = (ports + at, ports + 2 + at);
            let folder = all.dir.path().join(member);
            fs::create_dir(&folder).unwrap();
            let config = folder.join("node.toml");
            let text = format!(
                "genesis = \"../genesis/{chain}.json\"\ndata_dir = \"data\"\nkey_file = \"../{member}.key\"\nrole = \"validator\"\n\
                 [rpc]\nlisten = \"127.0.0.1:{rpc}\"\n[p2p]\nlisten = \"127.0.0.1:{p2p}\"\nallow_private_addresses = true\n"
            );
            fs::write(&config, text).unwrap();
            all.nodes.push(NodeProcess::configured(member, format!("http://127.0.0.1:{rpc}"), config));
        }
        all
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A new key file of this name; its address.
    fn new_key(&self, name: &str) -> String {
        let made = self.told(NOWHERE, &["key", "new", &self.file(name)]);
        made["address"].as_str().unwrap().to_owned()
    }

    fn told(&self, gateway: &str, arguments: &[&str]) -> Value {
        let output = chancery_at(gateway, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Says where the chains are: by default each at its own node.
    fn chains_file(&self, name: &str, at: [usize; 2]) -> PathBuf {
        let mut text = "founding = \"founding.toml\"\n".to_owned();
        for ((chain, _), node) in CHAINS.iter().zip(at) {
            let rpc = &self.nodes[node].rpc;
            text.push_str(&format!(
                "[[chains]]\nname = \"{chain}\"\nrpc = \"{rpc}\"\ngenesis = \"genesis/{chain}.json\"\n"
            ));
        }
        let file = self.dir.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    fn city(&self, chains: &Path) -> CityOptions {
        CityOptions { chains: Some(chains.to_path_buf()), ..CityOptions::new(&self.dir.path().join("city")) }
    }
}

fn of_chain<'a>(made: &'a Value, name: &str) -> &'a Value {
    made["chains"].as_array().unwrap().iter().find(|chain| chain["chain"] == name).unwrap()
}

/// What `chancery doctor` says of a city over nodes elsewhere, and how it ends.
fn examined(chains: &Path) -> (Option<i32>, String) {
    let output = Command::new(built_binary()).args(["doctor", "--chains"]).arg(chains).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

// FOUND-8, FOUND-9, C-CHAINS, TRUST-1, C-API-1, C-API-2, C-API-3, C-API-5, INSPECTION-1: two organizations run a chain each, and a third the gateway.
#[test]
fn a_right_of_one_consortiums_chain_issues_on_that_of_another() {
    let mut all = Consortia::found();
    all.nodes.iter_mut().for_each(|node| node.start().unwrap());
    let chains = all.chains_file("chains.toml", [0, 1]);
    let (code, said) = examined(&chains);
    assert_ne!(code, Some(4), "{said}");
    let city = City::start(&all.city(&chains)).unwrap();
    assert_eq!(city.chains.keys().collect::<Vec<_>>(), ["degree", "main"]);

    let key = |name: &str| all.file(name);
    let [clerk, registrar, holder, inspector] =
        ["clerk", "registrar", "holder", "inspector"].map(|name| all.new_key(name));
    let operator = |arguments: &[&str]| {
        all.told(&city.gateway, &[&["--key", &key("operator"), "organization"][..], arguments].concat());
    };
    for (organization, member, right) in [
        ("OWN-UNIVERSITY", &clerk, "degree"),
        ("OWN-REGISTER", &registrar, "registration"),
        ("OWN-INSPECTION", &inspector, "inspection"),
    ] {
        operator(&["register", organization, "--name", organization]);
        operator(&["authorize-key", organization, member, "--right", right]);
    }
    let holder_key = PathBuf::from(key("holder"));
    all.told(&city.gateway, &registration(&holder_key, "lin", "Lin Sample", &[]));
    all.told(&city.gateway, &["--key", &key("registrar"), "user", "confirm", &holder]);

    let (clerk_key, degree) = (key("clerk"), subject("degree"));
    let office = ["--key", &clerk_key, "certificate", "send", "--kind", "degree", "--organization", "OWN-UNIVERSITY"];
    let send = [&office[..], &["--holder", &holder, "--subject", degree.to_str().unwrap()]].concat();
    let issued = all.told(&city.gateway, &send);
    let (block, hash) = (issued["blockNumber"].to_string(), issued["txHash"].as_str().unwrap());
    let (file, genesis) = (key("certificate.json"), key("genesis"));
    all.told(&city.gateway, &["certificate", "query", &holder, &block, hash, "--out", &file]);
    let verified = all.told(NOWHERE, &["verify", &file, "--genesis", &genesis]);
    assert_eq!(verified["outcome"], "valid", "{verified}");
    let id = issued["certificateId"].as_str().unwrap();
    let shown = all.told(&city.gateway, &["--key", &key("holder"), "certificate", "present", id]);
    let (inspector_key, met, link) = (key("inspector"), key("met"), shown["link"].as_str().unwrap());
    let inspect = ["--key", &inspector_key, "inspect", "--dry-run", "--known-cities", &met, link];
    assert_eq!(all.told(&city.gateway, &inspect)["outcome"], "valid");

    // The university's node is gone: what needs its chain waits, and the main chain goes on.
    all.nodes[1].kill().unwrap();
    let refused = chancery_at(&city.gateway, &send);
    let problem: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(
        (problem["code"].as_str(), problem["status"].as_u64()),
        (Some("chain-unreachable"), Some(503)),
        "{problem}"
    );
    // Nothing that is asked of its certificates is answered with a verdict.
    let inspected = chancery_at(&city.gateway, &inspect);
    let found: Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!((inspected.status.code(), found["outcome"].as_str()), (Some(1), Some("cannot-determine")), "{found}");
    let checks = found["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["passed"] != false), "{found}");
    let open = tokio::runtime::Runtime::new().unwrap();
    for path in [id.to_owned(), format!("{holder}/{block}/{hash}"), format!("{holder}/{block}/{hash}?chain=degree")] {
        let asked = reqwest::Client::new().get(format!("{}/v1/certificates/{path}", city.gateway));
        let (status, answer) = open.block_on(exchange(asked));
        assert_eq!((status, answer["code"].as_str()), (503, Some("chain-unreachable")), "{path}: {answer}");
    }
    let published = all.told(&city.gateway, &["public-key", &holder]);
    assert_eq!(published["address"].as_str().unwrap().to_lowercase(), holder.to_lowercase());
    let (code, said) = examined(&chains);
    assert!(code == Some(4) && said.contains("degree") && !said.contains("chain main"), "{said}");
    city.stop().unwrap();

    // A node of another chain is none of this one, whatever it says.
    let swapped = all.chains_file("swapped.toml", [0, 0]);
    let log = all.dir.path().join("swapped.log");
    let options = CityOptions { log: Some((log.clone(), "warn".to_owned())), ..all.city(&swapped) };
    assert!(City::start(&options).is_err());
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("degree") && said.contains("chain id"), "{said}");
}
