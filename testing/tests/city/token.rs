//! An office and a citizen whose keys are made in a PKCS#11 token (SoftHSM) and never leave it: everything that they sign is signed there, everything that is sealed to
//! them is opened there.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use chancery_testing::{
    ingest,
    process::{SoftHsm, built_binary},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{answer, key_of, query_to_file, registration, shared, subject, verify};

struct Owner {
    hsm: SoftHsm,
    folder: TempDir,
}

impl Owner {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { hsm: SoftHsm::init(folder.path(), "city-hall").unwrap(), folder }
    }

    fn say(&self, arguments: &[&str]) -> Output {
        let (name, value) = self.hsm.environment();
        Command::new(built_binary())
            .args(["--json", "--url", &shared().city.gateway])
            .args(arguments)
            .env(name, value)
            .env("CHANCERY_GENESIS", shared().data.path().join("city/genesis/main.json"))
            .output()
            .unwrap()
    }

    fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.say(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.say(arguments);
        assert!(!output.status.success(), "{arguments:?} should have failed");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A new key in the token: its name and its address.
    fn key(&self, object: &str) -> (String, String) {
        let name = self.hsm.key(object);
        let made = self.answer(&["key", "new", &name]);
        assert!(made["encryptionKey"]["thumbprint"].is_string(), "{made}");
        (name, made["address"].as_str().unwrap().to_owned())
    }

    /// What an inspector finds when the holder shows a certificate.
    fn inspected(&self, key: &str, certificate: &str) -> Value {
        let shown = self.answer(&["--key", key, "certificate", "present", certificate]);
        // The genesis of the main chain alone, which the other commands here are given, proves nothing of a certificate.
        let genesis = shared().data.path().join("city/genesis");
        let options = ["--dry-run", "--genesis", genesis.to_str().unwrap()];
        let inspect = [&["--dev-key", "7", "inspect", shown["link"].as_str().unwrap()], &options[..]].concat();
        serde_json::from_slice(&self.say(&inspect).stdout).unwrap()
    }
}

fn operator(arguments: &[&str]) -> Value {
    answer(&[&["--dev-key", "0"], arguments].concat())
}

// S-SVC, C-LIFE, C-API-2, C-API-5: issued, received, shown and revoked with keys in a token.
#[test]
fn a_certificate_lives_its_life_between_keys_in_a_token() {
    let owner = Owner::new();
    let (office, address) = owner.key("degrees");
    assert_eq!(owner.answer(&["--key", &office, "key", "show"])["address"], address.as_str());
    assert!(owner.refused(&["key", "new", &office]).contains("already"));
    operator(&["organization", "authorize-key", "SAMPLE-UNIVERSITY", &address, "--right", "degree"]);
    let (holder, citizen) = owner.key("wallet");
    owner.answer(&registration(Path::new(&holder), "in-token", "In a token", &[]));
    answer(&["--dev-key", "6", "user", "confirm", &citizen]);

    let subject = subject("degree");
    let send = ["--organization", "SAMPLE-UNIVERSITY", "--holder", &citizen, "--subject", subject.to_str().unwrap()];
    let issue = [&["--key", &office, "certificate", "send", "--kind", "degree"], send.as_slice()].concat();
    let issued = owner.answer(&issue);
    let id = issued["certificateId"].as_str().unwrap();
    let file = query_to_file(&issued, &citizen, "from-a-token.json");
    assert_eq!(verify(&file).outcome(), "valid");

    // Opened in the token of the holder, and in no other.
    let opened = owner.answer(&["--key", &holder, "certificate", "open", file.to_str().unwrap()]);
    assert_eq!(opened["id"], id);
    assert!(owner.refused(&["--key", &office, "certificate", "open", file.to_str().unwrap()]).contains("sealed to"));
    assert_eq!(owner.inspected(&holder, id)["outcome"], "valid");
    owner.answer(&["--key", &office, "certificate", "revoke", id]);
    assert_eq!(owner.inspected(&holder, id)["outcome"], "revoked");
}

// S-SVC, M-REP-1, DATA-1: a source of each kind of key signs its submissions in a token, and their proof is verified.
#[test]
fn sources_sign_in_a_token_what_anybody_verifies() {
    const FORMAT: &str = "reading/in-token";
    let owner = Owner::new();
    let body = owner.folder.path().join("format.json");
    fs::write(&body, ingest::format().to_string()).unwrap();
    operator(&["format", "configure", FORMAT, body.to_str().unwrap()]);
    let readings = owner.folder.path().join("readings");
    fs::write(&readings, "{\"station\":\"one\",\"temp_max\":1}\n{\"station\":\"two\",\"temp_max\":2}\n").unwrap();
    for algorithm in ["eddsa", "es256", "es256k"] {
        let key = owner.hsm.key(algorithm);
        let made = owner.answer(&["source", "key", &key, "--algorithm", algorithm]);
        let register = ["source", "register", "--source-key", &key, "--organization", "SAMPLE-HEALTH-OFFICE"];
        let register = [&["--dev-key", "0"], register.as_slice(), &["--name", algorithm]].concat();
        let name = |answer: &Value| answer["source"].as_str().unwrap().to_lowercase();
        assert_eq!(name(&owner.answer(&register)), name(&made));
        let proofs = owner.folder.path().join(algorithm);
        let submit = ["submit", readings.to_str().unwrap(), "--content", "--access", "public", "--format", FORMAT];
        let more = ["--source-key", &key, "--proofs", proofs.to_str().unwrap()];
        let submitted = owner.answer(&[submit.as_slice(), &more].concat());
        assert_eq!(submitted["operations"], json!(2), "{algorithm}");
        let proof = fs::read_dir(&proofs).unwrap().next().unwrap().unwrap().path();
        let verified = verify(&proof);
        assert_eq!(verified.code, 0, "{algorithm}: {verified:?}");
    }
}

// S-SVC, S-NET: a transaction signed in a token publishes the key that messages are sealed to; they are opened there.
#[test]
fn a_message_is_opened_in_the_token_of_its_receiver() {
    let owner = Owner::new();
    let (receiver, address) = owner.key("inbox");
    let (sender, sender_address) = key_of("writes-to-a-token");
    for (organization, address) in [("SAMPLE-UNIVERSITY", &address), ("SAMPLE-CIVIL-AFFAIRS", &sender_address)] {
        operator(&["organization", "authorize-key", organization, address, "--right", "submission"]);
    }
    let published = owner.answer(&["--key", &receiver, "message", "publish-key"]);
    assert!(published["blockNumber"].is_number(), "{published}");
    let letter = owner.folder.path().join("letter.txt");
    fs::write(&letter, "For the receiver alone.").unwrap();
    let send = ["--key", sender.to_str().unwrap(), "message", "send", letter.to_str().unwrap()];
    let ends = ["--from", "SAMPLE-CIVIL-AFFAIRS", "--to", "SAMPLE-UNIVERSITY", "--to-key", &address];
    let sent = owner.answer(&[&send[..], &ends[..]].concat());
    let id = sent["message"].as_str().unwrap();
    let read = owner.folder.path().join("read.txt");
    owner.answer(&["--key", &receiver, "message", "read", id, "--out", read.to_str().unwrap()]);
    assert_eq!(fs::read(&read).unwrap(), fs::read(&letter).unwrap());
    owner.answer(&["--key", &receiver, "message", "acknowledge", id]);
}

// S-SVC, TOKEN-2, TOKEN-4
#[test]
fn what_is_wrong_with_a_key_in_a_token_is_said_and_no_pin_with_it() {
    let owner = Owner::new();
    owner.hsm.write_pin("wrong", "975310").unwrap();
    let wrong = owner.hsm.key_with_pin("degrees", "wrong");
    let says = owner.refused(&["--key", &wrong, "key", "show"]);
    assert!(says.contains("refuses the PIN") && !says.contains("975310"), "{says}");
    // The next process gives none, whichever it has, until a person says so.
    let nobody = owner.hsm.key("nobody");
    let says = owner.refused(&["--key", &nobody, "key", "show"]);
    assert!(says.contains("--pin-again"), "{says}");
    let says = owner.refused(&["--key", &nobody, "key", "show", "--pin-again"]);
    assert!(says.contains("chancery key new"), "{says}");
    let says = owner.refused(&["--key", &nobody, "key", "show"]);
    assert!(says.contains("chancery key new"), "{says}");
    let says = owner.refused(&["--key", "pkcs11:token=city-hall;object=a?pin-value=975310", "key", "show"]);
    assert!(says.contains("pin-source") && !says.contains("975310"), "{says}");
    let listed = owner.answer(&["key", "tokens", owner.hsm.library().to_str().unwrap()]);
    assert_eq!(listed[0]["token"], "city-hall", "{listed}");
}
