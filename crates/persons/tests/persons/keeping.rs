//! What an office does by itself: everybody is enrolled in the end, and whoever was turned away is given up in the end (IDENTITY-6, PERSONS-4, PERSONS-5).
//! Nobody waits here: pauses are noted, and move the clock.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use chancery_identity::{IdentityDatabase, UserStatus};
use chancery_persons::keeping::{Pace, Time, keep_enrolled, keep_released};
use tokio::sync::Notify;

use crate::world::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Small pages, and pauses by which a test tells what happened.
const PACE: Pace = Pace {
    persons_at_a_time: 3,
    between_pages: Duration::from_secs(1),
    after_failure: Duration::from_secs(8 * 60 * 60),
    longest: Duration::from_secs(8 * 60 * 60),
    between_passes: Duration::from_secs(7),
    between_looks: Duration::from_secs(60),
};

/// A clock that pauses move, until a pause of this length has come so often.
struct NotedTime {
    services: Arc<Services>,
    pauses: Mutex<Vec<Duration>>,
    ends_at: (Duration, usize),
    ended: Notify,
}

impl NotedTime {
    fn until(services: &Arc<Services>, pause: Duration, times: usize) -> Self {
        Self { services: services.clone(), pauses: Mutex::default(), ends_at: (pause, times), ended: Notify::new() }
    }

    fn count(&self, pause: Duration) -> usize {
        self.pauses.lock().unwrap().iter().filter(|noted| **noted == pause).count()
    }

    /// Does what an office does by itself until that pause.
    async fn pass(&self, keeping: impl Future<Output = ()>) {
        let keeping = async {
            tokio::select! {
                () = keeping => {}
                () = self.ended.notified() => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(60), keeping).await.expect("it comes to that pause");
    }
}

#[async_trait]
impl Time for NotedTime {
    fn now_ms(&self) -> u64 {
        self.services.now_ms.load(Ordering::SeqCst)
    }

    async fn pause(&self, pause: Duration) {
        self.pauses.lock().unwrap().push(pause);
        if pause == self.ends_at.0 && self.count(pause) == self.ends_at.1 {
            self.ended.notify_one();
            std::future::pending::<()>().await;
        }
        let passed = u64::try_from(pause.as_millis()).unwrap();
        self.services.now_ms.fetch_add(passed, Ordering::SeqCst);
    }
}

/// Enrols until everybody was looked at.
async fn enrol_all(database: &IdentityDatabase, services: &Arc<Services>) -> NotedTime {
    let time = NotedTime::until(services, PACE.between_passes, 1);
    time.pass(keep_enrolled(database, &PACE, &time)).await;
    time
}

/// Looks so often for what has to be released.
async fn look(database: &IdentityDatabase, services: &Arc<Services>, looks: usize) {
    let time = NotedTime::until(services, PACE.between_looks, looks);
    time.pass(keep_released(database, &PACE, &time)).await;
}

/// An office that confirmed so many before it was one of a network.
async fn alone(world: &World, count: u8) -> IdentityDatabase {
    let alone = open(&world.folder, "alone").await;
    for number in 1..=count {
        alone.register(&user(number, person(&format!("Settler {number}"), None)), NOW).await.unwrap();
        confirm(&alone, number).await.unwrap();
    }
    alone
}

async fn is_known_to(database: &IdentityDatabase, number: u8) -> bool {
    let name = format!("settler {number}");
    is_registered_elsewhere(&database.register(&user(100 + number, person(&name, None)), NOW).await)
}

// PERSONS-4, IDENTITY-6: whoever has many people enrols them over days, and on each of them people register as before.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_enrolled_over_days_and_half_of_each_day_is_left_to_those_who_register() {
    let world = World::with_daily_evaluations(8).await;
    let office = alone(&world, 10).await.in_network(Arc::new(network(&world.services, HARBOUR)));
    let first = office.enrol_persons(None, 100, NOW).await.unwrap();
    assert!(first.interrupted.is_some_and(|error| error.to_string().contains("4 evaluations of the day")));
    assert_eq!((first.held, first.is_end), (4, false), "a half of the day's eight");
    for number in 51..=54 {
        office.register(&user(number, person(&format!("Newcomer {number}"), None)), NOW).await.unwrap();
    }
    let spent = office.register(&user(55, person("Newcomer 55", None)), NOW).await;
    assert!(is_undetermined(&spent), "eight in all: {spent:?}");
    let time = enrol_all(&office, &world.services).await;
    assert!(world.services.now_ms.load(Ordering::SeqCst) >= NOW + 2 * 16 * 60 * 60 * 1000, "a day has four");
    assert!(time.count(PACE.after_failure) >= 4, "it waited for two more days");
    assert!(time.count(PACE.between_pages) >= 2, "page by page");
    for number in 1..=10 {
        let before = identity(&office, number).await;
        assert!(before.is_some(), "settler {number}");
    }
    world.services.now_ms.fetch_add(DAY.as_millis().try_into().unwrap(), Ordering::SeqCst);
    assert!(is_known_to(&world.riverside, 1).await && is_known_to(&world.riverside, 10).await);
}

// IDENTITY-6: an evaluator that is silent in between costs time, and nobody is left out.
#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_that_is_interrupted_goes_on_where_it_was() {
    let world = World::new().await;
    let office = alone(&world, 7).await.in_network(Arc::new(network(&world.services, HARBOUR)));
    let page = office.enrol_persons(None, 3, NOW).await.unwrap();
    assert_eq!((page.held, page.last, page.is_end), (3, Some(user(3, person("x", None)).address), false));
    world.services.reach_evaluator(1, false);
    let cut = office.enrol_persons(page.last, 3, NOW).await.unwrap();
    assert!(cut.interrupted.is_some_and(|error| error.is_temporary()) && cut.last.is_none());
    world.services.reach_evaluator(1, true);
    let page = office.enrol_persons(page.last, 3, NOW).await.unwrap();
    let end = office.enrol_persons(page.last, 3, NOW).await.unwrap();
    assert_eq!((page.held, end.held, end.is_end), (3, 1, true));
}

// IDENTITY-6, PERSONS-3: under new keys, and in a register that was lost, everybody is enrolled anew; and once is enough.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_enrolled_anew_under_new_keys_and_in_a_register_that_was_lost() {
    let world = World::new().await;
    let mut office = alone(&world, 4).await.in_network(Arc::new(network(&world.services, HARBOUR)));
    enrol_all(&office, &world.services).await;
    let mut known = vec![identity(&office, 1).await];
    for (seeds, register) in [([1, 2], "register_anew"), ([3, 4], "register_of_new_keys")] {
        let other = world.other_services(seeds, register).await;
        office = office.in_network(Arc::new(network(&other, HARBOUR)));
        let riverside = world.riverside.clone().in_network(Arc::new(network(&other, RIVERSIDE)));
        enrol_all(&office, &other).await;
        for number in 1..=4 {
            assert!(is_known_to(&riverside, number).await, "settler {number} in {register}");
        }
        let now = identity(&office, 1).await;
        assert!(now.is_some() && !known.contains(&now), "another register, another identity");
        known.push(now);
        let asked = other.sent.lock().unwrap().len();
        enrol_all(&office, &other).await;
        assert_eq!(other.sent.lock().unwrap().len(), asked, "who is known is not evaluated again");
    }
}

// PERSONS-5: it is written down with the rejection, and made when the register answers again, also by another process.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_turned_away_while_the_register_was_silent_is_given_up_after_a_restart() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Na Li", None)), NOW).await.unwrap();
    // Kept, as by a confirmation that did not come to its end: it would not end by itself.
    world.harbour.hold_person(user(1, person("x", None)).address, NOW).await.unwrap();
    world.services.register_is_reached.store(false, Ordering::SeqCst);
    reject(&world.harbour, 1).await;
    assert_eq!(world.harbour.releases_left().await.unwrap(), 1);
    world.harbour.close().await;

    let office = open(&world.folder, "harbour").await.in_network(Arc::new(network(&world.services, HARBOUR)));
    look(&office, &world.services, 4).await;
    assert_eq!(office.releases_left().await.unwrap(), 1, "the register is still silent");
    world.services.register_is_reached.store(true, Ordering::SeqCst);
    let now = world.services.now_ms.load(Ordering::SeqCst);
    assert_eq!(office.release_due(&|| now, 10).await.unwrap().released, 0, "it waits longer with each failure");
    look(&office, &world.services, 10).await;
    assert_eq!(office.releases_left().await.unwrap(), 0);
    let elsewhere = world.riverside.register(&user(2, person("Na Li", None)), NOW).await.unwrap();
    assert_eq!(elsewhere.status, UserStatus::Pending);
}

// PERSONS-5: who comes back before that is not given up. On PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_not_given_up_any_more() {
    let world = World::new().await;
    let office = &world.riverside;
    for number in [1, 2] {
        office.register(&user(number, person(&format!("Na Li {number}"), None)), NOW).await.unwrap();
    }
    world.services.register_is_reached.store(false, Ordering::SeqCst);
    reject(office, 1).await;
    reject(office, 2).await;
    world.services.register_is_reached.store(true, Ordering::SeqCst);
    assert_eq!(office.releases_left().await.unwrap(), 2);
    // What failed may still be heard, for a minute.
    assert!(is_undetermined(&office.register(&user(1, person("Na Li 1", None)), NOW).await));
    office.register(&user(1, person("Na Li 1", None)), NOW + 60_000).await.unwrap();
    assert_eq!(office.releases_left().await.unwrap(), 1);
    confirm(office, 1).await.unwrap();
    look(office, &world.services, 3).await;
    assert_eq!(office.releases_left().await.unwrap(), 0);
    assert!(is_registered_elsewhere(&world.harbour.register(&user(3, person("Na Li 1", None)), NOW).await));
    world.harbour.register(&user(4, person("Na Li 2", None)), NOW).await.unwrap();
    let page = office.enrol_persons(None, 10, NOW).await.unwrap();
    assert_eq!((page.held, page.known, page.is_end), (0, 1, true));
}
