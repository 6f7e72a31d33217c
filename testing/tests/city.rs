//! The life of certificates through the command line, as a newcomer, a clerk and an inspector use it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use chancery_testing::process::{City, CityOptions, built_binary};
use serde_json::{Value, json};

struct Shared {
    city: City,
    data: tempfile::TempDir,
}

fn shared() -> &'static Shared {
    static CITY: OnceLock<Shared> = OnceLock::new();
    CITY.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        let city = City::start(&CityOptions::new(&data.path().join("city"))).unwrap();
        Shared { city, data }
    })
}

fn chancery(arguments: &[&str]) -> Output {
    Command::new(built_binary()).args(["--json", "--url", &shared().city.gateway]).args(arguments).output().unwrap()
}

/// The JSON answer of a command that must succeed.
fn answer(arguments: &[&str]) -> Value {
    let output = chancery(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// What a command that must fail says.
fn refusal(arguments: &[&str]) -> String {
    let output = chancery(arguments);
    assert!(!output.status.success(), "{arguments:?} should have failed: {}", String::from_utf8_lossy(&output.stdout));
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A registered and confirmed citizen with a key file.
fn citizen(name: &str) -> (PathBuf, String) {
    let key = shared().data.path().join(format!("{name}.key"));
    let address = answer(&["key", "new", key.to_str().unwrap()])["address"].as_str().unwrap().to_owned();
    let key_text = key.to_str().unwrap();
    answer(&[
        "--key",
        key_text,
        "user",
        "register",
        "--account",
        name,
        "--name",
        &format!("{name} (sample)"),
        "--unit",
        "Sample Unit",
        "--city",
        "Hangzhou",
        "--country",
        "CN",
    ]);
    answer(&["--dev-key", "6", "user", "confirm", &address]);
    (key, address)
}

fn subject(kind: &str) -> PathBuf {
    chancery_testing::process::project_root().join(format!("crates/certificates/schemas/samples/{kind}.json"))
}

fn send(kind: &str, office: &str, organization: &str, holder: &str) -> Value {
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
fn query_to_file(issued: &Value, holder: &str, name: &str) -> PathBuf {
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

fn verify(file: &Path) -> Output {
    let genesis = shared().data.path().join("city/genesis");
    // A network namespace of its own, where it may be made, proves that no network is needed.
    let isolated = Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success());
    let mut command = if isolated { Command::new("unshare") } else { Command::new(built_binary()) };
    if isolated {
        command.arg("-n").arg(built_binary());
    }
    command.args(["--json", "verify", file.to_str().unwrap(), "--genesis", genesis.to_str().unwrap()]).output().unwrap()
}

// C-LIFE, C-API-1..5, C-QR
#[test]
fn a_certificate_lives_its_life() {
    let (key, address) = citizen("life");
    let key = key.to_str().unwrap();
    let published = answer(&["public-key", &address]);
    assert_eq!(published["address"].as_str().unwrap().to_lowercase(), address.to_lowercase());

    let issued = send("degree", "3", "SAMPLE-UNIVERSITY", &address);
    let id = issued["certificateId"].as_str().unwrap();
    let listed = answer(&["--key", key, "certificate", "list"]);
    assert_eq!(listed["items"][0]["certificateId"], id);

    let link = answer(&["--key", key, "certificate", "present", id])["link"].as_str().unwrap().to_owned();
    let inspected = answer(&["--dev-key", "7", "inspect", &link]);
    assert_eq!(inspected["outcome"], "valid");
    assert_eq!(inspected["document"]["subject"]["level"], "master");
    assert!(inspected["recorded"]["txHash"].is_string());

    answer(&["--dev-key", "3", "certificate", "revoke", id, "--reason", "privilege-withdrawn"]);
    let link = answer(&["--key", key, "certificate", "present", id])["link"].as_str().unwrap().to_owned();
    let again = refusal(&["--dev-key", "7", "inspect", &link]);
    assert!(again.contains("\"revoked\""), "{again}");
    let twice = refusal(&["--dev-key", "3", "certificate", "revoke", id]);
    assert!(twice.contains("status-transition"), "{twice}");

    // M-MON-2, M-MON-3
    let history = answer(&["--dev-key", "8", "history", id]);
    assert_eq!(history["inOrder"], true);
    let names: Vec<_> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["verified"]["result"] == "verified")
        .collect();
    assert!(names.len() >= 4, "{history:#}");
}

// C-API-5, M-AUTH
#[test]
fn a_certificate_file_is_verified_offline_and_a_changed_byte_is_named() {
    let (_, address) = citizen("offline");
    let issued = send("health-licence", "5", "SAMPLE-HEALTH-OFFICE", &address);
    let file = query_to_file(&issued, &address, "offline.json");
    let verified = verify(&file);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));

    let whole: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let paths = hex_members(&whole, String::new());
    assert!(paths.len() >= 5, "{paths:?}");
    for path in &paths {
        let mut altered = whole.clone();
        let place = altered.pointer_mut(path).unwrap();
        *place = json!(flip(place.as_str().unwrap()));
        let changed = shared().data.path().join("changed.json");
        std::fs::write(&changed, altered.to_string()).unwrap();
        let refused = verify(&changed);
        assert!(!refused.status.success(), "a changed byte at {path} was not noticed");
        let says = format!("{}{}", String::from_utf8_lossy(&refused.stdout), String::from_utf8_lossy(&refused.stderr));
        assert!(says.contains("check") || says.contains("cannot"), "{path}: {says}");
    }
}

/// JSON pointers of all members that hold long `0x` hex: hashes, proofs, signatures, certificates.
fn hex_members(value: &Value, path: String) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with("0x") && text.len() >= 42 => vec![path],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| hex_members(item, format!("{path}/{index}"))).collect()
        }
        Value::Object(members) => {
            members.iter().flat_map(|(name, member)| hex_members(member, format!("{path}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// The same hex with its last digit changed.
fn flip(hex: &str) -> String {
    let last = hex.chars().last().unwrap();
    format!("{}{}", &hex[..hex.len() - 1], if last == '0' { '1' } else { '0' })
}

// C-ISSUE, bad input: an issuer without the right to a kind
#[test]
fn an_office_issues_only_its_own_kind() {
    let (_, address) = citizen("rights");
    let refused = refusal(&[
        "--dev-key",
        "1",
        "certificate",
        "send",
        "--kind",
        "degree",
        "--holder",
        &address,
        "--organization",
        "SAMPLE-CIVIL-AFFAIRS",
        "--subject",
        subject("degree").to_str().unwrap(),
    ]);
    assert!(refused.contains("issuer-not-authorized") || refused.contains("role-required"), "{refused}");
}

// C-ID: a returning person is recognised
#[test]
fn a_person_registers_once() {
    citizen("once");
    let key = shared().data.path().join("once-again.key");
    answer(&["key", "new", key.to_str().unwrap()]);
    let refused = refusal(&[
        "--key",
        key.to_str().unwrap(),
        "user",
        "register",
        "--account",
        "once2",
        "--name",
        " ONCE (Sample)",
        "--unit",
        "sample unit",
        "--city",
        "hangzhou",
        "--country",
        "CN",
    ]);
    assert!(refused.contains("person-already-registered"), "{refused}");
}

// bad input: a rotated key
#[test]
fn a_retired_key_issues_nothing_and_what_it_issued_stays_valid() {
    let (key, address) = citizen("rotation");
    let office = shared().data.path().join("office.key");
    let office_address = answer(&["key", "new", office.to_str().unwrap()])["address"].as_str().unwrap().to_owned();
    answer(&[
        "--dev-key",
        "0",
        "organization",
        "authorize-key",
        "SAMPLE-CIVIL-AFFAIRS",
        &office_address,
        "--right",
        "marriage",
    ]);
    let office = office.to_str().unwrap();
    let send = [
        "--key",
        office,
        "certificate",
        "send",
        "--kind",
        "marriage",
        "--holder",
        &address,
        "--organization",
        "SAMPLE-CIVIL-AFFAIRS",
        "--subject",
    ];
    let subject = subject("marriage");
    let arguments: Vec<&str> = send.into_iter().chain([subject.to_str().unwrap()]).collect();
    let issued = answer(&arguments);
    answer(&["--dev-key", "0", "organization", "retire-key", "SAMPLE-CIVIL-AFFAIRS", &office_address]);
    let refused = refusal(&arguments);
    let refusals = ["key-rotated", "issuer-not-authorized", "role-required"];
    assert!(refusals.iter().any(|code| refused.contains(code)), "{refused}");
    let link =
        answer(&["--key", key.to_str().unwrap(), "certificate", "present", issued["certificateId"].as_str().unwrap()])
            ["link"]
            .as_str()
            .unwrap()
            .to_owned();
    assert_eq!(answer(&["--dev-key", "7", "inspect", "--dry-run", &link])["outcome"], "valid");
}

// C-LIFE of all five kinds, with its tampering
#[test]
fn the_demonstration_tells_its_story_to_the_end() {
    let told = answer(&["demo"]);
    let refused =
        told.as_array().unwrap().iter().filter(|event| event["what"].as_str().unwrap().ends_with("is refused"));
    assert!(refused.count() >= 4, "{told:#}");
}

#[test]
fn a_data_directory_has_one_city_at_a_time() {
    let data = shared().data.path().join("city");
    let error = City::start(&CityOptions::new(&data)).unwrap_err();
    assert!(error.to_string().contains("ended before"), "{error}");
}

#[test]
fn a_city_starts_again_with_what_it_had() {
    let data = tempfile::tempdir().unwrap();
    let options = CityOptions::new(data.path());
    let first = City::start(&options).unwrap();
    let genesis = std::fs::read(data.path().join("genesis/main.json")).unwrap();
    first.kill().unwrap();
    let second = City::start(&options).unwrap();
    assert_eq!(second.chains.len(), 6);
    assert_eq!(std::fs::read(data.path().join("genesis/main.json")).unwrap(), genesis);
}

#[test]
fn help_and_completions_are_there() {
    for arguments in [vec!["--help"], vec!["up", "--help"], vec!["completions", "bash"]] {
        let output = Command::new(built_binary()).args(&arguments).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}");
    }
}
