//! What is counted of shared resources (S-APP).

use super::{readers::written, *};
use crate::directory::{SharingActivity, SharingEvent};

fn supervisor() -> Actor {
    Actor::new(Address::repeat_byte(0x99), [Role::Supervisor])
}

async fn counted(desk: &Desk, query: Value) -> Vec<(u32, SharingEvent, u64)> {
    let answer = desk.ask(&supervisor(), names::ACTIVITY, query).await.unwrap();
    let activity: SharingActivity = serde_json::from_value(answer).unwrap();
    assert_eq!((activity.resources, activity.cut.len(), activity.more), (1, 0, false));
    assert!(activity.events.iter().all(|one| one.resource.as_str() == "weather"));
    activity.events.iter().map(|one| (one.day, one.event, one.count)).collect()
}

// S-APP
#[tokio::test]
async fn requests_grants_and_ends_are_counted_and_no_reader_is_named() {
    let desk = Desk::new(written(Visibility::EVERYBODY));
    assert_eq!(
        counted(&desk, json!({})).await,
        [(0, SharingEvent::Requested, 4), (0, SharingEvent::Granted, 3), (0, SharingEvent::Ended, 3)]
    );
    // Events are a second apart: the third and the fourth are requests, the fifth a grant.
    let some = json!({"fromMs": 4_000, "toMs": 6_000});
    assert_eq!(counted(&desk, some).await, [(0, SharingEvent::Requested, 1), (0, SharingEvent::Granted, 1)]);
    let text = desk.ask(&supervisor(), names::ACTIVITY, json!({})).await.unwrap().to_string();
    assert!(!text.contains("0x0101") && !text.contains("0x0202"), "{text}");
}

// S-APP: who may not see a resource does not learn either how often it is asked for.
#[tokio::test]
async fn only_operators_and_supervisors_are_shown_counts() {
    let desk = Desk::new(written(Visibility::EVERYBODY));
    for actor in [Actor::public(), Actor::new(OWNER, [Role::Source, Role::Inspector])] {
        assert_eq!(desk.ask(&actor, names::ACTIVITY, json!({})).await.unwrap_err().code(), Code::RoleRequired);
    }
    let operator = Actor::new(OWNER, [Role::Operator]);
    assert!(desk.ask(&operator, names::ACTIVITY, json!({})).await.is_ok());
    let backwards = desk.ask(&operator, names::ACTIVITY, json!({"fromMs": 3, "toMs": 2})).await.unwrap_err();
    assert_eq!(backwards.code(), Code::MalformedRequest);
}
