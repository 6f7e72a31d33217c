//! One city for all tests of this file, and the command line in it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
    time::{Duration, Instant},
};

use chancery_testing::process::{City, CityOptions, built_binary};
use serde_json::Value;

use crate::front::Front;

/// Longest that a change of rights may take until it counts on every chain.
const RIGHTS_COUNT: Duration = Duration::from_secs(60);

pub struct Shared {
    pub city: City,
    pub data: tempfile::TempDir,
    pub front: Front,
}

pub fn shared() -> &'static Shared {
    static CITY: OnceLock<Shared> = OnceLock::new();
    CITY.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        let front = Front::open();
        let mut options = CityOptions::new(&data.path().join("city"));
        let arguments = ["--public-url", &front.url, "--two-operators", "access"];
        options.arguments = arguments.map(str::to_owned).to_vec();
        let city = City::start(&options).unwrap();
        front.lead_to(&city.gateway);
        Shared { city, data, front }
    })
}

pub fn chancery(arguments: &[&str]) -> Output {
    chancery_at(&shared().city.gateway, arguments)
}

/// The command line in another city than that of all tests.
pub fn chancery_at(gateway: &str, arguments: &[&str]) -> Output {
    Command::new(built_binary()).args(["--json", "--url", gateway]).args(arguments).output().unwrap()
}

/// The JSON answer of a command that must succeed.
///
/// A change of rights is answered when it counts everywhere, or after a while when it is still on its way to a side chain: then, as the answer says, the same
/// change again says when it has come. What was recorded is that of the first answer.
pub fn answer(arguments: &[&str]) -> Value {
    let mut told = answer_once(arguments);
    let recorded = told.get("recorded").cloned();
    let give_up = Instant::now() + RIGHTS_COUNT;
    while told["effects"].to_string().contains("on its way there") {
        assert!(Instant::now() < give_up, "{arguments:?} did not come about: {told}");
        told = answer_once(arguments);
    }
    if let Some(recorded) = recorded {
        told["recorded"] = recorded;
    }
    told
}

fn answer_once(arguments: &[&str]) -> Value {
    let output = chancery(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// What a command that must fail says.
pub fn refusal(arguments: &[&str]) -> String {
    let output = chancery(arguments);
    assert!(!output.status.success(), "{arguments:?} should have failed: {}", String::from_utf8_lossy(&output.stdout));
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The code of the problem that a command must end with.
pub fn refusal_code(arguments: &[&str]) -> String {
    let output = chancery(arguments);
    assert!(!output.status.success(), "{arguments:?} should have failed: {}", String::from_utf8_lossy(&output.stdout));
    let problem: Value = serde_json::from_slice(&output.stderr).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// A new key file and its address.
pub fn key_of(name: &str) -> (PathBuf, String) {
    let key = shared().data.path().join(format!("{name}.key"));
    let address = answer(&["key", "new", key.to_str().unwrap()])["address"].as_str().unwrap().to_owned();
    (key, address)
}

/// `user register` of a sample person.
pub fn registration<'a>(key: &'a Path, account: &'a str, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let person =
        ["--account", account, "--name", name, "--unit", "Sample Unit", "--city", "Hangzhou", "--country", "CN"];
    [&["--key", key.to_str().unwrap(), "user", "register"], &person[..], more].concat()
}

/// A registered and confirmed citizen with a key file.
pub fn citizen(name: &str) -> (PathBuf, String) {
    let (key, address) = key_of(name);
    answer(&registration(&key, name, name, &[]));
    answer(&["--dev-key", "6", "user", "confirm", &address]);
    (key, address)
}

/// The link that the holder shows.
pub fn presented(key: &Path, certificate: &str) -> String {
    let shown = answer(&["--key", key.to_str().unwrap(), "certificate", "present", certificate]);
    shown["link"].as_str().unwrap().to_owned()
}

/// What an inspector finds when the holder shows a certificate, whatever it is.
pub fn inspected(key: &Path, certificate: &str) -> Value {
    let output = chancery(&["--dev-key", "7", "inspect", "--dry-run", &presented(key, certificate)]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

pub fn subject(kind: &str) -> PathBuf {
    chancery_testing::process::project_root().join(format!("crates/certificates/schemas/samples/{kind}.json"))
}

pub fn send(kind: &str, office: &str, organization: &str, holder: &str) -> Value {
    answer(&[
        "--dev-key",
        office,
        "certificate",
        "send",
        "--kind",
        kind,
        "--holder",
        holder,
        "--organization",
        organization,
        "--subject",
        subject(kind).to_str().unwrap(),
    ])
}

/// The certificate file with its proof, as `query --out` writes it.
pub fn query_to_file(issued: &Value, holder: &str, name: &str) -> PathBuf {
    let file = shared().data.path().join(name);
    answer(&[
        "certificate",
        "query",
        holder,
        &issued["blockNumber"].to_string(),
        issued["txHash"].as_str().unwrap(),
        "--out",
        file.to_str().unwrap(),
    ]);
    file
}

/// What `chancery verify` says and how it ends.
#[derive(Debug)]
pub struct Verification {
    pub code: i32,
    /// The JSON answer; null when it ended with an error.
    pub answer: Value,
    pub error: String,
}

impl Verification {
    pub fn outcome(&self) -> &str {
        self.answer["outcome"].as_str().unwrap_or_default()
    }
}

pub fn verify(file: &Path) -> Verification {
    verify_with(file, &[])
}

/// With more options of `verify`.
pub fn verify_with(file: &Path, more: &[&str]) -> Verification {
    let output = verification(&["--json"], file, more);
    Verification {
        code: output.status.code().unwrap(),
        answer: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        error: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The first line that a person reads.
pub fn headline(file: &Path) -> String {
    String::from_utf8_lossy(&verification(&[], file, &[]).stdout).lines().next().unwrap_or_default().to_owned()
}

fn verification(options: &[&str], file: &Path, more: &[&str]) -> Output {
    let genesis = shared().data.path().join("city/genesis");
    // A network namespace of its own, where it may be made, proves that no network is needed.
    let isolated = Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success());
    let mut command = if isolated { Command::new("unshare") } else { Command::new(built_binary()) };
    if isolated {
        command.arg("-n").arg(built_binary());
    }
    command
        .args(options)
        .args(["verify", file.to_str().unwrap(), "--genesis", genesis.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap()
}

/// Verifies what is written to a file of this name.
pub fn verify_altered(name: &str, altered: Value) -> Verification {
    let file = shared().data.path().join(name);
    std::fs::write(&file, altered.to_string()).unwrap();
    verify(&file)
}
