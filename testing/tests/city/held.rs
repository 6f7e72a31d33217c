//! Certificates of one side chain on another chain: which kinds somebody has, without their content and only if the holder agrees, and a rule that asks for one (C-CHAINS).

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use alloy_primitives::Bytes;
use chancery_light::{AccountProof, TrustedChain};
use chancery_testing::process::{City, CityOptions, built_binary};
use serde_json::Value;

use crate::support::{answer, chancery, citizen, registration, send, subject};

/// Longest that something may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

fn until(what: &str, is_so: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < give_up, "{what} did not come about");
        std::thread::sleep(POLL);
    }
}

/// The kinds that a chain shows of a holder.
fn shown(on: &str, holder: &str) -> Vec<String> {
    held_of(&answer(&["consent", "show", holder, "--on", on]))
}

fn held_of(answer: &Value) -> Vec<String> {
    let held = answer["kinds"].as_array().unwrap().iter().filter(|kind| kind["held"] == true);
    held.map(|kind| kind["kind"].as_str().unwrap().to_owned()).collect()
}

fn consent(key: &Path, what: &str, kind: &str, on: &str) -> Value {
    answer(&["--key", key.to_str().unwrap(), "consent", what, kind, "--on", on])
}

fn revoke(office: &str, issued: &Value) {
    answer(&["--dev-key", office, "certificate", "revoke", issued["certificateId"].as_str().unwrap()]);
}

/// Waits until the main chain can show certificates of these kinds: its contracts for it are made while the city runs.
fn ready_on_main(holder: &str, kinds: &[&str]) {
    let offered = |kind: &str| {
        let output = chancery(&["consent", "show", holder, "--on", "main"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer["kinds"].as_array().is_some_and(|all| all.iter().any(|known| known["kind"] == kind))
    };
    until("what shows certificates on the main chain", || kinds.iter().all(|kind| offered(kind)));
}

// C-CHAINS, TRUST-7, TRUST-8, TRUST-9: shown by proof while the holder agrees, and no longer.
#[test]
fn the_main_chain_shows_which_kinds_a_holder_has_while_the_holder_agrees() {
    let (key, holder) = citizen("shown");
    ready_on_main(&holder, &["degree", "health-licence"]);
    let degree = send("degree", "3", "SAMPLE-UNIVERSITY", &holder);
    send("health-licence", "5", "SAMPLE-HEALTH-OFFICE", &holder);
    assert!(shown("main", &holder).is_empty(), "nobody has agreed");

    consent(&key, "give", "degree", "main");
    until("that the degree is shown", || shown("main", &holder) == ["degree"]);
    let told = answer(&["consent", "show", &holder, "--on", "main"]).to_string();
    assert!(!told.contains(degree["certificateId"].as_str().unwrap()) && !told.contains("master"), "{told}");
    // SHOWN-7, SHOWN-8: whoever asks does not believe the gateway. No genesis names these contracts; its factory has made them.
    let proofs = answer(&["consent", "show", &holder, "--on", "main"])["proofs"].clone();
    assert_eq!((&proofs[0]["kind"], &proofs[0]["proven"]), (&"degree".into(), &true.into()), "{proofs}");
    assert!(proofs[0]["validUntil"].is_string() && proofs.as_array().unwrap().len() == 1, "{proofs}");

    consent(&key, "withdraw", "degree", "main");
    assert!(shown("main", &holder).is_empty(), "from the block of the withdrawal on");
    // Whoever agrees again is not asked for more, and a revocation is seen.
    consent(&key, "give", "degree", "main");
    until("that it is shown again", || shown("main", &holder) == ["degree"]);
    revoke("3", &degree);
    until("its revocation", || shown("main", &holder).is_empty());
    let renewed = send("degree", "3", "SAMPLE-UNIVERSITY", &holder);
    until("another degree", || shown("main", &holder) == ["degree"]);
    assert_ne!(renewed["certificateId"], degree["certificateId"]);

    // Nobody agrees for somebody else: the signature is the sender's.
    let (other, _) = citizen("shown-other");
    consent(&other, "give", "degree", "main");
    assert_eq!(shown("main", &holder), ["degree"]);
}

/// A city of this test alone: its rules hold for everybody's certificates.
pub struct Own {
    pub city: City,
    pub data: tempfile::TempDir,
}

impl Own {
    fn start() -> Self {
        Self::start_logging(None)
    }

    /// `log`: the name of a file beside the city's data, and what is logged.
    pub fn start_logging(log: Option<(&str, &str)>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut options = CityOptions::founded(&data.path().join("city")).unwrap();
        options.log = log.map(|(file, filter)| (data.path().join(file), filter.to_owned()));
        let city = City::start(&options).unwrap();
        Self { city, data }
    }

    fn chancery(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(built_binary());
        // Which city it is, is remembered here and not where somebody works.
        command.env("CHANCERY_KNOWN_CITIES", self.data.path().join("known"));
        command.args(["--json", "--url", &self.city.gateway]).args(arguments).output().unwrap()
    }

    pub fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.chancery(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The problem that a command ends with.
    fn problem(&self, arguments: &[&str]) -> Value {
        let output = self.chancery(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stderr).unwrap_or_default()
    }

    /// A confirmed citizen: the key's file and address.
    pub fn citizen(&self, name: &str) -> (PathBuf, String) {
        let key = self.data.path().join(format!("{name}.key"));
        let made = self.answer(&["key", "new", key.to_str().unwrap()]);
        let address = made["address"].as_str().unwrap().to_owned();
        self.answer(&registration(&key, name, name, &[]));
        self.answer(&["--dev-key", "6", "user", "confirm", &address]);
        (key, address)
    }

    fn shown(&self, on: &str, holder: &str) -> Vec<String> {
        held_of(&self.answer(&["consent", "show", holder, "--on", on]))
    }
}

/// SHOWN-6: the codes that the genesis has at the places of the two contracts, by its hash alone, are those that stand there now.
fn codes_of_the_genesis(file: &Path, answer: &Value) {
    let kind = answer["kinds"].as_array().unwrap().iter().find(|kind| kind["held"] == true).unwrap();
    let (proof, genesis) = (&kind["proof"], &kind["genesis"]);
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let keys = file["validators"].as_array().unwrap().iter().map(|validator| validator["blsPublicKey"].clone());
    let essentials = serde_json::json!({
        "chainId": proof["chain"]["chainId"],
        "genesisHash": proof["chain"]["genesisHash"],
        "validators": keys.collect::<Vec<_>>(),
    });
    let trusted = TrustedChain::new(serde_json::from_value(essentials).unwrap()).unwrap();
    let header: Bytes = serde_json::from_value(genesis["header"].clone()).unwrap();
    let header = trusted.verify_genesis(&header).unwrap();
    for (founded, now) in [("anchor", "anchor"), ("held", "consent")] {
        let account: AccountProof = serde_json::from_value(genesis[founded].clone()).unwrap();
        let stands: AccountProof = serde_json::from_value(proof[now]["account"].clone()).unwrap();
        let proven = header.verify_account(&account).unwrap();
        assert_eq!((proven.address, proven.code_hash), (stands.address, stands.code_hash), "{founded}");
    }
}

/// Issuing by a sample office.
pub fn issuing<'a>(
    kind: &'a str,
    office: &'a str,
    code: &'a str,
    holder: &'a str,
    document: &'a Path,
) -> [&'a str; 12] {
    let document = document.to_str().unwrap();
    let who = ["--dev-key", office, "certificate", "send", "--kind", kind, "--holder", holder];
    let [a, b, c, d, e, f, g, h] = who;
    [a, b, c, d, e, f, g, h, "--organization", code, "--subject", document]
}

// C-CHAINS, TRUST-8: a business licence only to whoever holds a valid real-estate certificate, and agrees that it is shown.
#[test]
fn a_rule_of_one_side_chain_asks_for_a_valid_certificate_of_another() {
    const KIND: &str = "business-licence";
    let own = Own::start();
    let (key, holder) = own.citizen("licensed");
    let key = key.to_str().unwrap();
    let (document, deed) = (subject(KIND), subject("real-estate"));
    let licence = issuing(KIND, "4", "SAMPLE-MARKET-REGULATION", &holder, &document);
    let estate = issuing("real-estate", "2", "SAMPLE-LAND-REGISTRY", &holder, &deed);
    let condition = |arguments: &[&str]| own.answer(&[&["--dev-key", "0", "condition"], arguments].concat());
    let refused = || {
        let problem = own.problem(&licence);
        assert_eq!((&problem["code"], &problem["requiredKind"]), (&"condition-not-met".into(), &"real-estate".into()));
    };

    assert_eq!(condition(&["set", KIND, "--requires", "real-estate", "--check"])["applied"], false);
    assert_eq!(condition(&["show", KIND])["requires"], serde_json::json!([]));
    own.answer(&licence);
    condition(&["set", KIND, "--requires", "real-estate"]);
    assert_eq!(condition(&["show", KIND])["requires"], serde_json::json!(["real-estate"]));
    // A chain that was founded before another is shown nothing of it; and nobody but an operator asks.
    let backward = ["--dev-key", "0", "condition", "set", "real-estate", "--requires", KIND];
    assert_eq!(own.problem(&backward)["code"], "configuration-invalid");
    assert_eq!(own.problem(&["--dev-key", "4", "condition", "remove", KIND])["code"], "role-required");

    refused();
    let deed = own.answer(&estate);
    refused();
    own.answer(&["--key", key, "consent", "give", "real-estate", "--on", KIND]);
    until("that the certificate is shown", || own.shown(KIND, &holder) == ["real-estate"]);
    // SHOWN-1 to SHOWN-5: whoever asks verifies it.
    let answer = own.answer(&["consent", "show", &holder, "--on", KIND]);
    let proofs = &answer["proofs"];
    assert_eq!((&proofs[0]["kind"], &proofs[0]["proven"]), (&"real-estate".into(), &true.into()), "{proofs}");
    assert!(proofs[0]["validUntil"].is_string(), "{proofs}");
    codes_of_the_genesis(&own.data.path().join("city/genesis").join(format!("{KIND}.json")), &answer);
    let issued = own.answer(&licence);

    own.answer(&["--dev-key", "2", "certificate", "revoke", deed["certificateId"].as_str().unwrap()]);
    until("its revocation", || own.shown(KIND, &holder).is_empty());
    refused();
    // What was issued stands.
    let listed = own.answer(&["--key", key, "certificate", "list"]);
    let listed = listed["items"].as_array().unwrap();
    let still = listed.iter().find(|item| item["certificateId"] == issued["certificateId"]).unwrap();
    assert_eq!(still["status"], "valid", "{still}");

    condition(&["remove", KIND]);
    own.answer(&licence);
}
