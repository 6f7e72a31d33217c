//! What the portal shows: counts of a period, who runs the chains, and services with whoever may ask for them.

use chancery_reference_points::{
    Role,
    o2c::Change,
    price::{Price, PriceSetting},
};
use chancery_rest::values::Timestamp;
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
    let inspector =
        json!({"inspector": holder().address().to_string(), "organization": "11440300007542689X", "count": 31});
    assert_eq!(report["inspectors"], json!([inspector]));
    let sharing = json!([{"day": "2026-11-21", "resource": "weather-daily", "event": "granted", "count": 2}]);
    assert_eq!((&report["resources"], &report["sharing"]), (&json!(3), &sharing));
    assert_eq!((&report["cut"], &report["unreachable"]), (&json!(["weather-daily"]), &json!(["marriage"])));
    // The directory is counted answer by answer, to its end.
    let aliases = json!([{"resource": "weather", "of": "weather-daily"}]);
    assert_eq!((&report["restricted"], &report["aliases"]), (&json!(["rivers", "wells"]), &aliases));
    assert_eq!(report["more"], json!(false));
    harness.stop().await;
}

// S-APP, M-PRIV
#[tokio::test]
async fn open_data_are_told_as_json_and_as_csv_without_what_is_not_for_everybody() {
    let harness = Harness::start().await;
    let caller = supervisor(&harness).await;
    let target = "/v1/reports/open-data?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    let answer = harness.send(caller.bearing(Request::new("GET", target))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let open = answer.json();
    let rows = open["rows"].as_array().unwrap();
    let issued =
        json!({"day": "2026-11-21", "topic": "certificates", "name": "degree", "event": "issued", "count": 12});
    assert!(rows.contains(&issued), "{open}");
    assert!(!answer.text().contains(&holder().address().to_string()), "no inspector, no source");
    assert_eq!(open["whole"], json!(false), "a chain did not answer");
    let answer = harness.send(caller.bearing(Request::new("GET", &format!("{target}&as=csv")))).await;
    let text = answer.text();
    assert_eq!(text.lines().count(), rows.len() + 1);
    assert!(text.starts_with("day,topic,name,event,count\r\n"), "{text}");
    assert!(text.contains("\"2026-11-21\",\"certificates\",\"degree\",\"issued\",12\r\n"), "{text}");
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

fn price(subject: &str, amount: Option<u64>, at: &str) -> PriceSetting {
    let at: Timestamp = at.parse().unwrap();
    PriceSetting {
        subject: subject.parse().unwrap(),
        price: amount.map(|amount| Price::of_inspections(amount, "CNY")),
        by: holder().address(),
        at_ms: at.unix_milliseconds(),
    }
}

// C-FEE
#[tokio::test]
async fn a_bill_charges_each_inspection_by_the_price_of_its_time() {
    let harness = Harness::start().await;
    harness.behind.price(vec![
        price("organizations", Some(50), "2026-10-01T00:00:00Z"),
        price("organization:PUBLIC", Some(0), "2026-10-01T00:00:00Z"),
        price("organizations", Some(70), "2026-11-11T00:00:00Z"),
    ]);
    let caller = supervisor(&harness).await;
    harness.behind.take_requests();
    let target = "/v1/fees/bills?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    let answer = harness.send(caller.bearing(Request::new("GET", target))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bill = answer.json();
    // Whoever stands behind answers the same for either part of the month: 31 inspections of one, 4 of the other.
    let lines: Vec<_> = bill["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["from"].as_str().unwrap(), line["count"].as_u64().unwrap(), line["amount"].as_u64().unwrap()))
        .collect();
    let (first, second) = ("2026-11-01T00:00:00Z", "2026-11-11T00:00:00Z");
    assert_eq!(lines, [(first, 31, 31 * 50), (first, 4, 0), (second, 31, 31 * 70), (second, 4, 0)]);
    assert_eq!((&bill["count"], &bill["totals"]), (&json!(70), &json!([{"currency": "CNY", "amount": 31 * 120}])));
    let asked = harness.behind.take_requests();
    let of = |service: &'static str| asked.iter().filter(move |one| one.service == service);
    let times: Vec<_> =
        of("certificates.inspections").map(|one| (&one.parameters["fromMs"], &one.parameters["toMs"])).collect();
    assert_eq!(times.len(), 2);
    assert_eq!(times[0].1, times[1].0, "no moment is counted twice or left out");
    let of_checks: Vec<_> =
        of("fees.charges").map(|one| (&one.parameters["fromMs"], &one.parameters["toMs"])).collect();
    assert_eq!(of_checks, times, "checks by machine are counted for the same parts");
    assert_eq!((&bill["checks"][0]["count"], &bill["checks"][0]["amount"]), (&json!(3), &json!(0)), "{bill}");
    harness.stop().await;
}

// C-FEE, C-AUTO: checks by machine are charged each, by their traffic, or both, as the price of their time says.
#[tokio::test]
async fn a_bill_charges_checks_by_machine_and_their_traffic() {
    let harness = Harness::start().await;
    let of = |subject: &str, check_amount, mebibyte_amount, time: &str| {
        let set = price(subject, Some(0), time);
        let price = set.price.clone().map(|price| Price { check_amount, mebibyte_amount, ..price });
        PriceSetting { price, ..set }
    };
    harness.behind.price(vec![
        of("organizations", 7, 0, "2026-10-01T00:00:00Z"),
        of("organization:BANK", 7, 100, "2026-11-11T00:00:00Z"),
    ]);
    let caller = supervisor(&harness).await;
    let target = "/v1/fees/bills?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    let bill = harness.send(caller.bearing(Request::new("GET", target))).await.json();
    let checks = bill["checks"].as_array().unwrap();
    let amounts: Vec<_> = checks.iter().map(|line| (&line["bytes"], line["amount"].as_u64().unwrap())).collect();
    assert_eq!(amounts, [(&json!(1 << 20), 21), (&json!(1 << 20), 121)]);
    assert_eq!(checks[1]["price"], json!({"amount": 0, "currency": "CNY", "checkAmount": 7, "mebibyteAmount": 100}));
    assert_eq!(bill["totals"], json!([{"currency": "CNY", "amount": 142}]));
    harness.stop().await;
}

// C-FEE: without a price nothing is owed, and an inspector is shown its own whatever it asks for.
#[tokio::test]
async fn nothing_is_owed_without_a_price_and_a_bill_is_for_its_inspector() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(0x79), [Role::Inspector]).await;
    harness.behind.take_requests();
    let target = format!("/v1/fees/bills?inspector={}", holder().address());
    let bill = harness.send(caller.bearing(Request::new("GET", &target))).await.json();
    assert_eq!((&bill["totals"], &bill["lines"][0]["amount"]), (&json!([]), &json!(0)));
    assert!(bill["lines"][0].get("price").is_none(), "{bill}");
    let asked = harness.behind.take_requests();
    assert_eq!(asked[0].parameters["inspector"], json!(caller.address().to_string()));
    harness.stop().await;
}

// C-FEE, M-CON-2
#[tokio::test]
async fn a_price_is_set_and_taken_away_by_an_operator() {
    let harness = Harness::start().await;
    let caller = Caller::new(&harness, key(0x7a), [Role::Operator]).await;
    for (body, amount) in [(json!({"price": {"amount": 50, "currency": "CNY"}}), Some(50)), (json!({}), None)] {
        let request = Request::new("PUT", "/v1/fees/prices/organization:PUBLIC").json(&body);
        let answer = harness.send(caller.bearing(request)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let changes = harness.behind.take_changes();
        let [Change::SetPrice { subject, price, by }] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!((subject.to_string().as_str(), *by), ("organization:PUBLIC", caller.address()));
        assert_eq!(price.as_ref().map(|price| price.amount), amount);
    }
    let wrong = Request::new("PUT", "/v1/fees/prices/sources").json(&json!({}));
    let answer = harness.send(caller.bearing(wrong)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "malformed-request"));
    harness.stop().await;
}
