//! A subscription as a stream of events: what each is, where it goes on, and when it ends (PROVISIONING-5).

use std::time::Duration;

use chancery_reference_points::{Code, DoorError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    callers::{Caller, key},
    harness::Harness,
    searches::page,
    wire::{Answer, Request},
};

const EVENTS: &str = "/v1/subscriptions/0xcececececececececececececececececececececececececececececececece/events";
/// Longest that a stream may take to end.
const SOON: Duration = Duration::from_secs(10);

async fn follow(harness: &Harness, caller: &Caller, request: Request) -> Answer {
    harness.send(caller.bearing(request)).await
}

/// A stream that goes on, and what of it has come.
struct Open {
    stream: TcpStream,
    text: String,
}

impl Open {
    async fn begin(harness: &Harness, caller: &Caller) -> Self {
        let mut stream = TcpStream::connect(harness.address).await.unwrap();
        let (host, token) = (harness.authority(), &caller.token);
        let head = format!(
            "GET {EVENTS} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self { stream, text: String::new() }
    }

    /// Reads until a text has come; `false`: the stream ended before.
    async fn has(&mut self, text: &str) -> bool {
        let mut bytes = [0; 4096];
        while !self.text.contains(text) {
            let count = self.stream.read(&mut bytes).await.unwrap();
            if count == 0 {
                return false;
            }
            self.text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        true
    }
}

#[tokio::test]
async fn an_operation_is_an_event_whose_id_is_where_it_goes_on() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), []).await;
    // Where nothing comes, the door says that the subscription has ended.
    let ended = follow(&harness, &caller, Request::new("GET", EVENTS)).await;
    assert_eq!((ended.status, ended.header("content-type")), (200, "text/event-stream"));
    assert_eq!((ended.header("cache-control"), ended.text().as_str()), ("no-store", "retry: 2000\n\n"));
    for (id, code) in [("7", "malformed-request"), (&*"1".repeat(257), "malformed-request")] {
        let refused = follow(&harness, &caller, Request::new("GET", EVENTS).with("last-event-id", id)).await;
        assert_eq!((refused.status, refused.problem().as_str()), (400, code));
    }
    let named = follow(&harness, &caller, Request::new("GET", EVENTS).with("last-event-id", "128.1")).await;
    assert_eq!(named.status, 200);

    harness.behind.find(page());
    let mut open = Open::begin(&harness, &caller).await;
    assert!(open.has("id: 128.1\nevent: operation\ndata: ").await, "{}", open.text);
    let first = open.text.split("\n\n").find_map(|event| event.split_once("id: 128.0\n")).unwrap().1;
    let data = first.strip_prefix("event: operation\ndata: ").unwrap();
    let told: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!((told["at"]["place"].as_u64(), told["right"].as_str()), (Some(128), Some("open")));
    harness.stop().await;
    assert!(!open.has("nothing that comes").await, "a gateway that stops ends what lasts");
    assert!(open.text.ends_with("0\r\n\r\n"), "the answer was cut, not ended");
}

// M-SER-1, M-PRIV
#[tokio::test]
async fn a_stream_ends_when_whoever_follows_may_not_ask_any_more() {
    let harness = Harness::start().await;
    harness.behind.find(page());
    let (suspended, signed_out) = (Caller::new(&harness, key(1), []).await, Caller::new(&harness, key(2), []).await);
    for (caller, is_suspended) in [(&suspended, true), (&signed_out, false)] {
        let mut open = Open::begin(&harness, caller).await;
        assert!(open.has("id: 128.1\n").await, "{}", open.text);
        if is_suspended {
            harness.behind.suspend_user(caller.address());
        } else {
            harness.send(caller.bearing(Request::new("DELETE", "/v1/session"))).await;
        }
        let ended = timeout(SOON, open.has("nothing that comes")).await;
        assert_eq!(ended, Ok(false), "{is_suspended}");
        assert!(open.text.ends_with("0\r\n\r\n"), "the answer was cut, not ended");
        // And does not begin again.
        let again = follow(&harness, caller, Request::new("GET", EVENTS)).await;
        let code = if is_suspended { "user-suspended" } else { "session-expired" };
        assert_eq!(again.problem(), code);
    }
    harness.stop().await;
}

#[tokio::test]
async fn what_may_not_be_followed_is_a_problem_before_there_is_a_stream() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(1), []).await;
    let anonymous = harness.send(Request::new("GET", EVENTS)).await;
    assert_eq!((anonymous.status, anonymous.problem().as_str()), (401, "authentication-required"));
    harness.behind.refuse("u2s.subscribed_data", DoorError::new(Code::UnknownSubscription, "none of yours"));
    let unknown = follow(&harness, &caller, Request::new("GET", EVENTS)).await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "unknown-subscription"));
    harness.stop().await;
}
