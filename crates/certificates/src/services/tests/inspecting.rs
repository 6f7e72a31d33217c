//! `certificates.check` and `certificates.inspections`.

use alloy_primitives::B256;
use chancery_primitives::{Inspect, Outcome, UnixSeconds};

use super::*;
use crate::recorded_city::{
    INSPECTORS, inspector, office, other_office,
    samples::{Degree, id},
    stranger,
};

fn recorded(city: &RecordedCity, kind: &str, by: &crate::keys::PersonKeys, at: u64, nonce: u8) {
    let inspect = Inspect {
        certificate_id: id(1),
        holder: stranger().address(),
        organization: INSPECTORS.parse().unwrap(),
        presentation_hash: B256::repeat_byte(nonce),
        outcome: Outcome::Valid,
        deadline: NOW,
    };
    city.inspected(kind, &inspect, by, UnixSeconds(at));
}

fn city() -> RecordedCity {
    let city = RecordedCity::founded();
    recorded(&city, "degree", inspector(), 100, 1);
    recorded(&city, "marriage", inspector(), 300, 2);
    recorded(&city, "degree", other_office(), 200, 3);
    city
}

fn times(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["inspectedAt"].as_str().unwrap()).collect()
}

// C-API-3, C-AUTO
#[tokio::test]
async fn a_check_finds_what_an_inspection_would_and_records_nothing() {
    let (city, degree) = (RecordedCity::founded(), Degree::new(1));
    city.issue(&degree.issue, office(), &degree.sealed);
    let claim = serde_json::to_value(degree.shown()).unwrap();
    let actor = Actor::new(inspector().address(), [Role::Inspector]);
    let found = ask(names::CHECK, &actor, claim.clone(), &city).await.unwrap();
    assert_eq!(found["outcome"], "valid");
    city.silence("degree");
    assert_eq!(ask(names::CHECK, &actor, claim, &city).await.unwrap()["outcome"], "cannot-determine");
}

// C-FEE
#[tokio::test]
async fn an_inspector_sees_its_own_inspections_and_their_count() {
    let (city, actor) = (city(), Actor::new(inspector().address(), [Role::Inspector]));
    let found = ask(names::INSPECTIONS, &actor, json!({}), &city).await.unwrap();
    assert_eq!(times(&found), ["1970-01-01T00:05:00Z", "1970-01-01T00:01:40Z"]);
    assert_eq!((found["counts"].as_array().unwrap().len(), found["counts"][0]["count"].as_u64()), (1, Some(2)));
    let others = json!({"inspector": other_office().address()});
    assert_eq!(refusal(names::INSPECTIONS, &actor, others.clone(), &city).await, Code::RoleRequired);
    let supervisor = Actor::new(stranger().address(), [Role::Supervisor]);
    assert_eq!(times(&ask(names::INSPECTIONS, &supervisor, others, &city).await.unwrap()).len(), 1);
    assert_eq!(times(&ask(names::INSPECTIONS, &supervisor, json!({}), &city).await.unwrap()).len(), 3);
}

// C-FEE
#[tokio::test]
async fn counts_are_of_the_time_that_is_asked_for_and_over_all_pages() {
    let supervisor = Actor::new(stranger().address(), [Role::Supervisor]);
    let query = json!({"fromMs": 200_000, "toMs": 300_000});
    let found = ask(names::INSPECTIONS, &supervisor, query, &city()).await.unwrap();
    assert_eq!(times(&found), ["1970-01-01T00:03:20Z"]);
    let page = ask(names::INSPECTIONS, &supervisor, json!({"limit": 1}), &city()).await.unwrap();
    assert_eq!((times(&page).len(), page["nextCursor"].as_str()), (1, Some("1")));
    let counted: u64 = page["counts"].as_array().unwrap().iter().map(|count| count["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 3);
}

// INSPECTION-1
#[tokio::test]
async fn what_a_silent_chain_holds_is_not_counted_and_the_chain_is_named() {
    let city = city();
    city.silence("degree");
    let actor = Actor::new(inspector().address(), [Role::Inspector]);
    let found = ask(names::INSPECTIONS, &actor, json!({}), &city).await.unwrap();
    assert_eq!((times(&found).len(), &found["unreachable"]), (1, &json!(["degree"])));
}
