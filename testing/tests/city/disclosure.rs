//! Nothing that leaves a city names its people, and no guess can be tested against it (C-ID, M-PRIV).
//!
//! A city of its own, whose people have words that stand nowhere else. Whatever happens to certificates of every kind happens; then everything that
//! leaves it is searched for these words in all encodings, and for unkeyed hashes of them and of what an office would join them to.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use alloy::signers::local::{MnemonicBuilder, coins_bip39::English};
use chancery_testing::process::{City, CityOptions};
use serde_json::{Value, json};

use crate::{
    guesses::Guesses,
    signed_in::SignedIn,
    support::{chancery_at, subject},
    survey::Survey,
};

const NAME: &str = "Ottoline-Quarrendon Abendroth";
const UNIT: &str = "Lamplighters' Guild of Vexmoor";
const CITY: &str = "Thistlewick-on-Sele";
const DOCUMENT: &str = "QX-7741-9950-36";
const BIRTH_DATE: &str = "1931-02-27";
const ACCOUNT: &str = "quarrendon.ottoline";
/// Somebody who is turned away.
const OTHER_NAME: &str = "Bartholomew Zwingelstein";
const REASON: &str = "the passport of Bartholomew Zwingelstein is forged";

/// Members of a certificate's content that tell of a person, and what stands there in this test.
const CONTENT: [(&str, &str); 11] = [
    ("licenceNumber", "LN-55102-QUARRENDON"),
    ("name", NAME),
    ("subjectName", NAME),
    ("legalName", "Quarrendon Lamp Works Ltd"),
    ("legalRepresentative", NAME),
    ("documentNumber", DOCUMENT),
    ("birthDate", BIRTH_DATE),
    ("studentNumber", "S-990-417-2263-Q"),
    ("streetAddress", "113 Gasholder Terrace"),
    ("city", CITY),
    ("unitNumber", "449017730021QB00881F"),
];
/// Kinds with the account of their office and its organization.
const KINDS: [(&str, &str, &str); 5] = [
    ("marriage", "1", "SAMPLE-CIVIL-AFFAIRS"),
    ("real-estate", "2", "SAMPLE-LAND-REGISTRY"),
    ("degree", "3", "SAMPLE-UNIVERSITY"),
    ("business-licence", "4", "SAMPLE-MARKET-REGULATION"),
    ("health-licence", "5", "SAMPLE-HEALTH-OFFICE"),
];

/// The command line in a city of its own.
struct Desk<'a> {
    gateway: &'a str,
    folder: &'a Path,
}

impl Desk<'_> {
    fn ask(&self, arguments: &[&str]) -> Output {
        chancery_at(self.gateway, arguments)
    }

    fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.ask(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn key(&self, name: &str) -> (PathBuf, String) {
        let file = self.folder.join(format!("{name}.key"));
        let address = self.answer(&["key", "new", file.to_str().unwrap()])["address"].as_str().unwrap().to_owned();
        (file, address)
    }

    fn register(&self, key: &Path, account: &str, name: &str, more: &[&str]) -> Output {
        let person = ["--account", account, "--name", name, "--unit", UNIT, "--city", CITY, "--country", "CN"];
        self.ask(&[&["--key", key.to_str().unwrap(), "user", "register"], &person[..], more].concat())
    }

    /// The link to a certificate that its holder shows.
    fn shown(&self, key: &Path, certificate: &str) -> String {
        let shown = self.answer(&["--key", key.to_str().unwrap(), "certificate", "present", certificate]);
        shown["link"].as_str().unwrap().to_owned()
    }
}

/// A sample content with this person's data in every place that tells of a person.
fn content(kind: &str) -> Value {
    fn fill(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match CONTENT.iter().find(|(known, _)| known == name) {
                        Some((_, own)) if member.is_string() => *member = json!(own),
                        _ => fill(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(fill),
            _ => {}
        }
    }
    let mut content = serde_json::from_slice(&std::fs::read(subject(kind)).unwrap()).unwrap();
    fill(&mut content);
    content
}

fn secrets() -> Guesses {
    let mut secret = Guesses::default();
    for (what, text) in [
        ("the name", NAME),
        ("the unit", UNIT),
        ("the city", CITY),
        ("the document number", DOCUMENT),
        ("the date of birth", BIRTH_DATE),
        ("the account name", ACCOUNT),
        ("the name of who was turned away", OTHER_NAME),
        ("the reason for turning away", REASON),
    ] {
        secret.add_text(text, what);
    }
    for (what, text) in CONTENT {
        secret.add_text(text, what);
    }
    for parts in [
        &[NAME, UNIT, CITY, "CN"][..],
        &["CN", CITY, UNIT, NAME],
        &["CN", DOCUMENT],
        &["CN", "QX7741995036"],
        &[NAME, DOCUMENT],
        &[NAME, BIRTH_DATE],
        &[NAME, BIRTH_DATE, DOCUMENT],
        &[NAME, UNIT, CITY, "CN", DOCUMENT],
        &[NAME, UNIT, CITY, "CN", DOCUMENT, BIRTH_DATE],
        &[OTHER_NAME, UNIT, CITY, "CN"],
    ] {
        secret.add_combination(parts, "of what an office knows a person by");
    }
    let person = json!({ "name": NAME, "unit": UNIT, "city": CITY, "country": "CN", "documentNumber": DOCUMENT, "birthDate": BIRTH_DATE });
    secret.add_hashes(person.to_string().as_bytes(), "the person as JSON");
    for (kind, _, _) in KINDS {
        secret.add_hashes(content(kind).to_string().as_bytes(), &format!("the content of the {kind} certificate"));
    }
    secret
}

/// Registrations that are confirmed, repeated, turned away and refused, and an application.
async fn register_people(desk: &Desk<'_>) -> (PathBuf, String) {
    let (key, address) = desk.key("holder");
    let documented = ["--document-number", DOCUMENT, "--birth-date", BIRTH_DATE];
    assert!(desk.register(&key, ACCOUNT, NAME, &documented).status.success());
    desk.answer(&["--dev-key", "6", "user", "confirm", &address]);
    let (again, _) = desk.key("again");
    assert!(!desk.register(&again, "again.and.again", NAME, &documented).status.success(), "a person registers once");
    assert!(!desk.register(&again, ACCOUNT, NAME, &["--birth-date", "27 February 1931"]).status.success());
    let (other, turned_away) = desk.key("other");
    assert!(desk.register(&other, "zwingelstein.b", OTHER_NAME, &[]).status.success());
    desk.answer(&["--dev-key", "6", "user", "confirm", &turned_away, "--reject", REASON]);

    let phrase = std::fs::read_to_string(&key).unwrap();
    let signer = MnemonicBuilder::<English>::default().phrase(phrase.trim()).build().unwrap();
    let citizen = SignedIn::at(desk.gateway, signer).await;
    let details = json!({
        "graduateName": NAME, "birthDate": BIRTH_DATE, "studentNumber": "S-990-417-2263-Q",
        "programme": "Lamplighting and Combustion", "level": "master",
    });
    let application = json!({ "kind": "degree", "details": details });
    let (status, answer) = citizen.ask("POST", "/v1/applications", Some(&application)).await;
    assert_eq!(status, 201, "{answer}");
    // What breaks the rules is refused without being repeated.
    let broken = json!({ "kind": "degree", "details": { "graduateName": NAME, "studentNumber": [NAME] } });
    let (status, answer) = citizen.ask("POST", "/v1/applications", Some(&broken)).await;
    assert!(status >= 400, "{answer}");
    (key, address)
}

/// Issue, inspection, suspension, renewal, revocation of one kind; the renewed certificate, and where the first stands.
fn live(desk: &Desk<'_>, key: &Path, holder: &str, (kind, office, organization): (&str, &str, &str)) -> Value {
    let file = desk.folder.join(format!("{kind}.json"));
    std::fs::write(&file, content(kind).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let of_office = |arguments: &[&str]| desk.answer(&[&["--dev-key", office, "certificate"], arguments].concat());
    let issued =
        of_office(&["send", "--kind", kind, "--holder", holder, "--organization", organization, "--subject", file]);
    let id = issued["certificateId"].as_str().unwrap();
    let inspected = desk.answer(&["--dev-key", "7", "inspect", &desk.shown(key, id)]);
    assert_eq!(inspected["outcome"], "valid", "{inspected}");
    assert!(secrets().found_in(inspected.to_string().as_bytes()).is_some(), "the inspector is shown who it is");
    of_office(&["suspend", id, "--reason", "certificate-hold"]);
    of_office(&["resume", id]);
    let renewed = of_office(&["renew", id, "--subject", file]);
    let new = renewed["certificateId"].as_str().unwrap();
    if kind != "degree" {
        of_office(&["revoke", new, "--reason", "privilege-withdrawn"]);
        assert!(!desk.ask(&["--dev-key", "7", "inspect", &desk.shown(key, new)]).status.success());
    }
    desk.answer(&["--dev-key", "8", "history", id]);
    let staple = desk.folder.join(format!("{kind}.staple.json"));
    desk.answer(&["--key", key.to_str().unwrap(), "certificate", "present", new, "--out", staple.to_str().unwrap()]);
    json!({ "id": new, "block": issued["blockNumber"], "transaction": issued["txHash"] })
}

// C-ID, M-PRIV, C-LIFE: no personal data and nothing guessable leaves the city.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_leaves_a_city_names_its_people_or_lets_a_guess_be_tested() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("city"), folder.path().join("city.log"));
    let mut options = CityOptions::new(&data);
    options.log = Some((log.clone(), "info,chancery=debug,chancery_gateway=debug,chancery_identity=debug".to_owned()));
    let city = City::start(&options).unwrap();
    let desk = Desk { gateway: &city.gateway, folder: folder.path() };
    let (key, holder) = register_people(&desk).await;
    let mut degree = Value::Null;
    for kind in KINDS {
        let lived = live(&desk, &key, &holder, kind);
        if kind.0 == "degree" {
            degree = lived;
        }
    }
    let id = degree["id"].as_str().unwrap();
    let link = desk.shown(&key, id);
    let presentation = link.rsplit_once("#P.").unwrap().1.split_once('.').unwrap().0;

    let mut public = Guesses::default();
    public.add_bytes(&hex::decode(&holder[2..]).unwrap(), "the holder's address");
    let secret = secrets();
    assert!(secret.count > 2_000, "{} guesses", secret.count);
    let mut survey = Survey::new(&secret, &public);
    for (name, url) in &city.chains {
        survey.chain(name, url).await;
    }
    let paths = [
        ("/certificates/{id}", format!("/certificates/{id}")),
        ("/presentations/{id}", format!("/presentations/{presentation}")),
        ("{address}", holder.clone()),
        ("{chain}", "degree".to_owned()),
        ("{block}", degree["block"].to_string()),
        ("{tx_hash}", degree["transaction"].as_str().unwrap().to_owned()),
        ("{kind}", "degree".to_owned()),
        ("{format}", "certificate%2Fdegree".to_owned()),
        ("{code}", "SAMPLE-UNIVERSITY".to_owned()),
    ];
    survey.gateway(&city.gateway, &paths).await;
    // What it has not written yet is written now.
    city.stop().unwrap();
    survey.files("files", &data);
    let logged = std::fs::read(&log).unwrap();
    assert!(logged.len() > 1_000, "the city has logged what it does");
    survey.look("the log", "its lines", &logged);

    assert!(survey.leaks.is_empty(), "{:#?}", survey.leaks);
    // The search has looked where the holder's address stands, which is public.
    let seen =
        |source: String| assert!(survey.seen.contains(&source), "nothing was found in {source}: {:?}", survey.seen);
    for chain in ["main", "marriage", "real-estate", "degree", "business-licence", "health-licence"] {
        for what in ["blocks", "debug_getRawBlock", "eth_getLogs", "eth_getBlockReceipts"] {
            seen(format!("{what} of {chain}"));
        }
        // The main chain's state has hashed keys of identities alone.
        if chain != "main" {
            seen(format!("debug_traceBlockByNumber of {chain}"));
        }
    }
    seen("the gateway".to_owned());
    seen("files".to_owned());
    assert!(survey.bytes > 1_000_000, "{} bytes were searched", survey.bytes);
}
