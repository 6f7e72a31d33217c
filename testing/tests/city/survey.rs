//! Everything that leaves a city: what its chains answer over RPC, what the gateway answers to anybody, its logs and its files.

use std::{collections::BTreeSet, path::Path};

use reqwest::Client;
use serde_json::{Value, json};

use crate::guesses::Guesses;

/// Public resources that a city of this test has none of, streams that do not end, and pages of documentation.
const NOT_ASKED: [&str; 11] = [
    "/v1/alliance/events",
    "/v1/alliance/requests/{number}",
    "/v1/contracts/{chain}/{release}",
    "/v1/resources/{resource}",
    "/v1/resources/{resource}/requests/{request}",
    "/v1/resources/{resource}/trace",
    "/v1/submissions/{place}/{digest}",
    "/v1/submissions/{place}/{digest}/operations/{index}",
    "/v1/session",
    "/v1/session/nonce",
    "/problems/{name}",
];

/// Looks through what it is shown.
pub struct Survey<'a> {
    /// What nobody may find.
    pub secret: &'a Guesses,
    /// What is public: where it is found, the search looks where it should.
    pub public: &'a Guesses,
    /// Where which secret was found.
    pub leaks: BTreeSet<String>,
    /// Where what is public was found.
    pub seen: BTreeSet<String>,
    pub bytes: usize,
}

impl<'a> Survey<'a> {
    pub fn new(secret: &'a Guesses, public: &'a Guesses) -> Self {
        Self { secret, public, leaks: BTreeSet::new(), seen: BTreeSet::new(), bytes: 0 }
    }

    /// `source` names the kind of place, `place` the one of this text.
    pub fn look(&mut self, source: &str, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(what) = self.secret.found_in(bytes) {
            self.leaks.insert(format!("{what} is in {source}, {place}"));
        }
        if !self.seen.contains(source) && self.public.found_in(bytes).is_some() {
            self.seen.insert(source.to_owned());
        }
    }

    /// All blocks with transactions, receipts, logs and what every transaction wrote, and what the node tells of itself.
    pub async fn chain(&mut self, name: &str, url: &str) {
        let client = Client::builder().no_proxy().build().unwrap();
        let head = call(&client, url, "eth_blockNumber", json!([])).await;
        let head = u64::from_str_radix(head.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        for (method, params) in [
            ("chancery_genesis", json!([])),
            ("chancery_status", json!([])),
            ("chancery_validators", json!([])),
            ("txpool_content", json!([])),
        ] {
            let answer = call(&client, url, method, params).await;
            self.look(&format!("{method} of {name}"), "its answer", answer.to_string().as_bytes());
        }
        for number in 0..=head {
            let block = call(&client, url, "eth_getBlockByNumber", json!([format!("{number:#x}"), true])).await;
            let is_empty = block["transactions"].as_array().unwrap().is_empty();
            self.look(&format!("blocks of {name}"), &number.to_string(), block.to_string().as_bytes());
            let at = json!(format!("{number:#x}"));
            let mut questions = vec![("debug_getRawBlock", json!([at]))];
            if number > 0 {
                questions.push(("chancery_getFinality", json!([at])));
            }
            if !is_empty {
                questions.push(("eth_getBlockReceipts", json!([at])));
                questions.push(("eth_getLogs", json!([{ "fromBlock": at, "toBlock": at }])));
                // What stands in the state afterwards, of every account and slot that was written.
                let written = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
                questions.push(("debug_traceBlockByNumber", json!([at, written])));
            }
            for (method, params) in questions {
                let answer = call(&client, url, method, params).await;
                self.look(&format!("{method} of {name}"), &number.to_string(), answer.to_string().as_bytes());
            }
        }
    }

    /// Every resource that the gateway's own document says is public, with what stands in its path.
    pub async fn gateway(&mut self, gateway: &str, paths: &[(&str, String)]) {
        let client = Client::builder().no_proxy().build().unwrap();
        let document: Value = client.get(format!("{gateway}/openapi.json")).send().await.unwrap().json().await.unwrap();
        let mut asked = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let is_public = operations["get"]["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
            if !is_public || NOT_ASKED.contains(&path.as_str()) {
                continue;
            }
            let filled = paths.iter().fold(path.clone(), |filled, (name, value)| filled.replace(name, value));
            assert!(!filled.contains('{'), "{path} is public and is not asked here");
            let response = client.get(format!("{gateway}{filled}")).send().await.unwrap();
            assert!(filled == *path || response.status().is_success(), "{filled}: {}", response.status());
            let head = format!("{} {:?}", response.status(), response.headers());
            let body = response.bytes().await.unwrap();
            self.look("the gateway", &filled, head.as_bytes());
            self.look("the gateway", &filled, &body);
            asked += 1;
        }
        assert!(asked >= 12, "only {asked} public resources were asked");
    }

    /// Every file below a folder.
    pub fn files(&mut self, source: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                self.files(source, &entry.path());
            } else if kind.is_file() {
                self.look(source, &entry.path().display().to_string(), &std::fs::read(entry.path()).unwrap());
            }
        }
    }
}

async fn call(client: &Client, url: &str, method: &str, params: Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut answer: Value = client.post(url).json(&request).send().await.unwrap().json().await.unwrap();
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].take()
}
