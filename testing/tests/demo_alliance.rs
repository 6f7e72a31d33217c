//! `chancery demo alliance` as a user starts it: three bodies, rules over three chains, and each thing that goes wrong with its outcome (A-MULTI).
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "demo_alliance/engineer.rs"]
mod engineer;
#[path = "demo_alliance/examined.rs"]
mod examined;
#[path = "demo_alliance/founded.rs"]
mod founded;
#[path = "demo_alliance/machine.rs"]
mod machine;
#[path = "demo_alliance/ruled.rs"]
mod ruled;

use std::process::Command;

use chancery_testing::process::built_binary;
use serde_json::Value;

/// The story's events of a chapter, each as "what: shown".
fn chapter<'a>(events: &'a [Value], title: &str) -> Vec<String> {
    let text = |event: &'a Value, field: &str| event[field].as_str().unwrap();
    let own = events.iter().filter(|event| text(event, "chapter").starts_with(title));
    own.map(|event| format!("{}: {}", text(event, "what"), text(event, "shown"))).collect()
}

fn assert_told(lines: &[String], what: &str, shown: &[&str]) {
    let line = lines.iter().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("no {what:?} in {lines:#?}"));
    for expected in shown {
        assert!(line.contains(expected), "{expected:?} is not in {line:?}");
    }
}

#[test]
fn a_mortgage_needs_three_chains_and_every_attack_ends_as_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("alliance");
    let run = || Command::new(built_binary()).args(["--json", "demo", "alliance", "--data-dir"]).arg(&data).output();
    let told = run().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let events: Vec<Value> = serde_json::from_slice(&told.stdout).unwrap();

    let alliance = chapter(&events, "Three bodies");
    for body in ["bank", "land registry", "tax office"] {
        assert_told(&alliance, body, &["register 0x", "on chain 71"]);
    }
    // Where the story is seen live is told while it lasts, and the file that it needs is there.
    let relay = data.join("relay.toml");
    assert_told(
        &alliance,
        "its live view in the web",
        &["chancery up --alliance", relay.to_str().unwrap(), "/alliance"],
    );
    assert!(relay.is_file());
    let rules = chapter(&events, "A mortgage is recorded only if");
    assert_told(
        &rules,
        "while the tax of parcel 7 is due",
        &["tax office refuses", "RuleBroken", "required: paid", "found: due"],
    );
    assert_told(
        &rules,
        "a mortgage of Ben",
        &["bank refuses", "'identity of Ben'", "required: valid", "found: nothing"],
    );
    assert_told(
        &rules,
        "committed and applied on three chains",
        &["lends loan 7", "lien of parcel 7: loan 7, version 1"],
    );
    assert_told(
        &rules,
        "a second mortgage of parcel 7",
        &["land registry refuses", "'lien of parcel 7'", "found: loan 7"],
    );
    let stale = chapter(&events, "A stale version");
    assert_told(
        &stale,
        "the second is stale",
        &["land registry", "'lien of parcel 8'", "expected version 0, actual version 1"],
    );
    assert_told(&stale, "the register still has", &["lien of parcel 8: loan 8, version 1"]);
    assert_told(&stale, "read again and asked again", &["RuleBroken", "found: loan 8"]);
    let lie = chapter(&events, "A lying endorser");
    assert_told(&lie, "honest nodes decline", &["weigh 0 of 3", "'lien of parcel 9'"]);
    assert_told(&lie, "one lying node of three", &["land registry has 1 of 3"]);
    assert_told(&lie, "even if all three lie", &["refused by land registry"]);
    assert_told(&lie, "committed and applied", &["lien of parcel 9: loan 9, version 1"]);
    let forged = chapter(&events, "A forged signature");
    assert_told(&forged, "the forged signature is named", &["of land registry", "certificate"]);
    assert_told(&forged, "committed and applied", &["lien of parcel 10: loan 10, version 1"]);
    let expired = chapter(&events, "An expired certificate");
    assert_told(&expired, "an endorser's expired certificate", &["tax office weigh 0 of 1", "expired"]);
    assert_told(&expired, "the requester's own expired certificate", &["expired"]);
    let killed = chapter(&events, "A killed relay");
    assert_told(&killed, "the relay is killed", &["request "]);
    assert_told(&killed, "committed and applied", &["lien of parcel 12: loan 12, version 1"]);
    assert_told(&killed, "asked once more", &["request "]);

    // Nothing that is there is overwritten.
    let again = run().unwrap();
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}
