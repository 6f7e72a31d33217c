//! What does not exist is told by its name, wherever an address, a code, a hash or a chain that nobody has can be asked for.

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use chancery_data::{
    Algorithm, Signer,
    source::{SourceStatement, TYP},
};
use chancery_testing::ingest::now_ms;
use serde_json::{Value, json};

use super::{
    signed_in::{SignedIn, exchange},
    support::*,
};

/// What is named in paths and is not there.
const NO_HASH: &str = "0xcececececececececececececececececececececececececececececececece";
const NO_IDENTIFIER: &str = "0193489c7d2c7c539b1b0c9a6a5f1d20";

/// The certificate of somebody who is known, so that all but one part of its place is right.
pub struct Known {
    pub holder: String,
    /// As `certificate send` answered.
    pub issued: Value,
}

/// A request for what nobody has, and how it is refused.
struct Case<'a> {
    asking: &'a SignedIn,
    method: &'static str,
    path: String,
    body: Option<Value>,
    status: u16,
    code: &'static str,
}

impl Case<'_> {
    /// Whether it is of the endpoint with this method and path template.
    fn is_of(&self, method: &str, template: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let (parts, of_template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
        let fits = |(part, of_template): (&&str, &&str)| of_template.starts_with('{') || part == of_template;
        self.method == method && parts.len() == of_template.len() && parts.iter().zip(&of_template).all(fits)
    }
}

/// A statement by which a new key would take the place of the present one of a source, approved by a third.
fn rotation(of: Address) -> Value {
    let (new, other) = (signer(), signer());
    let statement =
        SourceStatement::Rotate { chain_id: 7100, source: of, jwk: new.public_key().to_jwk(), time: now_ms() };
    let signed = |by: &Signer| by.sign(&statement, TYP).unwrap().text().to_owned();
    json!({"statement": signed(&new), "approval": signed(&other)})
}

fn signer() -> Signer {
    let secret = PrivateKeySigner::random().to_bytes();
    Signer::from_bytes(Algorithm::EdDsa, &secret.0).unwrap()
}

/// Endpoints whose paths name what a request makes, or about which it has to be signed: what is wrong with those, their own tests say.
const NOT_ASKED: [(&str, &str); 7] = [
    ("POST", "/v1/certificates/{id}/status"),
    ("POST", "/v1/chains/{chain}/consents"),
    ("POST", "/v1/contracts/{chain}/{release}/status"),
    ("POST", "/v1/messages/{message}/acknowledgement"),
    ("POST", "/v1/resources/{resource}/accesses"),
    ("PUT", "/v1/formats/{format}"),
    ("PUT", "/v1/services/{service}/access"),
];

/// Asks for everything that nobody has; no endpoint whose path names something can be left out. `source` has the right to submit.
pub async fn walk(gateway: &str, known: &Known, source: &SignedIn, stranger: Address) {
    let (operator, registrar) =
        (SignedIn::development_account_at(gateway, 0).await, SignedIn::development_account_at(gateway, 6).await);
    let (issuer, supervisor) =
        (SignedIn::development_account_at(gateway, 4).await, SignedIn::development_account_at(gateway, 8).await);
    let (_, interface) = exchange(reqwest::Client::new().get(format!("{gateway}/openapi.json"))).await;
    let cases: Vec<_> = people(&registrar, &operator, known, stranger)
        .into_iter()
        .chain(organizations_and_sources(&operator, stranger))
        .chain(certificates(&registrar, &issuer, &supervisor, known, stranger))
        .chain(others(&operator))
        .chain(with_bodies(&operator, &interface))
        .chain(submitted(source))
        .collect();
    for Case { asking, method, path, body, status, code } in &cases {
        let (found, answer) = asking.ask(method, path, body.as_ref()).await;
        let told = answer["code"].as_str().unwrap_or_default();
        assert_eq!((found, told), (*status, *code), "{method} {path}: {answer}");
        assert!(!answer["remedy"].as_str().unwrap_or_default().is_empty(), "{answer}");
    }
    for (template, methods) in interface["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| template.contains('{')) {
            let method = method.to_uppercase();
            let is_asked = cases.iter().any(|case| case.is_of(&method, template));
            let is_left_out = NOT_ASKED.contains(&(method.as_str(), template.as_str()));
            assert!(is_asked != is_left_out, "{method} {template} is not walked, or need not be left out");
        }
    }
    // Who has inspected nothing is nobody that a list could not find.
    let (status, inspections) = supervisor.ask("GET", &format!("/v1/inspections?inspector={stranger}"), None).await;
    assert_eq!((status, &inspections["items"]), (200, &json!([])), "{inspections}");
}

fn people<'a>(
    registrar: &'a SignedIn,
    operator: &'a SignedIn,
    known: &Known,
    stranger: Address,
) -> impl IntoIterator<Item = Case<'a>> {
    let case = |asking, method, path, body| Case { asking, method, path, body, status: 404, code: "unknown-address" };
    let (block, transaction) = (&known.issued["blockNumber"], known.issued["txHash"].as_str().unwrap());
    let standing = format!("/v1/users/{stranger}/standing");
    let mut of_stranger = case(registrar, "GET", format!("/v1/certificates/{stranger}/{block}/{transaction}"), None);
    of_stranger.code = "unknown-transaction";
    [
        case(registrar, "GET", format!("/v1/users/{stranger}"), None),
        case(registrar, "GET", format!("/v1/users/{stranger}/public-key"), None),
        case(registrar, "POST", format!("/v1/users/{stranger}/confirmation"), Some(json!({"decision": "confirm"}))),
        // ACCOUNT-4
        case(operator, "PUT", format!("{standing}?check=true"), Some(json!({"suspended": true}))),
        case(operator, "PUT", standing.clone(), Some(json!({"suspended": true}))),
        case(operator, "PUT", standing, Some(json!({"suspended": false}))),
        of_stranger,
    ]
}

fn organizations_and_sources(operator: &SignedIn, stranger: Address) -> impl IntoIterator<Item = Case<'_>> {
    let case = |method, path, body, code| Case { asking: operator, method, path, body, status: 404, code };
    let (nobody, source) = ("/v1/organizations/NOBODY", format!("/v1/sources/{stranger}"));
    let key_of_university = format!("/v1/organizations/SAMPLE-UNIVERSITY/keys/{stranger}");
    // The organization is there, and has no such key: what is asked for cannot be applied.
    let of_known = |path| Case { status: 400, ..case("DELETE", path, None, "configuration-invalid") };
    let standing = Some(json!({"suspended": true}));
    let right = Some(json!({"address": stranger.to_string(), "right": "degree"}));
    let quota = || Some(json!({"operationsPerDay": 10}));
    let price = Some(json!({"price": {"amount": 50, "currency": "CNY"}}));
    [
        case("GET", nobody.to_owned(), None, "unknown-organization"),
        case("PUT", format!("{nobody}/standing"), standing, "unknown-organization"),
        case("POST", format!("{nobody}/keys"), right, "unknown-organization"),
        case("DELETE", format!("{nobody}/keys/{stranger}"), None, "unknown-organization"),
        case("DELETE", format!("{nobody}/keys/{stranger}?reason=compromised"), None, "unknown-organization"),
        of_known(key_of_university.clone()),
        of_known(format!("{key_of_university}?reason=compromised")),
        case("PUT", "/v1/quotas/organization:NOBODY".to_owned(), quota(), "unknown-organization"),
        case("PUT", format!("/v1/quotas/source:{stranger}"), quota(), "unknown-source"),
        case("DELETE", format!("/v1/quotas/source:{stranger}"), None, "unknown-source"),
        case("PUT", "/v1/fees/prices/organization:NOBODY".to_owned(), price, "unknown-organization"),
        case("GET", source.clone(), None, "unknown-source"),
        case("POST", format!("{source}/keys"), Some(rotation(stranger)), "unknown-source"),
        case("DELETE", format!("{source}?check=true"), None, "unknown-source"),
        case("DELETE", source.clone(), None, "unknown-source"),
        case("DELETE", format!("{source}/withdrawal"), None, "unknown-source"),
    ]
}

fn certificates<'a>(
    registrar: &'a SignedIn,
    issuer: &'a SignedIn,
    supervisor: &'a SignedIn,
    known: &Known,
    stranger: Address,
) -> impl IntoIterator<Item = Case<'a>> {
    let get = |asking, path, code| Case { asking, method: "GET", path, body: None, status: 404, code };
    let (holder, block) = (&known.holder, &known.issued["blockNumber"]);
    let reject = Some(json!({"decision": "reject", "reason": "nobody has applied"}));
    let decision = format!("/v1/applications/{NO_IDENTIFIER}/decision");
    [
        get(registrar, format!("/v1/certificates/{holder}/{block}/{NO_HASH}"), "unknown-transaction"),
        get(registrar, format!("/v1/certificates/{NO_HASH}"), "unknown-certificate"),
        get(registrar, format!("/v1/certificates/{NO_HASH}/staple"), "unknown-certificate"),
        get(supervisor, format!("/v1/certificates/{NO_HASH}/history"), "unknown-certificate"),
        get(supervisor, format!("/v1/certificates/{NO_HASH}/trace"), "unknown-certificate"),
        get(registrar, format!("/v1/chains/nowhere/holders/{stranger}"), "unknown-chain"),
        Case { method: "POST", body: reject, ..get(issuer, decision, "unknown-application") },
    ]
}

fn others(operator: &SignedIn) -> impl IntoIterator<Item = Case<'_>> {
    let case = |method, path: &str, code| {
        let path = path.replace("{hash}", NO_HASH);
        Case { asking: operator, method, path, body: None, status: 404, code }
    };
    // What is wrong with a kind is the request: certificates of it are asked for nowhere.
    let of_kind = |path| Case { status: 400, ..case("GET", path, "unknown-kind") };
    [
        case("GET", "/problems/nothing", "unknown-route"),
        of_kind("/v1/kinds/fishing"),
        of_kind("/v1/kinds/fishing/conditions"),
        case("GET", "/v1/formats/reading%2Fof-nobody", "unknown-format"),
        case("GET", "/v1/services/nothing/access", "unknown-service"),
        case("GET", "/v1/contracts/nowhere/{hash}", "unknown-chain"),
        case("GET", "/v1/contracts/main/{hash}", "unknown-contract"),
        case("GET", "/v1/changes/{hash}", "unknown-change"),
        case("GET", "/v1/submissions/4000000000/{hash}", "unknown-submission"),
        case("GET", "/v1/submissions/4000000000/{hash}/operations/0", "unknown-submission"),
        case("DELETE", "/v1/subscriptions/{hash}", "unknown-subscription"),
        case("GET", "/v1/subscriptions/{hash}/operations", "unknown-subscription"),
        case("GET", "/v1/subscriptions/{hash}/events", "unknown-subscription"),
        case("GET", "/v1/resources/nobodys", "unknown-resource"),
        case("GET", "/v1/resources/nobodys/readers", "unknown-resource"),
        case("GET", "/v1/resources/nobodys/trace", "unknown-resource"),
        case("GET", "/v1/resources/nobodys/requests/1", "unknown-resource"),
        case("GET", "/v1/alliance/requests/7", "no-alliance"),
        case("GET", "/v1/presentations/AAAAAAAAAAAAAAAAAAAAAA", "presentation-expired"),
        case("GET", "/v1/deliveries/{hash}/proof", "unknown-message"),
        case("DELETE", "/v1/alerts/receivers/receiver-1a1fb2c3d40-1", "unknown-receiver"),
    ]
}

/// What is asked with a body; where it does not matter, with the one of the interface's document.
fn with_bodies<'a>(operator: &'a SignedIn, interface: &Value) -> impl IntoIterator<Item = Case<'a>> {
    let example = |method: &str, template: &str| {
        let operation = &interface["paths"][template][method];
        Some(operation["requestBody"]["content"]["application/json"]["example"].clone())
    };
    let case = |method, path: &str, body, status, code| {
        let path = path.replace("{hash}", NO_HASH);
        Case { asking: operator, method, path, body, status, code }
    };
    let receiver = "/v1/alerts/receivers/receiver-1a1fb2c3d40-1/tests";
    let test = example("post", "/v1/alerts/receivers/{receiver}/tests");
    let decision = example("post", "/v1/changes/{change}/status");
    let description = example("put", "/v1/resources/{resource}/description");
    let (no_rule, withdrawn) = (Some(json!({"requires": []})), Some(json!({"offered": false})));
    [
        case("POST", receiver, test, 404, "unknown-receiver"),
        case("POST", "/v1/changes/{hash}/status", decision, 404, "unknown-change"),
        case("PUT", "/v1/resources/nobodys/description", description, 404, "unknown-resource"),
        case("PUT", "/v1/kinds/fishing/conditions", no_rule, 400, "unknown-kind"),
        case("PUT", "/v1/services/nothing", withdrawn, 400, "configuration-invalid"),
    ]
}

fn submitted(source: &SignedIn) -> impl IntoIterator<Item = Case<'_>> {
    let get = |path: &str, code| {
        let path = path.replace("{hash}", NO_HASH);
        Case { asking: source, method: "GET", path, body: None, status: 404, code }
    };
    [
        get("/v1/operations/{hash}", "unknown-operation"),
        get("/v1/messages/{hash}", "unknown-message"),
        get("/v1/messages/{hash}/proof", "unknown-message"),
    ]
}

/// Whoever may submit for an organization.
pub async fn source_at(gateway: &str, authorize: impl FnOnce(&[&str]) -> Value) -> SignedIn {
    let signer = PrivateKeySigner::random();
    let address = signer.address().to_string();
    let right = ["--dev-key", "0", "organization", "authorize-key", "SAMPLE-HEALTH-OFFICE", &address];
    authorize(&[&right[..], &["--right", "submission"]].concat());
    SignedIn::at(gateway, signer).await
}

// C-API-1, C-API-4, C-API-5, bad input: unknown addresses
#[tokio::test]
async fn an_address_that_nobody_has_is_unknown_wherever_it_is_named() {
    let (_, holder) = tokio::task::spawn_blocking(|| citizen("known")).await.unwrap();
    let issued = send("business-licence", "4", "SAMPLE-MARKET-REGULATION", &holder);
    let stranger = PrivateKeySigner::random().address();
    let gateway = &shared().city.gateway;
    let source = source_at(gateway, answer).await;
    walk(gateway, &Known { holder, issued }, &source, stranger).await;
    let holder = stranger.to_string();
    let refused = refusal_code(&[
        "--dev-key",
        "4",
        "certificate",
        "send",
        "--kind",
        "business-licence",
        "--holder",
        &holder,
        "--organization",
        "SAMPLE-MARKET-REGULATION",
        "--subject",
        subject("business-licence").to_str().unwrap(),
    ]);
    assert_eq!(refused, "unknown-address");
}
