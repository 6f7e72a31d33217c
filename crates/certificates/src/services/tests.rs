//! The services of the catalogue: who may ask, what is answered, and what is said when a chain does not answer.
#![allow(clippy::unwrap_used)]

mod counting;
mod holdings;
mod inspecting;
mod reading;
mod stapling;
mod tracing;

use chancery_reference_points::application::Service;
use serde_json::json;

use super::*;
use crate::recorded_city::{NOW, RecordedCity, directory};

fn service(name: &str) -> Arc<dyn Service> {
    let clock: Clock = Arc::new(|| NOW.get() * 1000);
    services(&directory(), &clock).into_iter().map(|offer| offer.service).find(|known| known.name() == name).unwrap()
}

async fn ask(name: &str, actor: &Actor, parameters: Value, city: &RecordedCity) -> DoorResult<Value> {
    service(name).answer(actor, parameters, city).await
}

async fn refusal(name: &str, actor: &Actor, parameters: Value, city: &RecordedCity) -> Code {
    ask(name, actor, parameters, city).await.unwrap_err().code()
}

#[test]
fn every_service_says_what_it_is_and_who_may_ask() {
    let clock: Clock = Arc::new(|| 0);
    for offer in services(&directory(), &clock) {
        assert!(offer.service.description().ends_with('.'), "{}", offer.service.name());
        let open = [names::QUERY, names::STAPLE, names::STATUS, names::CONDITIONS, names::PUBLIC_KEY]
            .contains(&offer.service.name());
        assert_eq!(offer.roles.is_none(), open, "{}", offer.service.name());
    }
}

#[tokio::test]
async fn parameters_that_a_service_does_not_know_are_refused() {
    let clock: Clock = Arc::new(|| 0);
    for offer in services(&directory(), &clock) {
        let name = offer.service.name();
        let code = refusal(name, &Actor::public(), json!({"nobody": "knows"}), &RecordedCity::founded()).await;
        assert_eq!(code, Code::MalformedRequest, "{name}");
    }
}

#[test]
fn the_journal_gets_a_bounded_subject() {
    for (name, member) in [
        (names::STATUS, "certificateId"),
        (names::QUERY, "txHash"),
        (names::STAPLE, "certificateId"),
        (names::TRACE, "certificateId"),
        (names::PUBLIC_KEY, "address"),
        (names::CHECK, "certificateId"),
        (names::OF_HOLDER, "holder"),
        (names::INSPECTIONS, "inspector"),
    ] {
        let subject = service(name).subject(&json!({ member: "x".repeat(500), "other": "secret" }));
        assert_eq!(subject.unwrap(), "x".repeat(80), "{name}");
    }
}

// M-PRIV, bad input: what somebody types as a kind may be a person's name.
#[test]
fn the_journal_gets_no_kind_that_there_is_not() {
    let subject = |typed: &str| service(names::CONDITIONS).subject(&json!({ "kind": typed }));
    assert_eq!(subject("degree").as_deref(), Some("degree"));
    for typed in ["fishing", "ouyang-zhenghua", "Ouyang Zhenghua", "110101199003078899", ""] {
        assert_eq!(subject(typed), None, "{typed}");
    }
}

#[test]
fn a_page_is_cut_and_says_where_the_next_begins() {
    assert_eq!(page(vec![1, 2, 3], 0, 2), (vec![1, 2], Some("2".to_owned())));
    assert_eq!(page(vec![1, 2, 3], 2, 2), (vec![3], None));
    assert_eq!(page(vec![1, 2, 3], usize::MAX, 2), (vec![], None));
    assert_eq!((page_rows(None), page_rows(Some(0)), page_rows(Some(1000))), (DEFAULT_PAGE_ROWS, 1, MAX_PAGE_ROWS));
    assert_eq!(page_start(Some("\0")).unwrap_err().code(), Code::MalformedRequest);
}

#[test]
fn times_are_written_to_the_second_and_never_fail() {
    assert_eq!(rfc3339(chancery_primitives::UnixSeconds(0)), "1970-01-01T00:00:00Z");
    assert_eq!(timestamp::rfc3339_of_ms(1_999), "1970-01-01T00:00:01Z");
    assert_eq!(timestamp::optional_rfc3339(chancery_primitives::UnixSeconds::ZERO), None);
    assert!(rfc3339(chancery_primitives::UnixSeconds(u64::MAX)).starts_with("9999-"));
}
