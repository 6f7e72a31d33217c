//! The life of certificates through the command line, as a newcomer, a clerk and an inspector use it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "city/alteration.rs"]
mod alteration;
#[path = "city/business.rs"]
mod business;
#[path = "city/commands.rs"]
mod commands;
#[path = "city/consortia.rs"]
mod consortia;
#[path = "city/disclosure.rs"]
mod disclosure;
#[path = "city/founded.rs"]
mod founded;
#[path = "city/front.rs"]
mod front;
#[path = "city/guesses.rs"]
mod guesses;
#[path = "city/held.rs"]
mod held;
#[path = "city/identities.rs"]
mod identities;
#[path = "city/lying.rs"]
mod lying;
#[path = "city/machine.rs"]
mod machine;
#[path = "city/persons.rs"]
mod persons;
#[path = "city/refused.rs"]
mod refused;
#[path = "city/releases.rs"]
mod releases;
#[path = "city/rights.rs"]
mod rights;
#[path = "city/several.rs"]
mod several;
#[path = "city/signed_in.rs"]
mod signed_in;
#[path = "city/silence.rs"]
mod silence;
#[path = "city/sources.rs"]
mod sources;
#[path = "city/stapling.rs"]
mod stapling;
#[path = "city/submission.rs"]
mod submission;
#[path = "city/supervised.rs"]
mod supervised;
#[path = "city/support.rs"]
mod support;
#[path = "city/survey.rs"]
mod survey;
#[path = "city/token.rs"]
mod token;
#[path = "city/unknown.rs"]
mod unknown;
#[path = "city/verification.rs"]
mod verification;
#[path = "city/written.rs"]
mod written;

use std::process::Command;

use chancery_testing::process::{City, CityOptions, Listening, Ready, built_binary};
use support::*;

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

    // M-APP
    for asks in [["--key", key], ["--dev-key", "3"], ["--dev-key", "8"]] {
        let trace = answer(&[&asks[..], &["certificate", "trace", id]].concat())["trace"].clone();
        let source = &trace["certificate"];
        assert_eq!((&source["organization"], &source["status"]), (&"SAMPLE-UNIVERSITY".into(), &"revoked".into()));
        assert_eq!(source["holder"].as_str().unwrap().to_lowercase(), address.to_lowercase());
        assert_eq!(trace["transfers"]["transferable"], false);
        assert_eq!(trace["accesses"][0]["outcome"], "valid", "{trace:#}");
        let acts: Vec<_> = trace["rights"].as_array().unwrap().iter().map(|right| right["act"].clone()).collect();
        assert!(acts.contains(&"present".into()) && !acts.contains(&"renew".into()), "{trace:#}");
    }
    let stranger = refusal(&["--dev-key", "7", "certificate", "trace", id]);
    assert!(stranger.contains("not-your-certificate"), "{stranger}");
}

// C-API-5, M-AUTH
#[test]
fn a_certificate_file_is_verified_offline_and_a_changed_byte_is_named() {
    let (_, address) = citizen("offline");
    let issued = send("health-licence", "5", "SAMPLE-HEALTH-OFFICE", &address);
    let file = query_to_file(&issued, &address, "offline.json");
    let verified = verify(&file);
    assert_eq!((verified.code, verified.outcome()), (0, "valid"), "{verified:?}");
    assert_eq!(verified.answer["unproven"], serde_json::json!(["organizationName"]));

    let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let members = alteration::leaves(&whole);
    assert!(members.len() >= 30, "{members:?}");
    for member in members {
        let refused = verify_altered("changed.json", alteration::altered(&whole, &member));
        if member == "/organizationName" {
            // The main chain knows it, this file does not: it is named as what it is.
            assert_eq!(refused.answer["unproven"], serde_json::json!(["organizationName"]), "{refused:?}");
        } else {
            assert_eq!(refused.code, 1, "another {member} was not noticed: {refused:?}");
            assert!(refused.answer["check"].is_string() || refused.error.contains("cannot"), "{member}: {refused:?}");
        }
    }
}

// C-ISSUE, bad input: an issuer without the right to a kind
#[test]
fn an_office_issues_only_its_own_kind() {
    let (_, address) = citizen("rights");
    let refused = refusal_code(&[
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
    assert_eq!(refused, "issuer-not-authorized");
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
        " ONCE ",
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
    let refused = refusal_code(&arguments);
    assert_eq!(refused, "key-rotated");
    let link =
        answer(&["--key", key.to_str().unwrap(), "certificate", "present", issued["certificateId"].as_str().unwrap()])
            ["link"]
            .as_str()
            .unwrap()
            .to_owned();
    assert_eq!(answer(&["--dev-key", "7", "inspect", "--dry-run", &link])["outcome"], "valid");
    // C-FEE: a check by machine records nothing on a chain, and is counted for the organization that made it.
    let checks = answer(&["--dev-key", "7", "fee", "bill"])["checks"].clone();
    assert!(checks[0]["count"].as_u64() > Some(0) && checks[0]["bytes"].as_u64() > Some(0), "{checks}");
}

// C-LIFE of all five kinds, with its tampering
#[test]
fn the_demonstration_tells_its_story_to_the_end() {
    let told = answer(&["demo"]);
    let refused =
        told.as_array().unwrap().iter().filter(|event| event["what"].as_str().unwrap().ends_with("is refused"));
    assert!(refused.count() >= 4, "{told:#}");

    let events = told.as_array().unwrap();
    let shown = |what: String| {
        let found = events.iter().find(|event| event["what"] == what.as_str());
        found.unwrap_or_else(|| panic!("{what} is not told: {told:#}"))["shown"].as_str().unwrap()
    };
    for kind in ["marriage", "real-estate", "degree", "business-licence", "health-licence"] {
        // Its issue, and what each inspection found, in order.
        let of_kind = events.iter().filter(|event| event["what"] == kind);
        let words: Vec<_> = of_kind.map(|event| event["shown"].as_str().unwrap().split(' ').next().unwrap()).collect();
        assert!(words[0].starts_with("0x"), "{kind}: {words:?}");
        assert_eq!(words[1..], ["VALID", "SUSPENDED", "VALID", "VALID", "REVOKED"], "{kind}");
        for step in ["suspended", "resumed", "revoked"] {
            shown(format!("{kind} is {step}"));
        }
        assert!(shown(format!("{kind} is renewed by")).starts_with("0x"), "{kind}");
        assert!(!shown(format!("{kind}, revoked, made valid again is refused")).is_empty(), "{kind}");
    }
    for (tampering, checks) in [
        ("a degree that its holder has improved", &["content-unaltered"][..]),
        ("a finality certificate with one changed digit", &["FinalitySignature", "CertificateMalformed"]),
        ("a header with one changed digit", &["HeaderHashMismatch", "HeaderMalformed"]),
        ("a receipt with one changed digit", &["ReceiptNotIncluded"]),
        ("a degree issued by the civil affairs bureau", &["issuer-not-authorized"]),
        ("an issue changed after it was signed", &["signature-invalid", "issuer-not-authorized"]),
    ] {
        let why = shown(format!("{tampering} is refused"));
        assert!(checks.iter().any(|check| why.contains(check)), "{tampering}: {why}");
    }
}

#[test]
fn a_data_directory_has_one_city_at_a_time() {
    let data = shared().data.path().join("city");
    let error = City::start(&CityOptions::new(&data)).unwrap_err();
    assert!(error.to_string().contains("ended before"), "{error}");
}

// C-CHAINS: anchors that were made are found again, from what is on the chain.
#[test]
fn a_city_starts_again_with_what_it_had() {
    let data = tempfile::tempdir().unwrap();
    let options = CityOptions::new(data.path());
    let first = City::start(&options).unwrap();
    let genesis = std::fs::read(data.path().join("genesis/main.json")).unwrap();
    let anchors = rights::anchors(&first.gateway);
    first.kill().unwrap();
    let second = City::start(&options).unwrap();
    assert_eq!(rights::anchors(&second.gateway), anchors);
    assert_eq!(second.chains.len(), 6);
    assert_eq!(std::fs::read(data.path().join("genesis/main.json")).unwrap(), genesis);
}

#[test]
fn help_and_completions_are_there() {
    for arguments in [vec!["--help"], vec!["up", "--help"], vec!["completions", "bash"]] {
        let output = Command::new(built_binary()).args(&arguments).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}");
    }
    // A program that asks for JSON gets it for wrong usage, too.
    for wrong in [&["certificate", "query", "nobody"][..], &["unheard-of"], &["key"]] {
        let output = chancery(wrong);
        let told: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!((output.status.code(), told["error"].is_string()), (Some(2), true), "{wrong:?}: {told}");
        assert!(output.stdout.is_empty(), "{wrong:?}");
    }
    for command in ["verify", "inspect"] {
        let output = Command::new(built_binary()).args([command, "--help"]).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes: 0 "), "{command}");
    }
}

#[test]
fn the_ready_line_names_every_chain() {
    let ready = Ready::parse(
        "ready gateway=http://127.0.0.1:8080 chains=main=http://127.0.0.1:8545,degree=http://127.0.0.1:8548",
    )
    .unwrap();
    assert_eq!(ready.gateway, "http://127.0.0.1:8080");
    assert_eq!(ready.chains["degree"], "http://127.0.0.1:8548");
    assert_eq!(shared().city.chains.len(), 6);
    assert!(shared().city.chains.values().all(|url| !url.contains(' ')), "{:?}", shared().city.chains);
    let listening = Listening::parse("listening mqtt=mqtt://127.0.0.1:1883 grpc=http://127.0.0.1:9090").unwrap();
    assert_eq!(listening.mqtt, "127.0.0.1:1883");
    assert_eq!(listening.grpc, "http://127.0.0.1:9090");
    assert!(Ready::parse("starting").is_none());
}
