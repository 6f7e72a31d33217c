//! A city with keys of its own: it obeys them alone, and what is signed for another city counts nothing in it (`docs/specs/founding.md`).

use std::{fs, path::Path, process::Command};

use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use chancery_contracts::predeploys;
use chancery_primitives::SigningDomain;
use chancery_testing::{
    load::funded_signers,
    process::{City, CityOptions, built_binary, until_anchored},
};
use serde_json::{Value, json};

use crate::{
    signed_in::{SignedIn, exchange, sign_in},
    submission::reading_for,
    support::chancery_at,
};

/// Commands that ask nobody.
const NOWHERE: &str = "http://127.0.0.1:1";
const FORMAT_PATH: &str = "/v1/formats/reading%2Fair-quality";

fn told(gateway: &str, arguments: &[&str]) -> Value {
    let output = chancery_at(gateway, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The code of the problem that a command must end with.
fn refused(gateway: &str, arguments: &[&str]) -> String {
    let output = chancery_at(gateway, arguments);
    assert!(!output.status.success(), "{arguments:?} should have failed");
    let problem: Value = serde_json::from_slice(&output.stderr).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// A new key file, and who signs with it.
fn new_key(dir: &Path, name: &str) -> (String, PrivateKeySigner) {
    let path = dir.join(name);
    let file = path.to_str().unwrap().to_owned();
    told(NOWHERE, &["key", "new", &file]);
    let phrase = fs::read_to_string(&path).unwrap();
    let builder = MnemonicBuilder::<English>::default().phrase(phrase.trim());
    (file, builder.index(0).unwrap().build().unwrap())
}

async fn chains(city: &City) -> Value {
    exchange(reqwest::Client::new().get(format!("{}/v1/chains", city.gateway))).await.1
}

fn format() -> Value {
    json!({
        "version": 1, "chain": "main", "title": {"en": "Air quality reading", "zh": "空气质量读数"},
        "source": "HJ 633-2012, 5", "sealed": false,
        "schema": {"type": "object", "required": ["pm25"], "properties": {"pm25": {"type": "integer", "minimum": 0}}},
    })
}

// FOUND-1, FOUND-2, FOUND-3, FOUND-6, C-CHAINS: with all entities in one process, and again with each in its own, which knows the city by its folder alone.
#[tokio::test]
async fn a_city_of_its_own_keys_obeys_them_alone_and_takes_nothing_signed_for_another() {
    let dir = tempfile::tempdir().unwrap();
    let [administrator, operator, second, supervisor] =
        ["administrator", "operator", "second", "supervisor"].map(|name| new_key(dir.path(), name));
    let submitter = new_key(dir.path(), "submitter").1.address().to_string();
    let file = dir.path().join("founding.toml");
    let address = |key: &(String, PrivateKeySigner)| key.1.address().to_string();
    let made =
        told(
            NOWHERE,
            &[
                &[
                    "network",
                    "founding",
                    "--administrator",
                    &address(&administrator),
                    "--operator",
                    &address(&operator),
                ][..],
                &["--operator", &submitter, "--submitter", &submitter, "--contract-operator", &address(&operator)],
                &["--contract-operator", &address(&second), "--supervisor", &address(&supervisor)],
                &["--submitter-key", "submitter", "--out", file.to_str().unwrap()],
            ]
            .concat(),
        );
    let base = made["chainId"].as_u64().unwrap();
    assert!((3 << 50..1 << 52).contains(&base), "{base}");

    let mut options = CityOptions::new(&dir.path().join("city"));
    options.arguments = vec!["--founding".to_owned(), file.to_str().unwrap().to_owned()];
    let city = City::start(&options).unwrap();
    until_anchored(&city.gateway).unwrap();
    let shown = chains(&city).await;
    assert_eq!(shown["development"], false);
    let ids = |shown: &Value| -> Vec<u64> {
        shown["chains"].as_array().unwrap().iter().map(|chain| chain["chainId"].as_u64().unwrap() - base).collect()
    };
    assert_eq!(ids(&shown), [0, 1, 2, 3, 4, 5]);
    for chain in shown["chains"].as_array().unwrap() {
        let path = options.data_dir.join(format!("genesis/{}.json", chain["name"].as_str().unwrap()));
        let genesis = fs::read_to_string(path).unwrap().to_lowercase();
        for known in funded_signers(32).unwrap() {
            assert!(!genesis.contains(&hex::encode(known.address())), "{}: {}", chain["name"], known.address());
        }
    }

    let register = ["organization", "register", "OWN-HEALTH-OFFICE", "--name", "Health Office"];
    assert_eq!(refused(&city.gateway, &[&["--dev-key", "0"], &register[..]].concat()), "role-required");
    assert_eq!(refused(&city.gateway, &[&["--key", &administrator.0], &register[..]].concat()), "role-required");
    told(&city.gateway, &[&["--key", &operator.0], &register[..]].concat());
    city.stop().unwrap();

    options.arguments = ["--entities", "separate"].map(str::to_owned).to_vec();
    let city = City::start(&options).unwrap();
    assert_eq!(ids(&chains(&city).await), [0, 1, 2, 3, 4, 5]);
    let (status, problem) = sign_in(&city.gateway, 7100, &operator.1).await;
    assert_ne!(status, 201, "signed for the development city: {problem}");

    let source = PrivateKeySigner::random();
    let right =
        ["organization", "authorize-key", "OWN-HEALTH-OFFICE", &source.address().to_string(), "--right", "submission"]
            .map(str::to_owned);
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    assert_eq!(refused(&city.gateway, &[&["--dev-key", "9"], &right[..]].concat()), "role-required");
    told(&city.gateway, &[&["--key", &second.0], &right[..]].concat());
    let operator = SignedIn::of_city(&city.gateway, base, operator.1).await;
    let (status, applied) = operator.ask("PUT", FORMAT_PATH, Some(&format())).await;
    assert_eq!(status, 200, "{applied}");
    let source = SignedIn::of_city(&city.gateway, base, source).await;
    let domain = |chain_id| SigningDomain::new(chain_id, predeploys::DATA_BLOCK_REGISTRY);
    let (_, elsewhere) = reading_for(&domain(7100), &source.signer, r#"{"pm25":12}"#);
    let (status, problem) = source.ask("POST", "/v1/operations", Some(&elsewhere)).await;
    assert!((400..500).contains(&status), "signed for the development city: {status} {problem}");
    let (_, here) = reading_for(&domain(base), &source.signer, r#"{"pm25":12}"#);
    let (status, receipt) = source.ask("POST", "/v1/operations", Some(&here)).await;
    assert_eq!(status, 201, "{receipt}");
    city.stop().unwrap();

    fs::remove_file(options.data_dir.join("founding.toml")).unwrap();
    let said = up(&["--data-dir", options.data_dir.to_str().unwrap()]);
    assert!(said.contains("founded with keys of its own"), "{said}");
}

fn up(arguments: &[&str]) -> String {
    let output = Command::new(built_binary()).args(["up", "--until-stdin-ends"]).args(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

// FOUND-3, FOUND-7, bad input
#[test]
fn public_keys_leave_no_machine_and_found_no_city() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("city");
    let data = data.to_str().unwrap();
    let said = up(&["--data-dir", data, "--gateway", "0.0.0.0:0"]);
    assert!(said.contains("its keys are public") && said.contains("--founding"), "{said}");
    let known = funded_signers(1).unwrap()[0].address();
    let file = dir.path().join("founding.toml");
    let text = format!(
        "chain_id = 88211\ntimestamp = 1700000000\nadministrator = \"{known}\"\noperators = [\"0x{0}\"]\nsubmitters = [\"0x{0}\"]\n\
         contract_operators = [\"0x{1}\", \"0x{2}\"]\n[city]\nsubmitter_key = \"submitter\"\n",
        "02".repeat(20),
        "03".repeat(20),
        "04".repeat(20)
    );
    fs::write(&file, &text).unwrap();
    let said = up(&["--data-dir", data, "--founding", file.to_str().unwrap()]);
    assert!(said.contains("everybody knows the key"), "{said}");
    fs::write(&file, text.replace(&known.to_string(), &format!("0x{}", "01".repeat(20)))).unwrap();
    let said = up(&["--data-dir", data, "--founding", file.to_str().unwrap(), "--gateway", "0.0.0.0:0"]);
    assert!(said.contains("with TLS only"), "{said}");
    assert!(!Path::new(data).exists(), "nothing was made");
}
