//! Two operators release a contract together, by the command line (docs/specs/contract-release.md).

use alloy::{
    providers::{Provider as _, ProviderBuilder},
    rpc::types::TransactionRequest,
};
use alloy_primitives::{Address, Bytes, U256};
use chancery_contracts::{ContractReleases, DataFormatRegistry, predeploys};
use serde_json::{Value, json};

use super::{signed_in::SignedIn, support::*};

pub const FIRST: [&str; 2] = ["--dev-key", "0"];
pub const SECOND: [&str; 2] = ["--dev-key", "9"];

fn contract(operator: [&str; 2], arguments: &[&str]) -> Vec<String> {
    operator.iter().chain(&["contract"]).chain(arguments).map(|word| (*word).to_owned()).collect()
}

fn done(operator: [&str; 2], arguments: &[&str]) -> Value {
    let words = contract(operator, arguments);
    answer(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn refused(operator: [&str; 2], arguments: &[&str]) -> String {
    let words = contract(operator, arguments);
    refusal_code(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What a view function of a contract on the main chain answers.
async fn view<C: alloy::sol_types::SolCall>(at: Address, call: C) -> C::Return {
    let url = shared().city.chains["main"].parse().unwrap();
    let provider = ProviderBuilder::new().connect_http(url);
    let request = TransactionRequest::default().to(at).input(Bytes::from(call.abi_encode()).into());
    C::abi_decode_returns(&provider.call(request).await.unwrap()).unwrap()
}

// S-SVC, RELEASE-1..5, M-CON-1, M-CON-4: nobody alone brings a contract on its chain or calls it released.
#[tokio::test]
async fn a_contract_is_released_by_two_operators_and_withdrawn() {
    let file = chancery_testing::process::project_root().join("crates/contracts/artifacts/DataFormatRegistry.json");
    let source = chancery_testing::process::project_root().join("contracts/src/DataFormatRegistry.sol");
    let (file, source) = (file.to_str().unwrap(), source.to_str().unwrap());
    let authority = predeploys::ACCESS_MANAGER.to_string();
    let propose = ["propose", "city-formats", "1", file, "--argument", &authority, "--source", source];
    assert_eq!(refused(["--dev-key", "8"], &propose), "role-required");
    let checked = done(FIRST, &[&propose[..], &["--check"]].concat());
    assert_eq!(
        (&checked["changed"]["applied"], &checked["changed"]["recorded"]),
        (&false.into(), &Value::Array(vec![]))
    );
    let proposed = done(FIRST, &propose);
    let release = proposed["release"].as_str().unwrap();
    assert_eq!(proposed["changed"]["recorded"][0]["chain"], "main");

    let approve = ["review", release, "--approve", "--artifact", file];
    assert_eq!(refused(FIRST, &approve), "second-operator-required");
    assert_eq!(refused(FIRST, &["deploy", release]), "release-conflict");
    // A reviewer who has read another source, compiled another contract or compiled nothing signs nothing.
    let other = chancery_testing::process::project_root().join("crates/contracts/artifacts/DataBlockRegistry.json");
    let other = other.to_str().unwrap();
    let fails = |arguments: &[&str]| {
        let words = contract(SECOND, arguments);
        assert!(!chancery(&words.iter().map(String::as_str).collect::<Vec<_>>()).status.success(), "{arguments:?}");
    };
    fails(&[&approve[..], &["--source", file]].concat());
    fails(&["review", release, "--approve", "--source", source, "--artifact", other]);
    fails(&["review", release, "--approve", "--source", source]);
    done(SECOND, &[&approve[..], &["--source", source, "--reason", "read and understood"]].concat());
    done(FIRST, &["deploy", release]);
    assert_eq!(refused(FIRST, &["release", release]), "second-operator-required");
    done(SECOND, &["release", release]);

    let shown = answer(&["contract", "show", release]);
    assert_eq!(
        (&shown["contract"]["status"], &shown["steps"][1]["reason"]),
        (&"released".into(), &"read and understood".into())
    );
    let at: Address = serde_json::from_value(shown["contract"]["address"].clone()).unwrap();
    assert_eq!(view(at, DataFormatRegistry::formatCountCall {}).await, U256::ZERO);
    assert_eq!(view(at, DataFormatRegistry::authorityCall {}).await, predeploys::ACCESS_MANAGER);
    let is_released = || view(predeploys::CONTRACT_RELEASES, ContractReleases::isReleasedCall { deployed: at });
    assert!(is_released().await);

    done(FIRST, &["withdraw", release, "--reason", "replaced"]);
    assert!(!is_released().await);
    assert_eq!(refused(SECOND, &["release", release]), "release-conflict");
    let listed = answer(&["contract", "list"]);
    let found = listed["contracts"].as_array().unwrap().iter().find(|contract| contract["release"] == release).unwrap();
    assert_eq!((&found["status"], &found["name"]), (&"withdrawn".into(), &"city-formats".into()));
}

// M-CON-3: what is withdrawn is answered to nobody, until it is offered again. No other test of this city lists inspections.
#[tokio::test]
async fn a_service_is_withdrawn_and_offered_again() {
    const SERVICE: &str = "certificates.inspections";
    let inspector = SignedIn::as_development_account(7).await;
    let is_listed = || {
        let services = answer(&["service", "list"])["services"].clone();
        services.as_array().unwrap().iter().any(|service| service["name"] == SERVICE)
    };
    assert_eq!(refusal_code(&["--dev-key", "8", "service", "withdraw", SERVICE]), "role-required");
    assert_eq!(refusal_code(&["--dev-key", "0", "service", "withdraw", "unheard-of"]), "configuration-invalid");
    let checked = answer(&["--dev-key", "0", "service", "withdraw", SERVICE, "--check"]);
    assert_eq!((&checked["applied"], checked["effects"].as_array().unwrap().len()), (&false.into(), 1));
    assert!(is_listed(), "a check withdraws nothing");

    answer(&["--dev-key", "0", "service", "withdraw", SERVICE]);
    assert!(!is_listed());
    let (status, refused) = inspector.ask("GET", "/v1/inspections", None).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (404, "unknown-service"));
    answer(&["--dev-key", "9", "service", "offer", SERVICE]);
    assert!(is_listed());
    assert_eq!(inspector.ask("GET", "/v1/inspections", None).await.0, 200);
    // C-FEE: a bill asks the same service.
    let set = ["--dev-key", "0", "fee", "set", "organizations", "50", "CNY"];
    assert_eq!(refusal_code(&["--dev-key", "7", "fee", "set", "organizations", "50", "CNY"]), "role-required");
    assert_eq!(answer(&set)["effects"], json!(["inspection by organizations: 0.50 CNY instead of no price"]));
    assert_eq!(answer(&["fee", "prices"])["prices"][0]["price"], json!({"amount": 50, "currency": "CNY"}));
    let bill = answer(&["--dev-key", "8", "fee", "bill"]);
    for line in bill["lines"].as_array().unwrap() {
        // What was recorded before the price was set stays free.
        let price = line["price"]["amount"].as_u64().unwrap_or(0);
        assert_eq!(line["amount"].as_u64(), line["count"].as_u64().map(|count| count * price), "{line}");
    }
    for line in bill["checks"].as_array().unwrap() {
        assert!(line["count"].as_u64() > Some(0) && line["bytes"].as_u64() > Some(0), "{line}");
        assert_eq!(line["amount"], 0, "for checks no price is set: {line}");
    }
    answer(&["--dev-key", "0", "fee", "remove", "organizations"]);
    assert_eq!(answer(&["fee", "prices"])["prices"], json!([]));
    a_service_is_narrowed_by_two_operators_and_opened_again(SERVICE).await;
}

/// What is refused because it needs two operators, proposed by the first and approved by the second; the name of the change.
pub fn agreed(by: [&str; 2], and: [&str; 2], command: &[&str]) -> String {
    let refused = chancery(&[&by[..], command].concat());
    let problem: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!((&problem["code"], &problem["kind"]), (&"approval-required".into(), &"access".into()), "{problem}");
    let file = shared().data.path().join(format!("{}.json", problem["changeHash"].as_str().unwrap()));
    std::fs::write(&file, &refused.stderr).unwrap();
    let proposed = answer(&[&by[..], &["change", "propose", file.to_str().unwrap()]].concat());
    let change = proposed["change"].as_str().unwrap().to_owned();
    let own = refusal_code(&[&by[..], &["change", "approve", &change]].concat());
    assert_eq!(own, "second-operator-required");
    answer(&[&and[..], &["change", "approve", &change]].concat());
    change
}

// M-CON-3, M-CON-4, ACCESS-1, ACCESS-3, CHANGE-1..5
async fn a_service_is_narrowed_by_two_operators_and_opened_again(service: &str) {
    let supervisor = SignedIn::as_development_account(8).await;
    let inspector = SignedIn::as_development_account(7).await;
    let set = ["service", "access", "set", service, "--deny", "role:supervisor"];
    let checked = answer(&[&FIRST[..], &set, &["--check"]].concat());
    let effects = checked["effects"].to_string();
    assert!(effects.contains("role supervisor may not ask") && effects.contains("second operator"), "{effects}");
    let widened = ["service", "access", "set", service, "--allow", "role:citizen"];
    assert_eq!(refusal_code(&[&FIRST[..], &widened].concat()), "configuration-invalid");
    let locked = ["service", "access", "set", "certificates.query", "--deny", "anybody"];
    assert_eq!(refusal_code(&[&FIRST[..], &locked].concat()), "operators-locked-out");
    assert_eq!(supervisor.ask("GET", "/v1/inspections", None).await.0, 200);

    let change = agreed(FIRST, SECOND, &set);
    let (status, refused) = supervisor.ask("GET", "/v1/inspections", None).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (403, "role-required"));
    assert_eq!(inspector.ask("GET", "/v1/inspections", None).await.0, 200);
    let shown = answer(&[&FIRST[..], &["change", "show", &change]].concat());
    assert_eq!(shown["proposal"]["status"], "applied");
    assert_eq!(refusal_code(&[&SECOND[..], &["change", "apply", &change]].concat()), "change-conflict");

    agreed(SECOND, FIRST, &["service", "access", "set", service]);
    assert_eq!(supervisor.ask("GET", "/v1/inspections", None).await.0, 200);
    let access = answer(&[&FIRST[..], &["service", "access", "show", service]].concat());
    assert_eq!((&access["versions"][0]["version"], &access["versions"][1]["version"]), (&2.into(), &1.into()));
    let restored = answer(&[&FIRST[..], &["service", "access", "restore", service, "1", "--check"]].concat());
    assert!(restored["effects"].to_string().contains("role supervisor may not ask"), "{restored}");
}

// S-APP, S-SVC: what the portal shows of a real city.
#[tokio::test]
async fn a_city_counts_what_it_did_and_says_who_runs_it() {
    let supervisor = SignedIn::as_development_account(8).await;
    let report = answer(&["--dev-key", "8", "report"]);
    assert_eq!((&report["unreachable"], &report["cut"]), (&json!([]), &json!([])), "{report}");
    assert_eq!(refusal_code(&["--dev-key", "7", "report"]), "role-required");
    let (status, chains) = supervisor.ask("GET", "/v1/chains", None).await;
    assert_eq!(status, 200);
    for chain in chains["chains"].as_array().unwrap() {
        let consensus = &chain["consensus"];
        assert!(!consensus["peers"].as_array().unwrap().is_empty(), "{chain}");
        assert_eq!(consensus["peers"][0]["connected"], true, "{chain}");
    }
}
