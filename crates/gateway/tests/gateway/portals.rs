//! What the portal shows: counts of a period, who runs the chains, and services with whoever may ask for them.

use chancery_reference_points::Role;
use serde_json::json;

use crate::{
    callers::{Caller, holder, key},
    harness::Harness,
    wire::Request,
};

async fn supervisor(harness: &Harness) -> Caller {
    Caller::new(harness, key(0x78), [Role::Supervisor]).await
}

// S-APP
#[tokio::test]
async fn a_report_joins_what_the_services_count_and_names_its_days() {
    let harness = Harness::start().await;
    let caller = supervisor(&harness).await;
    let target = "/v1/reports/activity?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    let answer = harness.send(caller.bearing(Request::new("GET", target))).await;
    let report = answer.json();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!((&report["from"], &report["to"]), (&json!("2026-11-01T00:00:00Z"), &json!("2026-12-01T00:00:00Z")));
    assert_eq!(
        report["certificates"],
        json!([{"day": "2026-11-21", "kind": "degree", "change": "issued", "count": 12}])
    );
    assert_eq!(report["standing"], json!([{"kind": "degree", "standing": "not-yet-valid", "count": 480}]));
    assert_eq!(report["inspections"], json!([{"day": "2026-11-22", "kind": "degree", "outcome": "valid", "count": 7}]));
    let inspector = json!({"inspector": holder().address(), "organization": "11440300007542689X", "count": 31});
    assert_eq!(report["inspectors"], json!([inspector]));
    let sharing = json!([{"day": "2026-11-21", "resource": "weather-daily", "event": "granted", "count": 2}]);
    assert_eq!((&report["resources"], &report["sharing"]), (&json!(3), &sharing));
    assert_eq!((&report["cut"], &report["unreachable"]), (&json!(["weather-daily"]), &json!(["marriage"])));
    harness.stop().await;
}

// S-APP, bad input: periods that are none reach no door
#[tokio::test]
async fn a_period_that_is_none_is_refused() {
    let harness = Harness::start().await;
    let caller = supervisor(&harness).await;
    harness.behind.take_calls();
    for query in [
        "?from=2026-12-01T00:00:00Z&to=2026-11-01T00:00:00Z",
        "?from=2024-11-01T00:00:00Z&to=2026-11-01T00:00:00Z",
        "?from=yesterday",
    ] {
        let answer = harness.send(caller.bearing(Request::new("GET", &format!("/v1/reports/activity{query}")))).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"), "{query}");
    }
    assert_eq!(harness.behind.take_calls(), Vec::<String>::new());
    harness.stop().await;
}

// S-SVC
#[tokio::test]
async fn a_chain_tells_who_runs_it_and_who_of_them_is_behind() {
    let harness = Harness::start().await;
    let answer = harness.send(Request::new("GET", "/v1/chains")).await.json();
    let of = |name: &str| {
        let chains = answer["chains"].as_array().unwrap();
        chains.iter().find(|chain| chain["name"] == name).unwrap()["consensus"].clone()
    };
    let degree = of("degree");
    assert_eq!((&degree["finalHeight"], &degree["waitingTransactions"]), (&json!(128), &json!(5)));
    assert_eq!((&degree["findings"], &degree["sick"]), (&json!(["silent"]), &json!(false)));
    let peers = degree["peers"].as_array().unwrap();
    assert_eq!((&peers[0]["connected"], &peers[0]["blocksBehind"]), (&json!(true), &json!(2)));
    assert_eq!((&peers[1]["organization"], &peers[1]["connected"]), (&json!("city 2"), &json!(false)));
    // No node of it runs here, so that nothing is known.
    assert!(of("archive").is_null());
    harness.stop().await;
}

// S-SVC, M-CON-3
#[tokio::test]
async fn services_say_who_may_ask_and_what_is_withdrawn() {
    let harness = Harness::start().await;
    let answer = harness.send(Request::new("GET", "/v1/services")).await.json();
    let described = |name: &str, roles: &[&str]| json!({"name": name, "description": "What it does.", "roles": roles});
    assert_eq!(answer["services"], json!([described("certificates.query", &[])]));
    assert_eq!(answer["withdrawn"], json!([described("certificates.activity", &["operator"])]));
    harness.stop().await;
}
