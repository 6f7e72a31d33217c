//! One suite for the doors, however they are reached (M-RP-12, DOORS-1, DOORS-3).

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;

use crate::{
    conversation::converse,
    house::{House, Reached, offered},
    wired::Wired,
};

/// How a suite reaches a house.
trait Way {
    async fn to(&self, house: &Arc<House>) -> (Reached, Option<Wired>);
}

struct InProcess;

impl Way for InProcess {
    async fn to(&self, house: &Arc<House>) -> (Reached, Option<Wired>) {
        (Reached::in_process(house), None)
    }
}

/// In a folder of its own.
struct OverTheWire(tempfile::TempDir);

impl OverTheWire {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Way for OverTheWire {
    async fn to(&self, house: &Arc<House>) -> (Reached, Option<Wired>) {
        let wired = Wired::start(&self.0.path().join("doors"), offered(house)).await;
        (Reached::over_the_wire(&wired.remote), Some(wired))
    }
}

/// What was heard at the doors, and what was asked behind them: all operations answered, then all refused.
async fn held(way: &impl Way, seed: u64) -> (Vec<String>, Vec<String>) {
    let house = House::new(seed);
    let (reached, wired) = way.to(&house).await;
    let mut heard = converse(&reached, seed).await;
    assert!(heard.iter().any(|line| line.contains("Ok(")));
    house.refuse();
    heard.extend(converse(&reached, !seed).await);
    let asked = house.asked();
    if let Some(wired) = wired {
        wired.stop().await;
    }
    (heard, asked)
}

/// Operations of all doors.
const OPERATIONS: usize = 82;

/// The suite: each operation reaches its door once, in order, and is answered by it.
async fn suite(way: &impl Way) {
    let (heard, asked) = held(way, 7).await;
    assert_eq!((heard.len(), asked.len()), (2 * OPERATIONS, 2 * OPERATIONS));
    let operations: BTreeSet<&str> = asked.iter().map(|line| line.split('(').next().unwrap()).collect();
    assert_eq!(operations.len(), OPERATIONS);
    assert!(asked.iter().enumerate().all(|(place, line)| {
        let told = heard[place].split(':').next().unwrap().replace('_', "");
        let name = line.split('(').next().unwrap().replace('_', "").replace("::", ".").to_lowercase();
        told == name
    }));
    // The second round was refused, each with an error of its own; the many of one call have their own verdicts in both.
    assert!(
        heard[OPERATIONS..]
            .iter()
            .filter(|line| !line.contains(": Err("))
            .all(|line| line.starts_with("r2d_sources.accept"))
    );
}

// M-RP-12, DOORS-1
#[tokio::test]
async fn the_doors_conform_in_process() {
    suite(&InProcess).await;
}

// M-RP-12, DOORS-1
#[tokio::test]
async fn the_doors_conform_over_the_wire() {
    suite(&OverTheWire::new()).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    // DOORS-1, DOORS-3: whatever is asked, answered or refused, nobody can tell which way it went.
    #[test]
    fn no_operation_can_tell_the_wire_from_the_neighbour(seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (near, far) = runtime.block_on(async { (held(&InProcess, seed).await, held(&OverTheWire::new(), seed).await) });
        for (near, far) in near.1.iter().zip(&far.1) {
            prop_assert_eq!(near, far);
        }
        for (near, far) in near.0.iter().zip(&far.0) {
            prop_assert_eq!(near, far);
        }
    }
}
