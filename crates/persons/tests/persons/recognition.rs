//! A person is one in the network (C-ID, IDENTITY-6).

use std::{sync::atomic::Ordering, time::Duration};

use chancery_identity::{IdentityDatabase, KeyRing, RESERVATION_MS, UserStatus};

use crate::world::*;

// C-ID, IDENTITY-6: known at the one office, recognised at the other, whichever database each has.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_known_at_one_office_is_recognised_at_the_other() {
    let world = World::new().await;
    let (harbour, riverside) = (&world.harbour, &world.riverside);
    let registered = harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    assert_eq!((registered.status, registered.returning), (UserStatus::Pending, false));
    let own = identity(harbour, 1).await.unwrap();
    // Another spelling, another key, and with a document that the first office did not take down.
    for again in [person(" LIN  zhao", None), person("Lin Zhao", Some("12-34"))] {
        assert!(is_registered_elsewhere(&riverside.register(&user(2, again), NOW).await));
    }
    assert_eq!(riverside.user(user(2, person("x", None)).address).await.unwrap(), None, "nothing is written");
    assert_eq!(confirm(harbour, 1).await.unwrap(), UserStatus::Confirmed);
    assert_eq!(identity(harbour, 1).await, Some(own), "the same identity, for good");
    assert!(is_registered_elsewhere(&riverside.register(&user(2, person("Lin Zhao", None)), NOW).await));

    // And the other way round, by the document, after a move.
    riverside.register(&user(3, person("Wei Chen", Some("QX 77"))), NOW).await.unwrap();
    confirm(riverside, 3).await.unwrap();
    let mut moved = person("Wei Chen", Some("qx-77"));
    moved.city = "Elsewhere".into();
    assert!(is_registered_elsewhere(&harbour.register(&user(4, moved), NOW).await));
    // One who shares the name has other papers.
    harbour.register(&user(4, person("Wei Chen", Some("QX 78"))), NOW).await.unwrap();
    assert_ne!(identity(harbour, 4).await, identity(riverside, 3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_may_register_elsewhere() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    reject(&world.harbour, 1).await;
    assert_eq!(identity(&world.harbour, 1).await, None);
    world.riverside.register(&user(2, person("Lin Zhao", None)), NOW).await.unwrap();
    confirm(&world.riverside, 2).await.unwrap();
    assert!(is_registered_elsewhere(&world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await));
}

// IDENTITY-6: of two offices at the same moment one has the person.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_offices_at_the_same_time_one_wins() {
    let world = World::new().await;
    for number in 1..=8_u8 {
        let (one, other) = (
            user(number, person(&format!("Racer {number}"), None)),
            user(number, person(&format!("racer {number}"), None)),
        );
        let (one, other) = tokio::join!(world.harbour.register(&one, NOW), world.riverside.register(&other, NOW));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
        assert!(is_registered_elsewhere(&one) || is_registered_elsewhere(&other));
    }
}

// IDENTITY-6: what an office has not decided in time may become another's, and is not confirmed then.
#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_ends_and_a_late_confirmation_finds_out() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    world.harbour.register(&user(2, person("Wei Chen", None)), NOW).await.unwrap();
    world.services.now_ms.store(NOW + RESERVATION_MS - 1, Ordering::SeqCst);
    assert!(is_registered_elsewhere(&world.riverside.register(&user(3, person("Lin Zhao", None)), NOW).await));
    world.services.now_ms.store(NOW + RESERVATION_MS, Ordering::SeqCst);
    world.riverside.register(&user(3, person("Lin Zhao", None)), NOW).await.unwrap();
    assert!(is_registered_elsewhere(&confirm(&world.harbour, 1).await));
    let user = world.harbour.user(user(1, person("x", None)).address).await.unwrap().unwrap();
    assert_eq!(user.status, UserStatus::Pending, "the office decides about it");
    // Nobody else has come for this one.
    assert_eq!(confirm(&world.harbour, 2).await.unwrap(), UserStatus::Confirmed);
    world.services.now_ms.store(NOW + 10 * RESERVATION_MS, Ordering::SeqCst);
    assert!(is_registered_elsewhere(
        &world.riverside.register(&crate::world::user(4, person("Wei Chen", None)), NOW).await
    ));
}

// C-MORE-6: a lost key is replaced at the office that holds the person, whose identity stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_keeps_the_identity() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    confirm(&world.harbour, 1).await.unwrap();
    let before = identity(&world.harbour, 1).await;
    let mut again = user(2, person("Lin Zhao", None));
    again.recovery = true;
    assert_eq!(world.harbour.register(&again, NOW).await.unwrap().status, UserStatus::Recovering);
    assert_eq!(confirm(&world.harbour, 2).await.unwrap(), UserStatus::Confirmed);
    assert_eq!(identity(&world.harbour, 2).await, before);
    assert!(before.is_some());
}

// IDENTITY-6: anybody may say that they have lost a key; until an office confirms it, that changes nothing at the register.
#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_claim_of_a_lost_key_takes_nobodys_document() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    confirm(&world.harbour, 1).await.unwrap();
    let mut claim = user(2, person("Lin Zhao", Some("D-77")));
    claim.recovery = true;
    world.harbour.register(&claim, NOW).await.unwrap();
    reject(&world.harbour, 2).await;
    let owner = world.riverside.register(&user(3, person("Wei Chen", Some("D-77"))), NOW).await.unwrap();
    assert_eq!(owner.status, UserStatus::Pending, "the document is nobody's yet");
    assert!(is_registered_elsewhere(&world.riverside.register(&user(4, person("Lin Zhao", None)), NOW).await));
}

// IDENTITY-6: of several with one name, the one who is turned away is not the one who is confirmed.
#[tokio::test(flavor = "multi_thread")]
async fn turning_away_a_namesake_gives_nobody_up() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", Some("D-1"))), NOW).await.unwrap();
    reject(&world.harbour, 1).await;
    world.harbour.register(&user(2, person("Lin Zhao", Some("D-2"))), NOW).await.unwrap();
    confirm(&world.harbour, 2).await.unwrap();
    // Without a document it is the one who is confirmed.
    let again = world.harbour.register(&user(3, person("Lin Zhao", None)), NOW).await;
    assert!(is_registered_elsewhere(&again), "{again:?}");
    assert!(is_registered_elsewhere(&world.riverside.register(&user(4, person("Lin Zhao", Some("D-2"))), NOW).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_from_before_the_network_are_enrolled() {
    let world = World::new().await;
    let location = chancery_identity::DatabaseLocation::Sqlite(world.folder.path().join("alone.sqlite"));
    let keys = KeyRing::load_or_create(&world.folder.path().join("alone.keys")).unwrap();
    let alone = IdentityDatabase::open(&location, keys).await.unwrap();
    for (number, name) in [(1, "Lin Zhao"), (2, "Wei Chen")] {
        alone.register(&user(number, person(name, None)), NOW).await.unwrap();
        confirm(&alone, number).await.unwrap();
    }
    world.riverside.register(&user(3, person("Wei Chen", None)), NOW).await.unwrap();
    let joined = alone.in_network(std::sync::Arc::new(network(&world.services, HARBOUR)));
    let enrolled =
        tokio::time::timeout(Duration::from_secs(60), joined.enrol_persons(None, 10, NOW)).await.unwrap().unwrap();
    assert_eq!((enrolled.held, enrolled.elsewhere), (1, vec![user(2, person("x", None)).address]));
    assert!(is_registered_elsewhere(&world.riverside.register(&user(4, person("Lin Zhao", None)), NOW).await));
    let again = joined.enrol_persons(None, 10, NOW).await.unwrap();
    assert_eq!((again.held, again.known, again.elsewhere.len()), (0, 1, 1));
}
