//! A city that watches by itself: somebody changes what is kept while it stands still, and a receiver of alerts hears of it, signed.

use std::{fs, path::Path, sync::Arc, time::Duration};

use alloy_primitives::FixedBytes;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chancery_ingest::{
    journal::{self, Entry, Journal},
    reading::{JournalEntry, entries_of},
};
use chancery_primitives::{
    OperationType, UnixSeconds,
    data_block::{DataBlockTree, Leaf},
};
use chancery_testing::{
    ingest::{CHAIN_ID, Source, now_ms, run},
    process::{City, CityOptions},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

/// The longest wait for a message: many times what a loaded machine needs.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// What a receiver is sent: the headers of the signature, and the body.
struct Sent {
    id: String,
    time: String,
    signature: String,
    body: Bytes,
}

impl Sent {
    /// The message, if the secret signed it and it is of now.
    fn verified(&self, secret: &str) -> Value {
        let signed = [self.id.as_bytes(), b".", self.time.as_bytes(), b".", &self.body].concat();
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(self.signature, format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &signed))));
        assert!(self.time.parse::<u64>().unwrap().abs_diff(now_ms() / 1000) < MAX_WAIT.as_secs());
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// RFC 2104, written here a second time: a receiver has its own.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|known| known ^ byte);
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), inner.as_slice()].concat()).into()
}

async fn take(State(sender): State<Arc<mpsc::UnboundedSender<Sent>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (id, time, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    sender.send(Sent { id, time, signature, body }).ok();
    StatusCode::NO_CONTENT
}

/// The next message of a kind.
async fn told(sent: &mut mpsc::UnboundedReceiver<Sent>, secret: &str, kind: &str, check: &str) -> Value {
    loop {
        let message = tokio::time::timeout(MAX_WAIT, sent.recv()).await.expect(check).unwrap().verified(secret);
        let is_check = message["difference"]["check"] == check;
        if message["type"] == kind && (is_check || check.is_empty()) {
            return message;
        }
    }
}

type Entries = Vec<(u8, Vec<u8>)>;

/// Writes the journal of a city that stands still anew, as it becomes by a change of its groups: checksums, places and what is derived from it are right.
fn rewrite(data: &Path, change: impl FnOnce(&mut Vec<Entries>)) {
    let folder = data.join("source-data/main");
    let (kept, made) = (folder.join("journal"), folder.join("journal-made"));
    let first = journal::first_position(&kept).unwrap().unwrap();
    let mut groups: Vec<Entries> =
        journal::read_from(&kept, first).unwrap().map(|group| group.unwrap().entries).collect();
    change(&mut groups);
    let mut journal = Journal::open(&made, CHAIN_ID, 0).unwrap();
    for group in groups {
        let entries: Vec<Entry<'_>> = group.iter().map(|(kind, body)| Entry { kind: *kind, body }).collect();
        journal.append(&entries).unwrap();
    }
    drop(journal);
    fs::remove_dir_all(&kept).unwrap();
    fs::rename(&made, &kept).unwrap();
    for derived in ["index", "search"] {
        fs::remove_dir_all(folder.join(derived)).ok();
    }
}

/// Changes one digit in the last operation.
fn change_a_byte(groups: &mut [Entries]) {
    let word = b"\"temp_max\":";
    for (_, body) in groups.iter_mut().flatten().rev() {
        if let Some(at) = body.windows(word.len()).rposition(|window| window == word) {
            let digit = &mut body[at + word.len()];
            *digit = if *digit == b'1' { b'2' } else { b'1' };
            return;
        }
    }
    panic!("no operation is in the journal");
}

/// Takes the last submission away, and writes bounds and root of its data block anew, as somebody would who runs the gateway.
fn forget_the_last_submission(groups: &mut [Entries], read: &[Vec<JournalEntry>]) {
    let (at, place) = read
        .iter()
        .enumerate()
        .flat_map(|(group, entries)| entries.iter().enumerate().map(move |(entry, read)| ((group, entry), read)))
        .filter_map(|(at, read)| match read {
            JournalEntry::Submission(submission) => Some((at, submission.place)),
            _ => None,
        })
        .next_back()
        .unwrap();
    groups[at.0].remove(at.1);
    let bounds = |read: &JournalEntry| match read {
        JournalEntry::Closed { first, last, .. } if *last == place => Some(*first),
        _ => None,
    };
    let first = read.iter().flatten().find_map(bounds).expect("its block is closed");
    assert!(first < place, "the block has another submission");
    let leaves: Vec<Leaf> = read
        .iter()
        .flatten()
        .filter_map(|read| match read {
            JournalEntry::Submission(kept) if (first..place).contains(&kept.place) => Some(Leaf {
                operation_digest: kept.digest,
                source: kept.source,
                operation_type: OperationType::DataSubmission,
                content_hash: kept.content_hash,
                time: UnixSeconds(kept.time_s),
            }),
            _ => None,
        })
        .collect();
    let root = DataBlockTree::new(&leaves).unwrap().root().0;
    let mut rewritten = 0;
    for (_, body) in groups.iter_mut().flatten() {
        let Ok(mut value) = serde_json::from_slice::<Value>(body) else { continue };
        if value["first"] != json!(first) {
            continue;
        }
        if value.get("count").is_some() {
            (value["last"], value["count"]) = (json!(place - 1), json!(leaves.len()));
        } else {
            value["root"] = json!(root);
        }
        *body = serde_json::to_vec(&value).unwrap();
        rewritten += 1;
    }
    assert_eq!(rewritten, 2, "its bounds, and where it is recorded");
}

/// What the journal of a city that stands still has, by group.
fn read(data: &Path) -> Vec<Vec<JournalEntry>> {
    let kept = data.join("source-data/main/journal");
    let first = journal::first_position(&kept).unwrap().unwrap();
    let groups = journal::read_from(&kept, first).unwrap();
    groups.map(|group| entries_of(&group.unwrap()).map(|(_, entry)| entry.unwrap()).collect()).collect()
}

/// Submits two operations of their own signatures in one data block, and waits until that is final.
async fn submit_two(gateway: &str, source: &Source) {
    let line = |temp_max: u32, key: u8| {
        let operation = json!({"time": now_ms(), "content": {"station": "w", "temp_max": temp_max}}).to_string();
        source.line(&[operation], FixedBytes::repeat_byte(key)).unwrap()
    };
    let lines = [line(11, 0xa1), line(12, 0xa2)];
    let body = format!("[{}]", lines.map(|line| line.trim().to_owned()).join(","));
    let client = reqwest::Client::new();
    let post = client.post(format!("{gateway}/v1/submissions")).header("content-type", "application/json").body(body);
    let outcomes: Value = post.send().await.unwrap().json().await.unwrap();
    let receipt = outcomes.as_array().unwrap().last().unwrap()["receipt"].clone();
    let (place, digest) = (&receipt["place"], receipt["digest"].as_str().unwrap_or_else(|| panic!("{outcomes}")));
    let state = format!("{gateway}/v1/submissions/{place}/{digest}");
    let final_by = tokio::time::Instant::now() + MAX_WAIT;
    while reqwest::get(&state).await.unwrap().json::<Value>().await.unwrap()["dataBlock"].is_null() {
        assert!(tokio::time::Instant::now() < final_by, "its data block does not become final");
        tokio::task::yield_now().await;
    }
}

// M-MON-4, M-SER-4, WATCH-1, WATCH-2, WATCH-7, WATCH-8
#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_while_the_city_stands_still_is_told_to_whoever_wants_to_know() {
    let (sender, mut sent) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let hook = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take)).with_state(Arc::new(sender));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("city");
    let options = CityOptions::founded(&data).unwrap();
    let city = City::start(&options).unwrap();
    let source = Source::register(folder.path(), &city.gateway).unwrap();
    // Its registration has a data block of its own, so that the next is of two submissions.
    let recorded_by = tokio::time::Instant::now() + MAX_WAIT;
    while run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap()["compared"] != 1 {
        assert!(tokio::time::Instant::now() < recorded_by, "the registration's data block does not become final");
    }
    let operator = |arguments: &[&str]| run(&city.gateway, &[&["--dev-key", "0", "alert"], arguments].concat());
    let refusal = operator(&["receivers", "add", &hook]).unwrap_err().to_string();
    assert!(refusal.contains("allowPrivate"), "{refusal}");
    let added = operator(&["receivers", "add", &hook, "--allow-private"]).unwrap();
    let (id, secret) = (added["receiver"]["id"].as_str().unwrap(), added["secret"].as_str().unwrap().to_owned());
    // Who is told is recorded, in a data block before the next one.
    submit_two(&city.gateway, &source).await;
    let tested = operator(&["test", id, "--note", "hello"]).unwrap();
    assert_eq!((&tested["delivered"], &tested["status"]), (&json!(true), &json!(204)));
    assert_eq!(told(&mut sent, &secret, "alert.test", "").await["note"], "hello");
    let listed = operator(&["receivers", "list"]).unwrap();
    assert!(listed["receivers"][0]["id"] == id && !listed.to_string().contains("whsec_"), "{listed}");
    let audited = run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap();
    assert_eq!((&audited["difference"], &audited["complete"]), (&Value::Null, &json!(true)), "{audited}");
    assert!(audited["compared"].as_u64().unwrap() >= 2 && audited["compared"] == audited["blocks"], "{audited}");
    city.stop().unwrap();

    // A byte, with every checksum made right again.
    let genuine = folder.path().join("genuine");
    let journal = data.join("source-data/main/journal");
    assert!(std::process::Command::new("cp").arg("-a").arg(&journal).arg(&genuine).status().unwrap().success());
    rewrite(&data, |groups| change_a_byte(groups));
    let city = City::start(&options).unwrap();
    let alert = told(&mut sent, &secret, "alert.raised", "operations-root").await;
    assert_eq!((&alert["rule"], &alert["severity"]), (&json!("data-difference"), &json!("critical")), "{alert}");
    assert!(alert["difference"]["file"].as_str().unwrap().ends_with(".journal"), "{alert}");
    let status = run(&city.gateway, &["--dev-key", "8", "audit", "--status"]);
    assert!(status.is_err(), "a difference is a failure: {status:?}");
    city.stop().unwrap();

    // As it was: over. Then without the last submission, consistent in itself.
    fs::remove_dir_all(&journal).unwrap();
    fs::rename(&genuine, &journal).unwrap();
    rewrite(&data, |_| {});
    let city = City::start(&options).unwrap();
    let over = told(&mut sent, &secret, "alert.resolved", "operations-root").await;
    assert_eq!(over["alert"], alert["alert"]);
    let status = run(&city.gateway, &["--dev-key", "8", "audit", "--status"]).unwrap();
    assert!(status["audit"]["completedBlocks"].as_u64().unwrap() >= 2 && status["alerts"] == json!([]), "{status}");
    city.stop().unwrap();

    let before = read(&data);
    rewrite(&data, |groups| forget_the_last_submission(groups, &before));
    let city = City::start(&options).unwrap();
    let alert = told(&mut sent, &secret, "alert.raised", "chain-root").await;
    let detail = alert["difference"]["detail"].as_str().unwrap();
    assert!(detail.contains("data block from place") && detail.contains("root 0x"), "{detail}");
    let refusal = run(&city.gateway, &["--dev-key", "8", "audit"]).unwrap_err().to_string();
    assert!(refusal.contains("audit"), "{refusal}");
    city.stop().unwrap();
}
