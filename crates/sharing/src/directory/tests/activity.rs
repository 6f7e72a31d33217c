//! What is counted of shared resources (S-APP).

use chancery_contracts::ResourceDirectory::ResourceRegistered;

use super::{readers::written, *};
use crate::directory::{SharingActivity, SharingEvent};

fn supervisor() -> Actor {
    Actor::new(Address::repeat_byte(0x99), [Role::Supervisor])
}

async fn counted(desk: &Desk, query: Value) -> Vec<(u32, SharingEvent, u64)> {
    let answer = desk.ask(&supervisor(), names::ACTIVITY, query).await.unwrap();
    let activity: SharingActivity = serde_json::from_value(answer).unwrap();
    assert_eq!((activity.resources, activity.cut.len(), activity.next), (1, 0, None));
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

// S-APP: a block with more events than a query answers cuts nothing of a period after it, and is not looked for.
#[tokio::test]
async fn what_is_older_than_a_period_cuts_nothing_of_it() {
    let mut chain = written(Visibility::EVERYBODY);
    let mut events = vec![chain.events[2].clone(); MAX_EVENTS + 1];
    events.append(&mut chain.events);
    chain.events = events;
    let desk = Desk::new(chain);
    assert_eq!(
        counted(&desk, json!({"fromMs": 12_000})).await,
        [(0, SharingEvent::Requested, 2), (0, SharingEvent::Granted, 1), (0, SharingEvent::Ended, 1)]
    );
    let answer = desk.ask(&supervisor(), names::ACTIVITY, json!({})).await.unwrap();
    let activity: SharingActivity = serde_json::from_value(answer).unwrap();
    assert_eq!(activity.cut, ["weather"]);
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

/// What the directory has told of a name; the block is that of the newest event.
fn registered(mut chain: WrittenChain, name: &str, asset: Address) -> WrittenChain {
    let resource = B256::right_padding_from(name.as_bytes());
    chain = chain.and(&ResourceRegistered { resource, asset, organization: B256::ZERO });
    chain.events.last_mut().unwrap().contract = DIRECTORY;
    chain
}

// S-APP, S-DIR: a resource that was withdrawn, one under a second name and one under what is no name are all told of, and each event once.
#[tokio::test]
async fn withdrawn_resources_and_second_names_are_reported_and_counted_once() {
    let inspectors = Visibility::of_roles(["inspector"]).unwrap();
    let described = text("Again", "x");
    let mut chain = written(inspectors).with("weather-again", Visibility::EVERYBODY, "A", &described).with(
        "No Name",
        Visibility::EVERYBODY,
        "A",
        &described,
    );
    chain.entries.get_mut(&B256::right_padding_from(b"No Name")).unwrap().0 = DIRECTORY;
    for (name, asset) in [("weather", ASSET), ("weather-again", ASSET), ("No Name", DIRECTORY)] {
        chain = registered(chain, name, asset);
    }
    // Withdrawn: the contract has nothing of it any more.
    chain.entries.remove(&B256::right_padding_from(b"weather"));
    // Of this one nothing is left that says what it was.
    chain.names.push(B256::right_padding_from(b"lost"));
    let desk = Desk::new(chain);
    let answer = desk.ask(&supervisor(), names::ACTIVITY, json!({})).await.unwrap();
    let activity: SharingActivity = serde_json::from_value(answer).unwrap();
    let counts: Vec<(&str, u64)> = activity.events.iter().map(|one| (one.resource.as_str(), one.count)).collect();
    assert_eq!(counts, [("weather", 4), ("weather", 3), ("weather", 3)]);
    assert_eq!((activity.resources, activity.next), (4, None));
    assert_eq!(activity.restricted, ["weather", "lost"]);
    assert_eq!(activity.cut, ["lost"]);
    let aliases: Vec<(&str, &str)> =
        activity.aliases.iter().map(|alias| (alias.resource.as_str(), alias.of.as_str())).collect();
    assert_eq!(aliases, [("weather-again", "weather")]);
}

// S-APP: a directory of more resources than one answer counts is counted to its end.
#[tokio::test]
async fn a_long_directory_is_counted_answer_by_answer() {
    let described = text("One of many", "x");
    let chain = (0..1_300).fold(WrittenChain::default(), |chain, number| {
        chain.with(&format!("resource-{number}"), Visibility::EVERYBODY, "A", &described)
    });
    let desk = Desk::new(chain);
    let (mut first, mut resources, mut answers) = (Some(0), 0, 0);
    while let Some(place) = first {
        let answer = desk.ask(&supervisor(), names::ACTIVITY, json!({"first": place})).await.unwrap();
        let activity: SharingActivity = serde_json::from_value(answer).unwrap();
        (first, resources, answers) = (activity.next, resources + activity.resources, answers + 1);
    }
    assert_eq!((resources, answers), (1_300, 2));
}

// S-APP, S-DIR: nothing that everybody may see is reported under a word that says nothing.
#[tokio::test]
async fn what_was_for_some_roles_before_it_was_for_everybody_is_counted_under_its_name() {
    let hidden = B256::repeat_byte(0xee);
    let mut chain = written(Visibility::EVERYBODY);
    chain.names.insert(0, hidden);
    chain = chain.and(&ResourceRegistered { resource: hidden, asset: ASSET, organization: B256::ZERO });
    chain.events.last_mut().unwrap().contract = DIRECTORY;
    let desk = Desk::new(registered(chain, "weather", ASSET));
    let answer = desk.ask(&supervisor(), names::ACTIVITY, json!({})).await.unwrap();
    let activity: SharingActivity = serde_json::from_value(answer).unwrap();
    assert!(!activity.events.is_empty() && activity.events.iter().all(|one| one.resource == "weather"));
    assert_eq!((&activity.restricted, activity.cut.len()), (&vec![hidden.to_string()], 0));
    let alias = &activity.aliases[0];
    assert_eq!((alias.resource.as_str(), alias.of.as_str()), (hidden.to_string().as_str(), "weather"));
}
