//! What everything in a simulated world shares: the clock, the weather on the wires, and the trap in which somebody dies.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, Bytes};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    chance::Chance,
    node::{GENESIS_S, SimNode},
    step::{Moment, Party, Step},
};

/// Calls that are remembered for whoever replays them.
const MAX_OVERHEARD: usize = 512;

/// How messages fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Longest way of a message, in milliseconds.
    pub(crate) max_delay_ms: u64,
    /// Of a thousand questions, and of a thousand answers, so many are lost.
    pub(crate) lost: u64,
    /// Of a thousand questions so many arrive twice.
    pub(crate) doubled: u64,
}

impl Weather {
    pub(crate) const CALM: Self = Self { max_delay_ms: 5, lost: 0, doubled: 0 };
}

/// What becomes of a question and of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) there: Duration,
    pub(super) back: Duration,
    pub(super) question_is_lost: bool,
    pub(super) answer_is_lost: bool,
    pub(super) is_doubled: bool,
}

/// One life of a party: what it sends after its end does not arrive.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) party: Party,
    pub(crate) end: CancellationToken,
}

/// Who dies when a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) victim: Party,
    pub(crate) step: Step,
    pub(crate) moment: Moment,
}

#[derive(Debug, Default)]
struct Traps {
    set: Option<Trap>,
    sprung: Option<Trap>,
}

/// A step that arrives nowhere before another one has had its effect.
#[derive(Clone, Debug)]
struct Held {
    step: Step,
    until: Step,
    passed: CancellationToken,
}

/// A call of a contract that stands in a block.
#[derive(Clone, Debug)]
pub(crate) struct Overheard {
    pub(crate) chain: usize,
    pub(crate) to: Address,
    pub(crate) input: Bytes,
}

pub(crate) struct Shared {
    pub(crate) nodes: [Arc<SimNode>; 3],
    pub(crate) chance: Mutex<Chance>,
    began: Instant,
    weather: Mutex<Weather>,
    lives: Mutex<Vec<Life>>,
    traps: Mutex<Traps>,
    held: Mutex<Option<Held>>,
    overheard: Mutex<Vec<Overheard>>,
}

impl Shared {
    pub(super) fn new(nodes: [Arc<SimNode>; 3], seed: u64) -> Arc<Self> {
        Arc::new(Self {
            nodes,
            chance: Mutex::new(Chance::new(seed)),
            began: Instant::now(),
            weather: Mutex::new(Weather::CALM),
            lives: Mutex::default(),
            traps: Mutex::default(),
            held: Mutex::default(),
            overheard: Mutex::default(),
        })
    }

    /// Milliseconds since 1970, as every chain's validator sees them.
    pub(crate) fn now_ms(&self) -> u64 {
        GENESIS_S * 1000 + u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.weather.lock() = weather;
    }

    pub(super) fn fate(&self) -> Fate {
        let weather = *self.weather.lock();
        let mut chance = self.chance.lock();
        Fate {
            there: chance.between_ms(1, weather.max_delay_ms),
            back: chance.between_ms(1, weather.max_delay_ms),
            question_is_lost: chance.happens(weather.lost),
            answer_is_lost: chance.happens(weather.lost),
            is_doubled: chance.happens(weather.doubled),
        }
    }

    /// A party begins anew. Lives of the same party go on beside each other until they are ended.
    pub(crate) fn life(&self, party: Party) -> Life {
        let life = Life { party, end: CancellationToken::new() };
        let mut lives = self.lives.lock();
        lives.retain(|life| !life.end.is_cancelled());
        lives.push(life.clone());
        life
    }

    /// Ends every life of a party at once.
    pub(crate) fn kill(&self, party: Party) {
        if let Party::Node(chain) = party {
            self.nodes[chain].crash();
        }
        for life in self.lives.lock().iter().filter(|life| life.party == party) {
            life.end.cancel();
        }
    }

    pub(crate) fn set_trap(&self, trap: Trap) {
        *self.traps.lock() = Traps { set: Some(trap), sprung: None };
    }

    /// Who died since this was asked last.
    pub(crate) fn take_sprung(&self) -> Option<Trap> {
        self.traps.lock().sprung.take()
    }

    /// Whether a trap waits still; it is taken away.
    pub(crate) fn disarm(&self) -> bool {
        self.traps.lock().set.take().is_some()
    }

    /// Keeps a step on its way until another one is in a final block.
    pub(crate) fn hold(&self, step: Step, until: Step) {
        *self.held.lock() = Some(Held { step, until, passed: CancellationToken::new() });
    }

    /// Nothing is kept any more.
    pub(crate) fn let_go(&self) {
        if let Some(held) = self.held.lock().take() {
            held.passed.cancel();
        }
    }

    /// Waits as long as a step is kept.
    pub(super) async fn pass(&self, step: Step) {
        let held = self.held.lock().clone().filter(|held| held.step == step);
        if let Some(held) = held {
            held.passed.cancelled().await;
        }
    }

    /// A step is taken.
    pub(crate) fn note(&self, step: Step, moment: Moment) {
        if moment == Moment::After && self.held.lock().as_ref().is_some_and(|held| held.until == step) {
            self.let_go();
        }
        let victim = {
            let mut traps = self.traps.lock();
            let Some(trap) = traps.set.filter(|trap| (trap.step, trap.moment) == (step, moment)) else { return };
            *traps = Traps { set: None, sprung: Some(trap) };
            trap.victim
        };
        self.kill(victim);
    }

    pub(super) fn overhear(&self, call: Overheard) {
        let mut overheard = self.overheard.lock();
        if overheard.len() < MAX_OVERHEARD {
            overheard.push(call);
        }
    }

    /// Some call that stands in a block.
    pub(crate) fn any_overheard(&self, chance: &mut Chance) -> Option<Overheard> {
        let overheard = self.overheard.lock();
        overheard.get(chance.index(overheard.len())).cloned()
    }
}
