//! An alliance of the kind that `chancery alliance found` makes by itself: its members say by commands what their operations rest on, and the rules of both chains hold (A-MULTI,
//! A-CON); and they vote (A-EST).

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{
    founded::Founding,
    machine::{Service, answer, refusal},
};

/// A mortgage of a parcel, for a borrower: the bank lends it, the land registry encumbers the parcel.
fn mortgage(dir: &Path, key: &str, borrower: &str) -> String {
    let text = format!(
        "idempotency_key = \"{key}\"\nvalid_for_s = 1800\nwindow_s = 1800\n\
         [[parts]]\nmember = \"bank\"\noperation = \"lend\"\nsubject = \"{borrower}\"\nvalue = \"loan 7\"\n\
         [[parts]]\nmember = \"land registry\"\noperation = \"encumber\"\nsubject = \"parcel 7\"\nvalue = \"loan 7\"\n"
    );
    let file = dir.join(format!("{key}.toml"));
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// An alliance as `found` makes it by itself refuses every operation until its members say what that rests on; each does with a command, and then the rules of both chains hold.
pub(crate) fn ruled(dir: &Path, founding: &Founding) {
    let founded = answer(&founding.all());
    let contract = founded["contract"].as_str().unwrap();
    let member = |folder: &str| founding.path(&format!("{folder}/member.toml")).to_str().unwrap().to_owned();
    let (bank, land) = (member("bank"), member("land-registry"));
    let of = |config: &str, command: &[&str]| -> Vec<String> {
        let which = ["--config", config, "--contract", contract];
        ["alliance"].iter().chain(command).chain(&which).map(|text| (*text).to_owned()).collect()
    };
    let told =
        |config: &str, command: &[&str]| answer(&of(config, command).iter().map(String::as_str).collect::<Vec<_>>());
    let refused = |config: &str, command: &[&str]| {
        refusal(&of(config, command).iter().map(String::as_str).collect::<Vec<_>>()).0.to_string()
    };
    let rules = |operation: &str, kind: &str, value: &str, written: &str| {
        let file = dir.join(format!("{operation}.toml"));
        let text = format!(
            "[[rules]]\noperation = \"{operation}\"\nrequired_kind = \"{kind}\"\nrequired_value = \"{value}\"\nwritten_kind = \"{written}\"\n"
        );
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let relay = founding.start("relay", "relay.toml");
    let _bank = founding.start("endorser", "bank/endorser.toml");
    let _land = founding.start("endorser", "land-registry/endorser.toml");
    let requester = founding.path("bank/requester.toml");
    let requester = requester.to_str().unwrap();
    let first = mortgage(dir, "first", "Lin");
    let (undefined, _) = refusal(&["alliance", "request", &first, "--config", requester]);
    assert!(undefined.to_string().contains("OperationUnknown"), "{undefined}");
    assert_eq!(told(&bank, &["rule", "list"])["rules"], json!([]));

    let (lend, encumber) = (rules("lend", "identity", "valid", "loan"), rules("encumber", "lien", "", "lien"));
    let nothing = rules("nothing", "", "valid", "loan");
    assert!(refused(&bank, &["rule", "define", &nothing]).contains("RestsOnNothing"));
    // A key that does not own the contract: the node's.
    let stranger = founding.path("bank/stranger.toml");
    fs::write(&stranger, fs::read_to_string(&bank).unwrap().replace("authority.key", "node.key")).unwrap();
    assert!(refused(stranger.to_str().unwrap(), &["rule", "define", &lend]).contains("NotTheOwner"));
    let defined = told(&bank, &["rule", "define", &lend]);
    let rule = json!({
        "operation": "lend", "requiredKind": "identity", "requiredValue": "valid", "writtenKind": "loan", "isProven": true, "isNew": true
    });
    assert_eq!(defined["rules"], json!([rule]));
    assert_eq!(told(&bank, &["rule", "define", &lend])["rules"][0]["isNew"], false, "what stands is not sent again");
    told(&land, &["rule", "define", &encumber]);
    let listed = told(&land, &["rule", "list"]);
    assert_eq!(listed["rules"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["rules"][0]["operation"], &listed["rules"][0]["requiredValue"]),
        (&json!("encumber"), &json!(""))
    );

    let (refusal_of_bank, _) = refusal(&["alliance", "request", &first, "--config", requester]);
    assert!(refusal_of_bank.to_string().contains("RuleBroken"), "her identity is not known yet: {refusal_of_bank}");
    let identity = ["entry", "set", "--kind", "identity", "--subject", "Lin", "--value", "valid"];
    assert_eq!(told(&bank, &identity)["version"], 1);
    assert!(refused(&bank, &["entry", "set", "--entry", "identity of Lin", "--number", "1"]).contains("WithRules"));
    let proof = dir.join("first.json");
    let asked = ["alliance", "request", &first, "--config", requester, "--retry", "30", "--proof"];
    assert_eq!(answer(&[&asked[..], &[proof.to_str().unwrap()]].concat())["outcome"], "committed");
    let lien = ["entry", "show", "--kind", "lien", "--subject", "parcel 7"];
    let shown = told(&land, &lien);
    assert_eq!((&shown["text"], &shown["version"], &shown["isProven"]), (&json!("loan 7"), &json!(1), &json!(true)));

    // The parcel is encumbered: the land registry's rule refuses, and nothing is written at the bank either.
    let second = mortgage(dir, "second", "Lin");
    let (broken, _) = refusal(&["alliance", "request", &second, "--config", requester]);
    assert!(broken.to_string().contains("RuleBroken"), "{broken}");
    given_up_is_reported(&relay);
    let loan = told(&bank, &["entry", "show", "--kind", "loan", "--subject", "Lin"]);
    assert_eq!((&loan["text"], &loan["version"]), (&json!("loan 7"), &json!(1)));
    told(&land, &["rule", "withdraw", "encumber"]);
    assert!(refused(&land, &["rule", "withdraw", "encumber"]).contains("OperationUnknown"));
    assert_eq!(told(&land, &["rule", "list"])["rules"], json!([]));

    admitted_and_removed(founding, (&bank, &land), &told);
}

/// What a rule has refused has no number and is on no chain: the requester tells the relay that it is at its end, because of whom and for what sort of reason, and nothing of what it was about.
fn given_up_is_reported(relay: &Service) {
    let reports = relay.reports();
    let word = |name: &str| {
        let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("0x{digits:0<64}")
    };
    let [bank, land] = ["bank", "land registry"].map(word);
    let ended: Vec<_> = reports.iter().filter(|report| report["said"]["kind"] == "givenUp").collect();
    assert!(ended.iter().any(|report| report["said"]["member"] == bank), "her identity was not known: {reports:#?}");
    let last = ended.last().unwrap();
    assert_eq!(last["said"], json!({"kind": "givenUp", "member": land, "why": "rule"}));
    assert_eq!(last["proposal"]["parties"], json!([bank, land]));
    // The one that was committed in between was seen on its way.
    for kind in ["proposed", "handedIn"] {
        assert!(reports.iter().any(|report| report["said"]["kind"] == kind), "{kind}: {reports:#?}");
    }
    let text = Value::from(reports).to_string();
    assert!(!text.contains("RuleBroken") && !text.contains(&word("parcel 7")[2..]), "{text}");
}

/// A member declares with another weight and is admitted anew by the votes of both; then one is put out by the votes of both, and the alliance of one is none.
fn admitted_and_removed(founding: &Founding, (bank, land): (&str, &str), told: &dyn Fn(&str, &[&str]) -> Value) {
    let text = fs::read_to_string(bank).unwrap();
    fs::write(bank, text.replace("weight = 1", "weight = 3")).unwrap();
    let declared = founding.path("bank/declared.json");
    let declared = declared.to_str().unwrap();
    answer(&["alliance", "require", "--config", bank, "--out", declared]);
    for (what, is_carried_out) in [(["admit", declared], [false, true]), (["remove", "land registry"], [false, true])] {
        let voted = [bank, land].map(|config| told(config, &what)["carriedOut"].clone());
        assert_eq!(voted, is_carried_out.map(Value::from), "{what:?}");
    }
    let (late, _) = refusal(&["alliance", "leave", "--config", bank, "--contract", &contract_of(founding)]);
    assert!(late["error"].as_str().unwrap().contains("StateMismatch"), "it is dissolved: {late}");
}

fn contract_of(founding: &Founding) -> String {
    let founded: Value = serde_json::from_slice(&fs::read(founding.path("alliance.json")).unwrap()).unwrap();
    founded["contract"].as_str().unwrap().to_owned()
}
