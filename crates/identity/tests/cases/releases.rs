//! Whom this office gives up in the network, and who comes back meanwhile.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use chancery_identity::{NetworkError, NetworkIdentity, PersonInputs, PersonNetwork, Reservation};

use super::*;

/// A register that answers what it is told to, and notes who is given up.
struct Register {
    /// Identities that it answers, the next one last.
    answers: Mutex<Vec<u8>>,
    is_reached: AtomicBool,
    released: Mutex<Vec<NetworkIdentity>>,
}

impl Register {
    fn answering(answers: &[u8]) -> Arc<Self> {
        let answers = Mutex::new(answers.iter().rev().copied().collect());
        Arc::new(Self { answers, is_reached: AtomicBool::new(true), released: Mutex::default() })
    }
}

#[async_trait]
impl PersonNetwork for Register {
    async fn reserve(&self, _: &PersonInputs) -> Result<Reservation, NetworkError> {
        Ok(Reservation::Held(NetworkIdentity([self.answers.lock().unwrap().pop().unwrap(); 16])))
    }

    async fn enrol(&self, person: &PersonInputs) -> Result<Reservation, NetworkError> {
        self.reserve(person).await
    }

    async fn keep(&self, _: NetworkIdentity) -> Result<bool, NetworkError> {
        Ok(true)
    }

    async fn release(&self, identity: NetworkIdentity) -> Result<(), NetworkError> {
        self.released.lock().unwrap().push(identity);
        if self.is_reached.load(Ordering::SeqCst) { Ok(()) } else { Err(NetworkError::Unreachable("lost".to_owned())) }
    }
}

async fn reject(database: &IdentityDatabase, byte: u8) {
    let rejection = UserDecision::Reject { reason: None };
    database.decide_user(Address::repeat_byte(byte), &rejection, OFFICE, NOW).await.unwrap();
}

pub async fn an_answer_from_before_a_release_was_heard_is_asked_for_again(fixture: &Fixture) {
    // PERSONS-5
    let register = Register::answering(&[1, 1, 2]);
    let database = fixture.database.clone().in_network(register.clone());
    let zhang = user(1, "zhang", person("Zhang San"));
    database.register(&zhang, NOW).await.unwrap();
    reject(&database, 1).await;
    assert_eq!(*register.released.lock().unwrap(), [NetworkIdentity([1; 16])]);
    assert_eq!(database.releases_left().await.unwrap(), 0);
    // Its first answer was on its way when the register heard of the release.
    database.register(&zhang, NOW).await.unwrap();
    let record = database.user(zhang.address).await.unwrap().unwrap();
    assert_eq!(database.network_identity(&record).await.unwrap(), Some(NetworkIdentity([2; 16])));
    assert!(register.answers.lock().unwrap().is_empty());
}

pub async fn a_release_that_fails_is_under_way_for_its_time_and_each_has_its_own(fixture: &Fixture) {
    // PERSONS-5
    let register = Register::answering(&[1, 2, 1, 1]);
    register.is_reached.store(false, Ordering::SeqCst);
    let database = fixture.database.clone().in_network(register.clone());
    let zhang = user(1, "zhang", person("Zhang San"));
    database.register(&zhang, NOW).await.unwrap();
    database.register(&user(2, "li", person("Li Si")), NOW).await.unwrap();
    reject(&database, 1).await;
    reject(&database, 2).await;
    // It may be heard though its answer was lost.
    let early = database.register(&zhang, NOW).await.unwrap_err();
    assert!(matches!(early, IdentityError::Undetermined(_)), "{early}");
    database.register(&zhang, NOW + 60_000).await.unwrap();
    assert_eq!(database.releases_left().await.unwrap(), 1);

    // The second of two that are due is sent a minute after the first.
    reject(&database, 1).await;
    register.is_reached.store(true, Ordering::SeqCst);
    let minutes = AtomicU64::new(0);
    let clock = || NOW + 60_000 * (1 + minutes.fetch_add(1, Ordering::SeqCst));
    assert_eq!(database.release_due(&clock, 10).await.unwrap().released, 2);
    assert_eq!(minutes.load(Ordering::SeqCst), 3, "when it begins, and for each that is due");
    assert_eq!(database.releases_left().await.unwrap(), 0);
}
