//! Bad input of every kind, to every endpoint and RPC method of a city that has something to lose: each request is refused by name, nothing is written, and what
//! it said of a person is neither in the log nor in what the city keeps.

use std::{
    sync::LazyLock,
    time::{Duration, UNIX_EPOCH},
};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::Encodable2718 as _,
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use chancery_client::rest::erc8128::{
    KeyId, RequestParts, SignatureInput, content_digest, signature_base, signature_header,
};
use chancery_rpc::{INTERNAL_ERROR, method_names};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    held::{Own, issuing},
    signed_in::{SignedIn, exchange, patient_exchange, sign_in_request},
    support::subject,
    unknown::{self, Known},
    written::Written,
};

const MAIN_CHAIN: u64 = 7100;
/// What the requests say of people who are in no sample, so that it is found wherever it is kept.
const PERSONAL: [&str; 4] =
    ["Ouyang-Recognised", "recognised-person.example.org", "110101199003078899", "tel-86-555-0142-7781"];
/// A body is announced with so many bytes: more than the gateway takes (`MAX_BODY_BYTES` is 1 MiB), and than a node takes (16 MiB).
const TOO_MANY_BYTES: [u64; 2] = [1024 * 1024 + 1, 16 * 1024 * 1024 + 1];
/// One for all of the many requests: it is what costs most to make. Each has a connection of its own, since a refusal may end one.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap());
/// What whoever has proven an address may do without a role.
const OF_ANYBODY_SIGNED_IN: [(&str, &str); 2] = [("POST", "/v1/subscriptions"), ("DELETE", "/v1/session")];

/// An endpoint, as the interface's document has it.
struct Endpoint {
    method: String,
    template: String,
    /// Whether it answers who does not say who asks.
    is_open: bool,
    /// The example of its body; null where it reads none.
    body: Value,
}

impl Endpoint {
    async fn all(gateway: &str) -> Vec<Self> {
        let (_, interface) = exchange(CLIENT.get(format!("{gateway}/openapi.json"))).await;
        let mut found = Vec::new();
        for (template, methods) in interface["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let ways = operation["security"].as_array().unwrap();
                found.push(Self {
                    method: method.to_uppercase(),
                    template: template.clone(),
                    is_open: ways.contains(&json!({})),
                    body: operation["requestBody"]["content"]["application/json"]["example"].clone(),
                });
            }
        }
        assert!(found.len() > 100, "only {} endpoints", found.len());
        found
    }

    fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// Its path, with this wherever it has a parameter.
    fn path(&self, value: &str) -> String {
        let part = |part: &str| if part.starts_with('{') { value.to_owned() } else { part.to_owned() };
        self.template.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// Its path with parameters that read, and name nothing that there is.
    fn right_path(&self) -> String {
        let (hash, address) = (format!("0x{}", "ce".repeat(32)), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
        let part = |part: &str| match part {
            "{address}" | "{source}" => address.to_owned(),
            "{block}" | "{number}" | "{place}" | "{index}" | "{request}" => "4000000000".to_owned(),
            "{chain}" => "main".to_owned(),
            "{id}" if !self.template.starts_with("/v1/certificates") => "0193489c7d2c7c539b1b0c9a6a5f1d20".to_owned(),
            "{subject}" => "organization:NOBODY".to_owned(),
            "{id}" | "{tx_hash}" | "{digest}" | "{message}" | "{release}" | "{change}" | "{subscription}" => {
                hash.clone()
            }
            part if part.starts_with('{') => "nobodys".to_owned(),
            part => part.to_owned(),
        };
        self.template.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    fn request(&self, gateway: &str, path: &str) -> reqwest::RequestBuilder {
        CLIENT.request(self.method.parse::<Method>().unwrap(), format!("{gateway}{path}"))
    }
}

/// Whoever asks, one after the other, until it is not the role that is missing.
async fn refused_to(people: &[&SignedIn], request: impl Fn(&SignedIn) -> reqwest::RequestBuilder, what: &str) {
    let mut last = (0, Value::Null);
    for who in people {
        last = patient_exchange(request(who).bearer_auth(&who.token).header("x-from", PERSONAL[1])).await;
        if last.1["code"] != "role-required" {
            break;
        }
    }
    assert_refused(&last, what);
}

/// A problem with its code and what to do, and none that says that something broke.
fn assert_refused((status, answer): &(u16, Value), what: &str) {
    assert!((400..500).contains(status), "{what}: {status} {answer}");
    assert!(answer["code"].is_string() && answer["remedy"].is_string(), "{what}: {answer}");
}

/// No JSON, JSON with what the interface does not know, and paths and queries that do not read; everywhere with what is a person's.
async fn malformed(gateway: &str, endpoints: &[Endpoint], people: &[&SignedIn]) {
    let [name, mail, number, telephone] = PERSONAL;
    for endpoint in endpoints {
        let what = format!("{} {}", endpoint.method, endpoint.template);
        let (path, query) = (endpoint.right_path(), format!("?{mail}={name}"));
        if !endpoint.body.is_null() {
            let unknown = json!({"person": {"name": name, "documentNumber": number}, mail: telephone}).to_string();
            for body in [unknown[..unknown.len() - 2].to_owned(), unknown] {
                let request = |_: &SignedIn| {
                    let request = endpoint.request(gateway, &format!("{path}{query}"));
                    request.header("content-type", "application/json").body(body.clone())
                };
                refused_to(people, request, &what).await;
            }
        }
        if endpoint.template.contains('{') {
            let paths = [endpoint.path("%ff"), endpoint.path(name) + &query];
            // What is changed by a path alone is not tried with one that reads.
            for path in &paths[..if endpoint.writes() { 1 } else { 2 }] {
                refused_to(people, |_| endpoint.request(gateway, path), &what).await;
            }
        }
    }
}

/// A body that is announced as larger than it may be; nothing of it is sent. The answer as far as these words.
async fn announced(url: &str, method: &str, path: &str, token: &str, (bytes, until): (u64, &str)) -> String {
    let authority = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"
    );
    loop {
        let mut stream = TcpStream::connect(authority).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut answer, mut piece) = (String::new(), vec![0; 4096]);
        while !answer.contains(until) {
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "{method} {path}: the connection ends after {answer:?}");
            answer.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
        if !answer.starts_with("HTTP/1.1 429") {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn oversized(city: &Own, endpoints: &[Endpoint], operator: &SignedIn) {
    let (gateway, token) = (&city.city.gateway, &operator.token);
    for endpoint in endpoints {
        let (method, path) = (&endpoint.method, endpoint.right_path());
        let answer = announced(gateway, method, &path, token, (TOO_MANY_BYTES[0], "\"remedy\"")).await;
        let is_limited = answer.contains("body-too-large") && answer.contains("1048576");
        assert!(is_limited || answer.contains("role-required"), "{method} {path}: {answer}");
    }
    for url in city.city.chains.values() {
        let answer = announced(url, "POST", "/", token, (TOO_MANY_BYTES[1], "\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}

/// Without saying who asks, and as somebody who has no role.
async fn unsigned_and_without_a_role(gateway: &str, endpoints: &[Endpoint], stranger: &SignedIn) {
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.is_open) {
        let what = format!("{} {}", endpoint.method, endpoint.template);
        let request = || {
            let request = endpoint.request(gateway, &endpoint.right_path());
            if endpoint.body.is_null() { request } else { request.json(&endpoint.body) }
        };
        let (status, answer) = patient_exchange(request()).await;
        assert_eq!((status, &answer["code"]), (401, &json!("authentication-required")), "{what}: {answer}");
        let is_anybodys = OF_ANYBODY_SIGNED_IN.contains(&(endpoint.method.as_str(), endpoint.template.as_str()));
        if endpoint.writes() && !is_anybodys {
            assert_refused(&patient_exchange(request().bearer_auth(&stranger.token)).await, &what);
        }
    }
}

/// A request as ERC-8128 has it, signed for a chain.
fn signed(endpoint: &Endpoint, gateway: &str, chain_id: u64, signer: &PrivateKeySigner) -> reqwest::RequestBuilder {
    let (path, now) = (endpoint.right_path(), UNIX_EPOCH.elapsed().unwrap().as_secs());
    let body = if endpoint.body.is_null() { Vec::new() } else { endpoint.body.to_string().into_bytes() };
    let digest = (!body.is_empty()).then(|| content_digest(&body));
    let nonce = hex::encode(alloy_primitives::B256::random());
    let key_id = KeyId { chain_id, address: signer.address() };
    let input = SignatureInput::new(key_id, now, now + 60, &nonce, digest.is_some()).unwrap();
    let parts = RequestParts {
        method: &endpoint.method,
        authority: gateway.strip_prefix("http://").unwrap(),
        https: false,
        path: &path,
        query: None,
        content_digest: digest.as_deref(),
        content_type: None,
        idempotency_key: None,
    };
    let signature = signer.sign_message_sync(signature_base(&parts, &input).unwrap().as_bytes()).unwrap();
    let request = endpoint
        .request(gateway, &path)
        .header("signature-input", input.header())
        .header("signature", signature_header(&signature.as_bytes()));
    match digest {
        Some(digest) => request.header("content-digest", digest).header("content-type", "application/json").body(body),
        None => request,
    }
}

/// Signed for another chain, and the same signed request twice.
async fn for_another_chain_and_replayed(gateway: &str, endpoints: &[Endpoint], stranger: &PrivateKeySigner) {
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.is_open) {
        let what = format!("{} {}", endpoint.method, endpoint.template);
        let (status, answer) = patient_exchange(signed(endpoint, gateway, MAIN_CHAIN + 1, stranger)).await;
        assert_eq!((status, &answer["code"]), (400, &json!("wrong-chain")), "{what}: {answer}");
        let is_anybodys = OF_ANYBODY_SIGNED_IN.contains(&(endpoint.method.as_str(), endpoint.template.as_str()));
        if endpoint.writes() && !is_anybodys {
            let request = signed(endpoint, gateway, MAIN_CHAIN, stranger);
            assert_refused(&patient_exchange(request.try_clone().unwrap()).await, &what);
            let (status, answer) = patient_exchange(request).await;
            assert_eq!((status, &answer["code"]), (401, &json!("request-replayed")), "{what}: {answer}");
        }
    }
}

/// A message by which somebody has signed in signs nobody in a second time.
async fn a_sign_in_that_was_used(gateway: &str) {
    let request = sign_in_request(gateway, MAIN_CHAIN, &PrivateKeySigner::random()).await;
    let (status, session) = patient_exchange(request.try_clone().unwrap()).await;
    assert_eq!(status, 201, "{session}");
    let (status, answer) = patient_exchange(request).await;
    assert_eq!((status, &answer["code"]), (401, &json!("request-replayed")), "{answer}");
}

/// Every method with what it does not take, and transactions that no node takes.
async fn rpc_methods(city: &Own, recorded: &Value) {
    let call = async |url: &str, method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = CLIENT.post(url).json(&request).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let code = |answer: &Value| answer["error"]["code"].as_i64();
    let main = &city.city.chains["main"];
    for method in method_names() {
        for params in [json!([PERSONAL[0], PERSONAL[2], 7]), json!({PERSONAL[1]: PERSONAL[3]}), json!(PERSONAL[0])] {
            let answer = call(main, method, params).await;
            // Some ask for nothing, and look at nothing.
            assert_ne!(code(&answer), Some(INTERNAL_ERROR.into()), "{method}: {answer}");
            assert!(answer["error"].is_object() != answer.get("result").is_some(), "{method}: {answer}");
        }
    }
    let chain = &city.city.chains["business-licence"];
    let again = call(chain, "eth_getRawTransactionByHash", json!([recorded])).await["result"].clone();
    assert!(again.as_str().is_some_and(|raw| raw.len() > 100), "{again}");
    let stranger = PrivateKeySigner::random();
    let other_chain = transfer(&stranger, MAIN_CHAIN + 77);
    for (what, raw) in [
        ("replayed", again.clone()),
        ("cut off", json!(&again.as_str().unwrap()[..90])),
        ("for another chain", other_chain),
        ("no transaction", json!("0x02c0")),
        ("empty", json!("0x")),
        ("no bytes", json!(PERSONAL[0])),
    ] {
        let answer = call(chain, "eth_sendRawTransaction", json!([raw])).await;
        let refused = code(&answer).is_some_and(|code| code != i64::from(INTERNAL_ERROR));
        assert!(refused && answer["error"]["message"].is_string(), "{what}: {answer}");
    }
    let waits = call(chain, "txpool_contentFrom", json!([stranger.address()])).await["result"].clone();
    assert_eq!(waits, json!({"pending": {}, "queued": {}}));
}

/// A transfer of nothing, signed for a chain.
fn transfer(by: &PrivateKeySigner, chain_id: u64) -> Value {
    let transaction = TxEip1559 { chain_id, gas_limit: 21_000, to: by.address().into(), ..TxEip1559::default() };
    let signature = by.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    json!(format!("0x{}", hex::encode(envelope.encoded_2718())))
}

// Bad input: malformed, oversized, unsigned, replayed, wrong-chain, wrong-role and unknown-address requests on every endpoint and RPC method; GATEWAY-4, GATEWAY-5, M-PRIV
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_writes_nothing_and_names_nobody() {
    let log = ("city.log", "info,chancery=debug,chancery_gateway=debug,chancery_identity=debug,chancery_rpc=debug");
    let city = Own::start_logging(Some(log));
    let (_, holder) = city.citizen("known");
    let document = subject("business-licence");
    let issued = city.answer(&issuing("business-licence", "4", "SAMPLE-MARKET-REGULATION", &holder, &document));
    let gateway = &city.city.gateway;
    let endpoints = Endpoint::all(gateway).await;
    let mut people = Vec::new();
    // Operator, registrar, issuer, inspector, supervisor.
    for account in [0, 6, 4, 7, 8] {
        people.push(SignedIn::development_account_at(gateway, account).await);
    }
    let people: Vec<&SignedIn> = people.iter().collect();
    let (operator, stranger) = (people[0], PrivateKeySigner::random());
    let source = unknown::source_at(gateway, |arguments| city.answer(arguments)).await;
    let signed_in = SignedIn::at(gateway, PrivateKeySigner::random()).await;

    let before = Written::settled(&city, operator).await;
    let nothing_since = async |walk: &str| {
        let after = Written::now(&city, operator).await;
        let changed = before.changed(&after, &city).await;
        assert!(changed.is_empty(), "{walk} requests have written: {changed:#?}");
        for word in PERSONAL {
            let kept = before.new_entries(&after).iter().find(|entry| entry.contains(word));
            assert!(kept.is_none(), "{walk} requests have named a person: {kept:?}");
        }
    };
    unknown::walk(gateway, &Known { holder, issued: issued.clone() }, &source, stranger.address()).await;
    nothing_since("unknown-address").await;
    malformed(gateway, &endpoints, &people).await;
    nothing_since("malformed").await;
    oversized(&city, &endpoints, operator).await;
    nothing_since("oversized").await;
    unsigned_and_without_a_role(gateway, &endpoints, &signed_in).await;
    nothing_since("unsigned and wrong-role").await;
    for_another_chain_and_replayed(gateway, &endpoints, &stranger).await;
    a_sign_in_that_was_used(gateway).await;
    nothing_since("wrong-chain and replayed").await;
    rpc_methods(&city, &issued["txHash"]).await;
    nothing_since("RPC").await;

    let Own { city, data } = city;
    city.stop().unwrap();
    let logged = std::fs::read_to_string(data.path().join(log.0)).unwrap().to_lowercase();
    assert!(logged.lines().count() > endpoints.len(), "the city logs what it is asked");
    for word in PERSONAL {
        let line = logged.lines().find(|line| line.contains(&word.to_lowercase()));
        assert!(line.is_none(), "the log names a person: {line:?}");
    }
}
