//! The live view of an alliance: pages, one request, and the stream of changes (A-MULTI).

use std::time::Duration;

use chancery_gateway::limits::MAX_FOLLOWERS_PER_CLIENT;
use chancery_reference_points::{Code, DoorError};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::yield_now,
    time::timeout,
};

use crate::{
    doors::Trouble,
    harness::Harness,
    wire::{Answer, Request},
};

const EVENTS: &str = "/v1/alliance/events";
/// Longest that a place may take to be free again.
const SOON: Duration = Duration::from_secs(10);

async fn get(harness: &Harness, path: &str) -> Answer {
    harness.send(Request::new("GET", path)).await
}

// A-MULTI
#[tokio::test]
async fn a_change_is_an_event_with_its_id_and_whoever_comes_back_names_it() {
    let harness = Harness::start().await;
    let answer = get(&harness, EVENTS).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = answer.text();
    let parts: Vec<_> = text.split("\n\n").collect();
    assert_eq!(parts[0], "retry: 2000");
    let lines: Vec<_> = parts[1].lines().collect();
    assert_eq!((lines[0], lines[1]), ("id: 1", "event: request"));
    let told: serde_json::Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(told, get(&harness, "/v1/alliance/requests/7").await.json());
    // What has no number yet is told by another name: nobody takes it for what a chain has.
    let lines: Vec<_> = parts[2].lines().collect();
    assert_eq!((lines[0], lines[1]), ("id: 2", "event: proposal"));
    let told: serde_json::Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(told, get(&harness, "/v1/alliance/proposals?limit=1").await.json()["items"][0]);
    assert_eq!((&told["state"], told.get("number")), (&json!("under-way"), None));
    assert_eq!(told["reports"][1]["reporter"], "endorser");
    // Nothing came after that one, and the door refuses to watch further.
    let again = harness.send(Request::new("GET", EVENTS).with("last-event-id", "2")).await;
    assert_eq!((again.status, again.text().as_str()), (200, "retry: 2000\n\n"));
    let long = "1".repeat(257);
    let refused = harness.send(Request::new("GET", EVENTS).with("last-event-id", &long)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (400, "malformed-request"));
    harness.stop().await;
}

// GATEWAY-6
#[tokio::test]
async fn a_client_follows_so_often_and_a_gateway_that_stops_waits_for_none_of_them() {
    let harness = Harness::start().await;
    harness.behind.trouble("alliance.changes", Trouble::NeverAnswers);
    let mut open = Vec::new();
    for _ in 0..MAX_FOLLOWERS_PER_CLIENT {
        let mut stream = TcpStream::connect(harness.address).await.unwrap();
        let head = format!("GET {EVENTS} HTTP/1.1\r\nhost: {}\r\n\r\n", harness.authority());
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        open.push(stream);
    }
    let one_more = || harness.send_from_here(Request::new("GET", EVENTS));
    let refused = one_more().await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too-many-requests"));
    // A place is given back with the end of its stream.
    drop(open.pop());
    harness.behind.refuse("alliance.changes", DoorError::new(Code::ChainUnreachable, ""));
    let free = async {
        while one_more().await.status != 200 {
            yield_now().await;
        }
    };
    timeout(SOON, free).await.expect("a place is free again");
    harness.stop().await;
    for mut stream in open {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.ends_with(b"0\r\n\r\n"), "the answer was cut, not ended");
    }
}

#[tokio::test]
async fn a_request_that_is_not_kept_and_an_alliance_that_is_not_read_are_told_apart() {
    let harness = Harness::start().await;
    harness.behind.refuse("alliance.request", DoorError::new(Code::UnknownAllianceRequest, "number 7"));
    harness.behind.refuse("alliance.alliance", DoorError::new(Code::ChainUnreachable, "").with("chain", "alliance"));
    let missing = get(&harness, "/v1/alliance/requests/7").await;
    assert_eq!((missing.status, missing.problem().as_str()), (404, "unknown-alliance-request"));
    let silent = get(&harness, "/v1/alliance").await;
    assert_eq!((silent.status, silent.problem().as_str()), (503, "chain-unreachable"));
    assert_eq!(silent.json()["chain"], json!("alliance"));
    // Said before the stream, so that whoever follows knows why there is none.
    let unfollowed = get(&harness, EVENTS).await;
    assert_eq!((unfollowed.status, unfollowed.problem().as_str()), (503, "chain-unreachable"));
    harness.stop().await;
}

#[tokio::test]
async fn a_gateway_without_an_alliance_says_so_at_each_of_its_doors() {
    let harness = Harness::without_alliance().await;
    for path in ["/v1/alliance", "/v1/alliance/requests", "/v1/alliance/requests/7", "/v1/alliance/proposals", EVENTS] {
        let answer = get(&harness, path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "no-alliance"), "{path}");
    }
    harness.stop().await;
}
