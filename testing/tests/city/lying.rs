//! A gateway that lies, as an inspector meets it: what it says counts where the chains prove the same (STAPLE-13 to STAPLE-16).

use std::{fs, path::PathBuf, process::Command};

use chancery_testing::process::built_binary;
use serde_json::{Value, json};

use crate::{
    front::Front,
    signed_in::exchange,
    support::{answer, chancery, citizen, presented, send, shared},
};

/// A revoked certificate whose holder shows it, and a gateway that says that it is valid.
struct Lied {
    id: String,
    link: String,
    /// What the chains prove of it, before and after.
    valid: Value,
    revoked: Value,
}

impl Lied {
    fn about(name: &str) -> Self {
        let (key, address) = citizen(name);
        let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
        let id = issued["certificateId"].as_str().unwrap().to_owned();
        let valid = staple(&issued, &address, &format!("{name}-valid.json"));
        answer(&["--dev-key", "3", "certificate", "revoke", &id]);
        let revoked = staple(&issued, &address, &format!("{name}-revoked.json"));
        let word = json!({"outcome": "valid", "checks": [{"name": "status-read", "passed": true, "detail": "valid"}]});
        shared().front.lie("/v1/inspections/checks", &id, word);
        Self { link: presented(&key, &id), id, valid, revoked }
    }

    /// What the gateway answers as its proof from now on.
    fn proof(&self, file: Value) {
        shared().front.lie(&format!("/v1/certificates/{}/staple", self.id), "", file);
    }

    /// What an inspector finds: exit code, outcome, the check that failed.
    fn found(&self, options: &[&str]) -> (i32, String, String) {
        let (code, told) = self.inspect(options);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (code, text(&told["outcome"]), text(&told["proof"]["check"]))
    }

    fn inspect(&self, options: &[&str]) -> (i32, Value) {
        let asks = ["--json", "--url", &shared().front.url, "--dev-key", "7", "inspect", &self.link];
        let output = Command::new(built_binary()).args(asks).args(options).output().unwrap();
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code().unwrap(), told)
    }
}

/// The certificate with every proof, as the gateway gives it now.
fn staple(issued: &Value, holder: &str, name: &str) -> Value {
    let file = shared().data.path().join(name);
    let (block, transaction) = (issued["blockNumber"].to_string(), issued["txHash"].as_str().unwrap());
    let query = ["certificate", "query", holder, &block, transaction, "--staple", "--out", file.to_str().unwrap()];
    answer(&query);
    serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()
}

fn genesis() -> PathBuf {
    shared().data.path().join("city/genesis")
}

fn with(file: &Value, pointer: &str, value: Value) -> Value {
    let mut altered = file.clone();
    *altered.pointer_mut(pointer).unwrap() = value;
    altered
}

// STAPLE-13 to STAPLE-15, C-QR: no lie of a gateway makes a revoked certificate valid.
#[test]
fn a_gateway_that_calls_a_revoked_certificate_valid_is_not_believed() {
    let lied = Lied::about("lied-to");
    let genesis = genesis();
    let given = ["--genesis", genesis.to_str().unwrap()];
    let undecided = |check: &str| (1, "cannot-determine".to_owned(), check.to_owned());

    // The true proof beside the lie.
    assert_eq!(lied.found(&given), undecided("gateway-agrees"));
    let (_, told) = lied.inspect(&given);
    assert!(
        told["recorded"].is_null() && told["notRecorded"]["detail"].as_str().unwrap().contains("not proven"),
        "{told}"
    );
    assert!(told["proof"]["detail"].as_str().unwrap().contains("revoked"), "{told}");

    // Forged, of another chain, and of another certificate.
    let hidden = with(&lied.revoked, "/staple/status/account/storageProof/0/value", json!("0x1"));
    lied.proof(hidden);
    let (code, outcome, check) = lied.found(&given);
    assert_eq!((code, &*outcome), (1, "cannot-determine"));
    assert!(!check.is_empty() && check != "gateway-agrees", "{check}");
    lied.proof(with(&lied.valid, "/proof/chain/genesisHash", json!(format!("0x{}", "11".repeat(32)))));
    assert_eq!(lied.found(&given), undecided("WrongChain"));
    let other = Lied::about("lied-to-otherwise");
    lied.proof(other.valid);
    assert_eq!(lied.found(&given), undecided("certificate-asked"));

    // Without the lie: revoked, proven, and how fresh.
    let honest = answer_of(&["inspect", "--dry-run", &lied.link, given[0], given[1]]);
    assert_eq!((&honest["outcome"], &honest["proof"]["proven"]), (&json!("revoked"), &json!(true)), "{honest}");
    assert!(honest["proof"]["ageS"].as_u64().unwrap() <= 120, "{honest}");
    assert_eq!(honest["proof"]["genesis"]["basis"], "given");
}

/// What an inspector finds through the gateway itself, whatever it is.
fn answer_of(arguments: &[&str]) -> Value {
    let output = chancery(&[&["--dev-key", "7"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A gateway that answers everything that an inspection asks with what it was told, whatever the city behind it is.
struct Told {
    front: Front,
    link: String,
    cities: PathBuf,
    chains: Value,
    staple: (String, Value),
}

impl Told {
    /// A city that is none of development, with a certificate whose holder shows it.
    async fn new(name: &str) -> Self {
        let (key, address) = citizen(name);
        let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
        let id = issued["certificateId"].as_str().unwrap();
        let link = presented(&key, id);
        let front = Front::open();
        let presentation = link.split('.').rev().nth(1).unwrap();
        let presentation = format!("/v1/presentations/{presentation}");
        front.lie(&presentation, "", asked(&presentation).await);
        front.lie("/v1/inspections/checks", "", json!({"outcome": "valid", "checks": []}));
        let chains = with(&asked("/v1/chains").await, "/development", json!(false));
        front.lie("/v1/chains", "", chains.clone());
        let staple = (format!("/v1/certificates/{id}/staple"), staple(&issued, &address, &format!("{name}.json")));
        front.lie(&staple.0, "", staple.1.clone());
        Self { front, link, cities: shared().data.path().join(name), chains, staple }
    }

    /// What an inspector finds who was given no genesis, with the basis of it.
    fn found(&self) -> (Value, String) {
        let asks = ["--json", "--url", &self.front.url, "--dev-key", "7", "inspect", "--dry-run", &self.link];
        let mut command = Command::new(built_binary());
        let output = command.args(asks).arg("--known-cities").arg(&self.cities).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let basis = told["proof"]["genesis"]["basis"].as_str().unwrap_or_default().to_owned();
        (told, basis)
    }
}

async fn asked(path: &str) -> Value {
    exchange(reqwest::Client::new().get(format!("{}{path}", shared().city.gateway))).await.1
}

// STAPLE-16: a city is held against what it was when it was met, and nothing that it shows later takes the place of that.
#[tokio::test]
async fn a_city_that_shows_another_genesis_than_when_it_was_met_raises_an_alarm() {
    let told = Told::new("moved-city").await;
    let (met, basis) = told.found();
    assert_eq!((&met["outcome"], &*basis), (&json!("valid"), "first"), "{met}");
    let fingerprint = answer(&["fingerprint", "--genesis", genesis().to_str().unwrap()])["fingerprint"].clone();
    assert_eq!(met["proof"]["genesis"]["fingerprint"], fingerprint);
    let (known, basis) = told.found();
    assert_eq!((&known["outcome"], &*basis, &known["proof"]["alarm"]), (&json!("valid"), "remembered", &Value::Null));

    // The chain of the certificate, by another genesis: first in words alone, then with proofs of it.
    let place = told.chains["chains"].as_array().unwrap().iter().position(|chain| chain["name"] == "degree").unwrap();
    let other = json!(format!("0x{}", "11".repeat(32)));
    told.front.lie("/v1/chains", "", with(&told.chains, &format!("/chains/{place}/genesisHash"), other.clone()));
    let (alarmed, basis) = told.found();
    assert_eq!((&alarmed["outcome"], &*basis), (&json!("valid"), "remembered"), "it is proven by what is known");
    assert!(alarmed["proof"]["alarm"].as_str().unwrap().contains("7103"), "{alarmed}");
    told.front.lie(&told.staple.0, "", with(&told.staple.1, "/proof/chain/genesisHash", other));
    let (moved, _) = told.found();
    assert_eq!((&moved["outcome"], &moved["proof"]["check"]), (&json!("cannot-determine"), &json!("WrongChain")));
    assert!(moved["proof"]["alarm"].is_string(), "{moved}");

    // What was kept and is damaged is not taken for nothing.
    let file = fs::read_dir(&told.cities).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "{}").unwrap();
    let (damaged, _) = told.found();
    assert_eq!((&damaged["outcome"], &damaged["proof"]["check"]), (&json!("cannot-determine"), &json!("trust-intact")));
}

// STAPLE-16: the keys of a development city are everybody's, and the next one at the same address is another.
#[test]
fn a_development_city_is_not_remembered() {
    let (key, address) = citizen("not-remembered");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let link = presented(&key, issued["certificateId"].as_str().unwrap());
    let cities = shared().data.path().join("not-remembered");
    let told = answer_of(&["inspect", "--dry-run", &link, "--known-cities", cities.to_str().unwrap()]);
    assert_eq!((&told["outcome"], &told["proof"]["genesis"]["basis"]), (&json!("valid"), &json!("unkept")), "{told}");
    assert!(!cities.exists());
}

// C-QR: a code that somebody has photographed.
#[test]
fn a_code_tells_how_often_it_was_opened_and_one_for_one_check_opens_once() {
    let (key, address) = citizen("photographed");
    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let id = issued["certificateId"].as_str().unwrap();
    let link = presented(&key, id);
    let opened = || answer_of(&["inspect", "--dry-run", &link])["openedBefore"].clone();
    assert_eq!([opened(), opened()], [json!(0), json!(1)]);
    let shown = answer(&["--key", key.to_str().unwrap(), "certificate", "present", id, "--once"]);
    let inspect = ["--dev-key", "7", "inspect", "--dry-run", shown["link"].as_str().unwrap()];
    assert_eq!(answer(&inspect)["outcome"], "valid");
    let again = chancery(&inspect);
    let problem: Value = serde_json::from_slice(&again.stderr).unwrap();
    assert_eq!((again.status.code(), &problem["code"]), (Some(1), &json!("presentation-expired")));
    assert!(problem["openedAt"].is_string(), "{problem}");
}
