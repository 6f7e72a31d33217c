//! What was begun comes to its end: whoever goes away, whatever answer is lost.

use std::time::Duration;

use super::*;
use crate::limits::KEPT_WITHOUT_END_S;

impl Office {
    fn pass(&self, seconds: u64) {
        self.now_s.fetch_add(seconds, Ordering::Relaxed);
    }

    fn is_kept(&self, sealed: &Sealed) -> bool {
        self.desk.0.mailbox.record(sealed.deposit.id()).unwrap().is_some()
    }
}

// MSG-5
#[tokio::test]
async fn a_sender_that_goes_away_leaves_no_message_half_way() {
    let office = Arc::new(office());
    let sealed = office.sealed(office.head());
    office.door.blocks.store(true, Ordering::Relaxed);
    let sending = tokio::spawn({
        let (office, sealed) = (Arc::clone(&office), sealed.clone());
        async move { office.send(&sealed).await }
    });
    office.door.entered.notified().await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    office.desk.settle().await.unwrap();
    assert_eq!(office.received(&office.receiver).await, 0, "no block has it yet");
    office.door.released.notify_one();
    let seen = async {
        while office.received(&office.receiver).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
}

// MSG-5: as after a kill between the chain's answer and its mark on the disk.
#[tokio::test]
async fn what_a_block_has_is_found_and_marked_also_much_later() {
    let office = office();
    let sealed = office.sealed(office.head());
    let id = sealed.deposit.id();
    for lost in [Code::TimedOut, Code::Internal] {
        *office.door.loses.lock() = Some(lost);
        assert_eq!(office.send(&sealed).await.unwrap_err().code(), lost);
        assert!(office.is_kept(&sealed), "{lost:?} is no word on what became of it");
    }
    assert_eq!(office.received(&office.receiver).await, 0);
    office.pass(10 * KEPT_WITHOUT_END_S);
    assert_eq!(office.desk.settle().await.unwrap(), 1);
    assert_eq!(office.received(&office.receiver).await, 1);

    let now = office.now_s.load(Ordering::Relaxed);
    let stated = office.acknowledgement(&sealed, now);
    assert!(office.acknowledge(&office.receiver, id, &stated).await.is_err());
    let acknowledged = || office.desk.0.mailbox.record(id).unwrap().unwrap().is_acknowledged();
    assert!(!acknowledged());
    office.pass(10 * KEPT_WITHOUT_END_S);
    assert_eq!(office.desk.settle().await.unwrap(), 1);
    assert!(acknowledged());
    assert_eq!(office.desk.settle().await.unwrap(), 0, "once");
}

// MSG-5: a refusal that contradicts the blocks deletes nothing.
#[tokio::test]
async fn what_a_block_has_is_not_given_up_for_a_refusal() {
    let office = office();
    let sealed = office.sealed(office.head());
    *office.door.loses.lock() = Some(Code::IdempotencyConflict);
    office.send(&sealed).await.unwrap_err();
    assert_eq!(office.received(&office.receiver).await, 1);
}

// MSG-5, MSG-9
#[tokio::test]
async fn what_no_block_has_is_given_up_after_a_day_and_not_before() {
    let office = office();
    let sealed = office.sealed(office.head());
    *office.door.refuses.lock() = Some(Code::NotFinalYet);
    office.send(&sealed).await.unwrap_err();
    office.pass(KEPT_WITHOUT_END_S);
    office.desk.settle().await.unwrap();
    assert!(office.is_kept(&sealed));
    // Until then its sender goes on with it; from then on it is too old to be new.
    assert_eq!(office.send(&sealed).await.unwrap_err().code(), Code::NotFinalYet);
    office.pass(1);
    assert_eq!(office.send(&sealed).await.unwrap_err().code(), Code::OperationExpired);
    assert!(office.is_kept(&sealed));
    office.pass(MAX_AGE_S);
    office.desk.settle().await.unwrap();
    assert!(!office.is_kept(&sealed));
}
