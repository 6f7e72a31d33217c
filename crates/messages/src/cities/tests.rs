#![allow(clippy::unwrap_used)]

use std::{
    future::Future,
    pin::pin,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::*;
use crate::made_city::MadeCity;

const LONG: Duration = Duration::from_secs(20);

fn listed() -> Listed {
    Listed::new(ListedCity { name: "north".to_owned(), chain: MadeCity::new(1).chain() })
}

fn is_waiting<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

// MSG-16: one after the other, also for those who send and go away.
#[tokio::test]
async fn whoever_goes_away_keeps_the_turn_until_its_work_is_done() {
    let listed = listed();
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    {
        let mut first = pin!(listed.in_turn(move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
        }));
        assert!(is_waiting(first.as_mut()));
        begins.recv_timeout(LONG).unwrap();
    }
    assert_eq!(listed.in_line(), 1, "the work goes on");
    assert!(Arc::clone(&listed.turn).try_lock_owned().is_err(), "and the turn is its own");
    let ran = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&ran);
    let mut second = pin!(listed.in_turn(move || seen.store(true, Ordering::SeqCst)));
    assert!(is_waiting(second.as_mut()));
    assert!(!ran.load(Ordering::SeqCst));
    release.send(()).unwrap();
    tokio::time::timeout(LONG, second).await.unwrap().unwrap();
    assert!(ran.load(Ordering::SeqCst));
}

// MSG-9, MSG-16: whoever would wait too long hears so at once.
#[tokio::test]
async fn the_line_of_a_city_is_bounded_and_another_city_has_its_own() {
    let (listed, other) = (listed(), listed());
    let turn = Arc::clone(&listed.turn).lock_owned().await;
    let mut waiting: Vec<_> = (0..MAX_DELIVERIES_IN_LINE).map(|_| Box::pin(listed.in_turn(|| ()))).collect();
    assert!(waiting.iter_mut().all(|one| is_waiting(one.as_mut())));
    assert!(matches!(listed.in_turn(|| ()).await, Err(TurnError::Full)));
    other.in_turn(|| ()).await.unwrap();
    // One who has not begun and goes away leaves its place.
    drop(waiting.pop());
    drop(turn);
    tokio::time::timeout(LONG, waiting.remove(0)).await.unwrap().unwrap();
    drop(waiting);
    listed.in_turn(|| ()).await.unwrap();
}
