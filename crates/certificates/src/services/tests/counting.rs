//! `certificates.activity`: what is counted, day by day.

use alloy_primitives::B256;
use chancery_primitives::{CertificateStatus, Inspect, Outcome, UnixSeconds};

use super::*;
use crate::recorded_city::{
    BEFORE, INSPECTORS, inspector, office, other_office,
    samples::{Degree, id},
    stranger,
};

const DAY_S: u64 = 86_400;

fn day_of(at: UnixSeconds) -> u64 {
    at.get() / DAY_S
}

fn inspected(city: &RecordedCity, outcome: Outcome, by: &crate::keys::PersonKeys, at: u64, nonce: u8) {
    let inspect = Inspect {
        certificate_id: id(1),
        holder: stranger().address(),
        organization: INSPECTORS.parse().unwrap(),
        presentation_hash: B256::repeat_byte(nonce),
        outcome,
        deadline: NOW,
    };
    city.inspected("degree", &inspect, by, UnixSeconds(at));
}

/// Three degrees of one day: one was revoked and one suspended a day later. Inspections on three days, by two inspectors.
fn city() -> RecordedCity {
    let city = RecordedCity::founded();
    inspected(&city, Outcome::Valid, inspector(), DAY_S, 1);
    inspected(&city, Outcome::Valid, inspector(), DAY_S + 5, 2);
    inspected(&city, Outcome::Revoked, other_office(), 2 * DAY_S - 1, 3);
    inspected(&city, Outcome::Valid, inspector(), 2 * DAY_S, 4);
    for byte in 1..=3 {
        let degree = Degree::new(byte);
        city.issue(&degree.issue, office(), &degree.sealed);
    }
    let later = UnixSeconds(BEFORE.get() + DAY_S);
    city.changed("degree", id(1), CertificateStatus::Revoked, office(), later);
    city.changed("degree", id(2), CertificateStatus::Suspended, office(), later);
    city
}

fn supervisor() -> Actor {
    Actor::new(stranger().address(), [Role::Supervisor])
}

async fn counted(city: &RecordedCity, query: Value) -> Activity {
    serde_json::from_value(ask(names::ACTIVITY, &supervisor(), query, city).await.unwrap()).unwrap()
}

fn standing(activity: &Activity) -> Vec<(Standing, u64)> {
    activity.standing.iter().map(|one| (one.standing, one.count)).collect()
}

// S-APP
#[tokio::test]
async fn certificates_are_counted_by_day_and_by_how_they_stand_at_the_end_of_the_period() {
    let (issued, later) = (day_of(BEFORE), day_of(BEFORE) + 1);
    // The clock of these tests is before the changes: without a period they count, and the standing follows the events.
    let activity = counted(&city(), json!({})).await;
    let changes: Vec<_> = activity.changes.iter().map(|one| (u64::from(one.day), one.change, one.count)).collect();
    assert_eq!(
        changes,
        [
            (issued, CertificateChange::Issued, 3),
            (later, CertificateChange::Suspended, 1),
            (later, CertificateChange::Revoked, 1)
        ]
    );
    assert!(activity.changes.iter().all(|one| one.kind.as_str() == "degree"));
    assert_eq!(standing(&activity), [(Standing::Valid, 1), (Standing::Suspended, 1), (Standing::Revoked, 1)]);
    // At the end of the day of issue all of them were in force.
    let then = counted(&city(), json!({"toMs": (BEFORE.get() + DAY_S) * 1000})).await;
    assert_eq!((standing(&then), then.changes.len()), (vec![(Standing::Valid, 3)], 1));
}

// C-FEE: a period begins with its first moment and ends before its last one.
#[tokio::test]
async fn inspections_are_counted_for_each_inspector_day_and_outcome_of_the_period() {
    let activity = counted(&city(), json!({"fromMs": DAY_S * 1000, "toMs": 2 * DAY_S * 1000})).await;
    let outcomes: Vec<_> = activity.inspections.iter().map(|one| (one.day, one.outcome, one.count)).collect();
    assert_eq!(outcomes, [(1, Outcome::Valid, 2), (1, Outcome::Revoked, 1)]);
    let mut inspectors: Vec<_> = activity.inspectors.iter().map(|one| (one.inspector, one.count)).collect();
    inspectors.sort_by_key(|(_, count)| *count);
    assert_eq!(inspectors, [(other_office().address(), 1), (inspector().address(), 2)]);
    let all = counted(&city(), json!({})).await;
    assert_eq!(all.inspectors.iter().map(|one| one.count).sum::<u64>(), 4);
}

// S-APP, C-FEE, bad input: a chain has more events than one query answers
#[tokio::test]
async fn what_one_query_does_not_answer_is_counted_part_by_part() {
    let whole = counted(&city(), json!({})).await;
    let city = city();
    city.answer_at_most(1);
    assert_eq!(counted(&city, json!({})).await, whole);
    let found = ask(names::INSPECTIONS, &supervisor(), json!({}), &city).await.unwrap();
    assert_eq!(found["items"].as_array().unwrap().len(), 4);
    // Where one block has too many, nothing is counted short.
    city.answer_at_most(0);
    assert_eq!(refusal(names::ACTIVITY, &supervisor(), json!({}), &city).await, Code::MalformedRequest);
}

// S-APP, INSPECTION-1
#[tokio::test]
async fn a_silent_chain_is_named_and_others_learn_nothing() {
    let city = city();
    city.silence("degree");
    let activity = counted(&city, json!({})).await;
    assert!(activity.changes.is_empty() && activity.inspectors.is_empty());
    assert_eq!(activity.unreachable.iter().map(|chain| chain.0.as_str()).collect::<Vec<_>>(), ["degree"]);
    let inspector = Actor::new(inspector().address(), [Role::Inspector, Role::Citizen]);
    assert_eq!(refusal(names::ACTIVITY, &inspector, json!({}), &city).await, Code::RoleRequired);
    let backwards = json!({"fromMs": 2, "toMs": 2});
    assert_eq!(refusal(names::ACTIVITY, &supervisor(), backwards, &city).await, Code::MalformedRequest);
}

// S-APP, C-FEE: a chain that has run for years is not read anew for each question.
#[tokio::test]
async fn a_period_is_read_by_its_blocks_and_a_history_goes_on_where_it_ended() {
    let (city, kinds) = (city(), directory().kinds().len());
    let read = |since: usize| city.readings() - since;
    // Three of four inspections: more are not answered at once, and none of other days is read.
    city.answer_at_most(3);
    let before = city.readings();
    let period = json!({"fromMs": DAY_S * 1000, "toMs": 2 * DAY_S * 1000});
    let found = ask(names::INSPECTIONS, &supervisor(), period.clone(), &city).await.unwrap();
    assert_eq!((found["items"].as_array().unwrap().len(), read(before)), (3, kinds), "one query a chain");

    // The history of certificates is read whole once.
    let counting = service(names::ACTIVITY);
    let ask_again = |query: Value| {
        let (counting, city) = (Arc::clone(&counting), city.clone());
        async move {
            let answer = counting.answer(&supervisor(), query, &city).await.unwrap();
            serde_json::from_value::<Activity>(answer).unwrap()
        }
    };
    let first = ask_again(period.clone()).await;
    assert!(first.standing.is_empty() && first.changes.is_empty(), "issued later");
    let now = json!({"fromMs": (BEFORE.get() - 1) * 1000});
    let before = city.readings();
    let second = ask_again(now.clone()).await;
    assert_eq!(read(before), kinds, "of certificates nothing new");
    assert_eq!(standing(&second), [(Standing::Valid, 1), (Standing::Suspended, 1), (Standing::Revoked, 1)]);
    city.changed("degree", id(2), CertificateStatus::Valid, office(), UnixSeconds(BEFORE.get() + 2 * DAY_S));
    let before = city.readings();
    let third = ask_again(now).await;
    assert_eq!(standing(&third), [(Standing::Valid, 2), (Standing::Revoked, 1)]);
    assert_eq!(read(before), 2 * kinds, "the new blocks, and the inspections of the period");
    assert!(third.changes.iter().any(|one| one.change == CertificateChange::Resumed && one.count == 1));
}
