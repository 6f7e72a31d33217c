//! What supervisors are told of what happened: all of it, once, page by page (M-MON-2).

use chancery_reference_points::{
    Role,
    right::Right,
    v2m::{EventFilter, Happening, History, HistoryEntry, Verification},
};
use serde_json::json;

use crate::{
    callers::{Caller, key},
    harness::Harness,
    requests::{NAMED, fill},
    wire::Request,
};

fn entry(number: usize, time_ms: u64) -> HistoryEntry {
    HistoryEntry {
        time_ms,
        happening: Happening::Submitted,
        name: format!("entry {number}"),
        by: None,
        subject: String::new(),
        recorded: None,
        revision: None,
        facts: String::new(),
        right: None,
        verified: None,
    }
}

/// The names on all pages of a few rows.
async fn paged(harness: &Harness, supervisor: &Caller, rows: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut target = format!("/v1/events?limit={rows}");
    for _page in 0..100 {
        let page = harness.send(supervisor.bearing(Request::new("GET", &target))).await.json();
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { return names };
        target = format!("/v1/events?limit={rows}&cursor={cursor}");
    }
    panic!("the pages do not end");
}

#[tokio::test]
async fn every_event_is_on_one_page_also_when_several_share_a_millisecond() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x41), [Role::Supervisor]).await;
    let times_ms = [90, 80, 80, 80, 70, 60, 60, 50, 50, 50, 40, 30, 20, 20, 10];
    let entries: Vec<_> = times_ms.into_iter().enumerate().map(|(number, time_ms)| entry(number, time_ms)).collect();
    let all: Vec<_> = entries.iter().map(|entry| entry.name.clone()).collect();
    harness.behind.happen(entries);
    for rows in 1..=16 {
        assert_eq!(paged(&harness, &supervisor, rows).await, all, "{rows} rows a page");
    }
    harness.stop().await;
}

// M-MON-2: all events of a block share its time.
#[tokio::test]
async fn a_block_of_more_events_than_a_page_holds_is_told_to_its_end() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x44), [Role::Supervisor]).await;
    let times_ms = std::iter::once(90).chain([80; 45]).chain([70, 70, 60]);
    let entries: Vec<_> = times_ms.enumerate().map(|(number, time_ms)| entry(number, time_ms)).collect();
    let all: Vec<_> = entries.iter().map(|entry| entry.name.clone()).collect();
    harness.behind.happen(entries.clone());
    for rows in [1, 7, 20, 44, 45, 46] {
        assert_eq!(paged(&harness, &supervisor, rows).await, all, "{rows} rows a page");
    }
    // A page later, another chain has a block of the same time: nothing of the first one is left out or told twice.
    let first = harness.send(supervisor.bearing(Request::new("GET", "/v1/events?limit=20"))).await.json();
    harness.behind.happen([vec![entry(100, 80)], entries].concat());
    let target = format!("/v1/events?limit=20&cursor={}", first["nextCursor"].as_str().unwrap());
    let second = harness.send(supervisor.bearing(Request::new("GET", &target))).await.json();
    assert_eq!(second["items"][0]["name"], "entry 20");
    // What earlier versions said of where a page ended.
    let old = harness.send(supervisor.bearing(Request::new("GET", "/v1/events?cursor=80"))).await.json();
    assert_eq!(old["items"][0]["name"], "entry 46");
    let far = supervisor.bearing(Request::new("GET", "/v1/events?cursor=80-10000000-0123456789abcdef"));
    assert_eq!(harness.send(far).await.status, 200, "what is too far is the door's to refuse");
    harness.stop().await;
}

#[tokio::test]
async fn a_supervisor_is_told_of_what_it_asks_for() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x42), [Role::Supervisor]).await;
    let range = "from=2026-11-21T00:00:00Z&to=2026-11-21T01:00:00Z";
    let query = format!("/v1/events?{range}&type=inspected&subject=0x12&limit=7");
    let (from_ms, to_ms) = (1_795_219_200_000, 1_795_222_800_000);
    for (cursor, until_ms, told) in [
        ("", to_ms, 0),
        ("&cursor=1795220000000", 1_795_220_000_000, 0),
        ("&cursor=1795230000000", to_ms, 0),
        ("&cursor=1795220000000-3-0123456789abcdef", 1_795_220_000_001, 3),
        // Those that were told are of another millisecond than the last one that is asked for.
        ("&cursor=1795230000000-3-0123456789abcdef", to_ms, 0),
    ] {
        let request = Request::new("GET", &format!("{query}{cursor}"));
        assert_eq!(harness.send(supervisor.bearing(request)).await.status, 200);
        let [asked] = harness.behind.take_asked_events().try_into().unwrap();
        let expected = EventFilter {
            from_ms: Some(from_ms),
            to_ms: Some(until_ms),
            happenings: vec![Happening::Inspected],
            subject: Some("0x12".into()),
            limit: Some(7),
            told,
        };
        assert_eq!(json!(asked), json!(expected), "{cursor}");
    }
    harness.stop().await;
}

// M-MON-3, M-MON-4: what does not verify is not told as if it did.
#[tokio::test]
async fn a_history_tells_what_does_not_verify_and_what_is_out_of_order() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x43), [Role::Supervisor]).await;
    let verified = [
        (Some(Verification::Verified), json!({"result": "verified"})),
        (
            Some(Verification::Unproven { missing: "finality".into() }),
            json!({"result": "unproven", "missing": "finality"}),
        ),
        (Some(Verification::Failed { check: "inclusion".into() }), json!({"result": "failed", "check": "inclusion"})),
    ];
    let entries = verified.iter().map(|(verified, _)| HistoryEntry { verified: verified.clone(), ..entry(0, 1) });
    harness.behind.remember(History { entries: entries.collect(), in_order: false, findings: vec!["a gap".into()] });
    let request = Request::new("GET", &fill("/v1/certificates/{id}/history", NAMED));
    let told = harness.send(supervisor.bearing(request)).await.json();
    assert_eq!((&told["inOrder"], &told["findings"]), (&json!(false), &json!(["a gap"])));
    let found: Vec<_> = told["entries"].as_array().unwrap().iter().map(|entry| entry["verified"].clone()).collect();
    assert_eq!(found, verified.map(|(_, expected)| expected));
    harness.stop().await;
}

// M-MON-2
#[tokio::test]
async fn a_supervisor_is_told_by_which_right_something_was_read() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x41), [Role::Supervisor]).await;
    let read = |number, right| HistoryEntry { happening: Happening::Accessed, right, ..entry(number, 9) };
    let rights = [Some(Right::SameOrganization), Some(Right::Open), None];
    harness.behind.happen((0..).zip(rights).map(|(number, right)| read(number, right)).collect());
    let page = harness.send(supervisor.bearing(Request::new("GET", "/v1/events"))).await.json();
    let told: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["right"].clone()).collect();
    assert_eq!(told, [json!("sameOrganization"), json!("open"), serde_json::Value::Null]);
    harness.stop().await;
}

// M-MON-1, M-MON-4: whoever audits says what: the journal, what is kept of a chain, or the mailboxes; and nothing that fits only another of them.
#[tokio::test]
async fn an_audit_is_of_the_journal_of_a_chain_or_of_the_mailboxes() {
    let harness = Harness::start().await;
    let supervisor = Caller::new(&harness, key(0x44), [Role::Supervisor]).await;
    harness.behind.take_calls();
    for (query, call, from) in [
        ("?from=7&operations=9", "v2m.audit_data", 7),
        ("?chain=degree&from=5", "v2m.audit_chain", 5),
        ("?mailboxes=true&from=3", "messages.audit", 3),
    ] {
        let request = Request::new("GET", &format!("/v1/data/audit{query}"));
        let report = harness.send(supervisor.bearing(request)).await.json();
        assert_eq!((&report["from"], &report["difference"]), (&json!(from), &serde_json::Value::Null), "{query}");
        assert!(harness.behind.take_calls().contains(&call.to_owned()), "{query}");
    }
    for (query, member) in [
        ("?chain=degree&mailboxes=true", "mailboxes"),
        ("?chain=degree&operations=5", "operations"),
        ("?mailboxes=true&operations=5", "operations"),
    ] {
        let request = Request::new("GET", &format!("/v1/data/audit{query}"));
        let refused = harness.send(supervisor.bearing(request)).await;
        assert_eq!((refused.status, &refused.json()["member"]), (400, &json!(member)), "{query}");
    }
    harness.stop().await;
}
