//! The relay as a process runs it: takes submissions, and drives every request of the alliance to its end, many side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_primitives::B256;
use futures::future::join3;
use parking_lot::{Mutex, RwLock};
use tokio::{
    sync::{Mutex as Turn, Notify, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    MemberLink, RequestRelay, Ways,
    decided::Decided,
    docket::{Docket, Lot, Parked},
    errand::Errand,
    parts::Parts,
    roads::{Learnt, Road, Route},
    visit::{Awaits, Visit},
};
use crate::{
    alliance::decision::RequestState,
    contracts::{AllianceContract, ViewError},
};

/// Requests that are looked at at the same time.
const PARALLEL: usize = 512;
/// Longest care for one request at a time: longer than for each of its parts.
const VISIT_TIMEOUT: Duration = Duration::from_secs(120);
/// First pause before a request is visited again for which nothing could be done.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// Visits in a row that change nothing, after which a request waits outside.
const MAX_VISITS: u32 = 8;
/// The same of one that is decided.
const MAX_VISITS_DECIDED: u32 = 4;
/// How many times longer the pauses of one that waits outside may become.
const PARKED_PAUSES: u32 = 16;
/// The same of one that is decided: nobody waits for what is left of it but those who want a key that was reserved late.
const DECIDED_PAUSES: u32 = 64;

/// Bounds of a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierLimits {
    /// Longest pause before new requests are looked for, and first pause of a request for which nothing could be done for a while.
    pub pause: Duration,
    /// Pause between two looks for reservations that somebody has begun past this relay, and not ended.
    pub sweep_pause: Duration,
}

impl Default for CourierLimits {
    fn default() -> Self {
        Self { pause: Duration::from_millis(500), sweep_pause: Duration::from_secs(60) }
    }
}

/// Carries the requests of one alliance. It keeps nothing that cannot be found again: requests are on chain, and their parts come from requesters.
#[derive(Debug)]
pub struct Courier {
    pub(super) relay: RequestRelay,
    pub(super) alliance: AllianceContract,
    /// `None`: the members are those that it was given.
    pub(super) ways: Option<Ways>,
    pub(super) roads: RwLock<BTreeMap<B256, Road>>,
    pub(super) learnt: Turn<Learnt>,
    pub(super) changes: watch::Sender<()>,
    pub(super) docket: Mutex<Docket>,
    pub(super) places: Semaphore,
    pub(super) limits: CourierLimits,
    pub(super) parts: Mutex<Parts>,
    pub(super) handed_in: Mutex<BTreeMap<u64, Errand>>,
    pub(super) decided: Mutex<Decided>,
    pub(super) submitted: Notify,
    /// Requests that are decided, of which others carry a part.
    pub(super) left: AtomicU64,
    /// The alliance could not be read when it was read last.
    pub(super) is_blind: AtomicBool,
}

/// A place among those that are open, given back however its request is left.
struct Seat<'a> {
    courier: &'a Courier,
    /// `None`: it was given back.
    number: Option<u64>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.courier.docket.lock().close(number);
        }
    }
}

impl Courier {
    /// For the members that are given, and no others; parts of these wait for other relays.
    #[must_use]
    pub fn new(relay: RequestRelay, members: Vec<MemberLink>, limits: CourierLimits) -> Self {
        let roads = members.into_iter().map(|link| (link.name, Road::Reached(Route::new(link, &relay, true))));
        let roads = roads.collect();
        Self::over(relay, None, roads, limits)
    }

    /// For everybody who is a member, was one or becomes one, as far as these ways lead. It has [learnt](Self::learn) of them when it runs.
    #[must_use]
    pub fn learning(ways: Ways, limits: CourierLimits) -> Self {
        let relay = RequestRelay {
            chain: ways.alliance.chain.clone(),
            contract: ways.alliance.address,
            key: Arc::clone(&ways.key),
        };
        Self::over(relay, Some(ways), BTreeMap::new(), limits)
    }

    fn over(relay: RequestRelay, ways: Option<Ways>, roads: BTreeMap<B256, Road>, limits: CourierLimits) -> Self {
        Self {
            alliance: AllianceContract { chain: relay.chain.clone(), address: relay.contract },
            relay,
            ways,
            roads: RwLock::new(roads),
            learnt: Turn::default(),
            changes: watch::Sender::new(()),
            docket: Mutex::default(),
            places: Semaphore::new(PARALLEL),
            limits,
            parts: Mutex::default(),
            handed_in: Mutex::default(),
            decided: Mutex::default(),
            submitted: Notify::new(),
            left: AtomicU64::new(0),
            is_blind: AtomicBool::new(false),
        }
    }

    /// Carries until it is dropped. What fails is logged and tried again.
    pub async fn run(self: &Arc<Self>) {
        if let Err(error) = Box::pin(self.learn()).await {
            tracing::warn!(%error, "the alliance's members cannot be read yet");
        }
        join3(Box::pin(self.carry_all()), Box::pin(self.keep_learning()), Box::pin(self.keep_sweeping())).await;
    }

    async fn carry_all(self: &Arc<Self>) {
        let (mut tasks, mut seen, mut early) = (JoinSet::new(), None, BTreeSet::new());
        let mut begun = None;
        let mut again: Option<RangeInclusive<u64>> = None;
        loop {
            let woken = self.docket.lock().wake(Instant::now(), |member| self.is_silent(member));
            for (number, parked) in woken {
                self.begin(&mut tasks, number, Some(parked));
            }
            // Those that were handed in here need not be found on chain first.
            for number in self.fresh(seen, &early, self.room()) {
                early.insert(number);
                self.open(&mut tasks, number);
            }
            for number in self.handed_in_before(begun) {
                self.open(&mut tasks, number);
            }
            match self.discover(&mut seen, self.room()).await {
                Ok(numbers) => {
                    begun = begun.or(seen);
                    if self.is_blind.swap(false, Ordering::Relaxed) {
                        self.docket.lock().hasten(Lot::Others, Instant::now());
                    }
                    for number in numbers {
                        if !early.remove(&number) {
                            self.open(&mut tasks, number);
                        }
                    }
                }
                Err(error) => {
                    if !self.is_blind.swap(true, Ordering::Relaxed) {
                        tracing::warn!(%error, "the alliance's requests cannot be read");
                    }
                }
            }
            // The rest of the room, and not all of it: what is new comes first.
            let room = self.room() / 2;
            let found = self.docket.lock().open_found(room);
            for number in found {
                self.begin(&mut tasks, number, None);
            }
            self.look_again(&mut tasks, &mut again, seen);
            timeout(self.limits.pause, self.submitted.notified()).await.ok();
            while tasks.try_join_next().is_some() {}
        }
    }

    fn room(&self) -> usize {
        self.docket.lock().room()
    }

    /// Begins to drive one that is new.
    fn open(self: &Arc<Self>, tasks: &mut JoinSet<()>, number: u64) {
        if self.docket.lock().open(number) {
            self.begin(tasks, number, None);
        }
    }

    fn begin(self: &Arc<Self>, tasks: &mut JoinSet<()>, number: u64, parked: Option<Parked>) {
        let own = Arc::clone(self);
        tasks.spawn(async move { own.drive(number, parked).await });
    }

    /// Numbers that were handed in here and are not driven yet, at most `room`. Before the chain was looked at once it is not known which are driven.
    fn fresh(&self, seen: Option<u64>, early: &BTreeSet<u64>, room: usize) -> Vec<u64> {
        let Some(seen) = seen else { return Vec::new() };
        let handed_in = self.handed_in.lock();
        let newer = handed_in.range(seen.saturating_add(1)..).map(|(number, _)| *number);
        newer.filter(|number| !early.contains(number)).take(room).collect()
    }

    /// Numbers that were handed in before the chain was looked at the first time, and may not be driven yet.
    fn handed_in_before(&self, begun: Option<u64>) -> Vec<u64> {
        let Some(begun) = begun else { return Vec::new() };
        self.handed_in.lock().range(..=begun).map(|(number, _)| *number).collect()
    }

    /// Numbers that are new, at most `room`. At the start, none: what is not ended of those before is found by its events.
    async fn discover(&self, seen: &mut Option<u64>, room: usize) -> Result<RangeInclusive<u64>, ViewError> {
        let count = self.alliance.request_count().await?;
        let known = seen.unwrap_or(count);
        let last = count.min(known.saturating_add(room as u64));
        *seen = Some(last.max(known));
        Ok(known.saturating_add(1)..=last)
    }

    /// Goes through the numbers again among which are some that found no room outside, as far as there is room now.
    fn look_again(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        again: &mut Option<RangeInclusive<u64>>,
        seen: Option<u64>,
    ) {
        if again.is_none() {
            *again = self.docket.lock().take_left_out().zip(seen).map(|(first, last)| first..=last);
        }
        let Some(numbers) = again else { return };
        for _ in 0..self.room() / 2 {
            let Some(number) = numbers.next() else {
                *again = None;
                return;
            };
            self.open(tasks, number);
        }
    }

    /// Brings one request to its end, or to where it waits.
    async fn drive(&self, number: u64, parked: Option<Parked>) {
        let mut seat = Seat { courier: self, number: Some(number) };
        let mut errand = self.handed_in.lock().remove(&number).unwrap_or_default();
        errand.is_careful |= parked.is_some_and(|parked| parked.is_careful);
        // One that has waited outside goes out again at once if nothing has changed.
        let (mut visits, mut rest) =
            if parked.is_some() { (1, parked.map(|parked| parked.pause)) } else { (MAX_VISITS, None) };
        let mut pause = FIRST_PAUSE;
        loop {
            let (state, lot) = match timeout(VISIT_TIMEOUT, Box::pin(self.visit(number, &mut errand))).await {
                Ok(Ok((_, Visit::Done))) => {
                    self.left.fetch_add(errand.is_left.into(), Ordering::Relaxed);
                    return;
                }
                Ok(Ok((_, Visit::Moved))) => {
                    (pause, visits, rest) = (FIRST_PAUSE, MAX_VISITS, None);
                    continue;
                }
                Ok(Ok((state, Visit::Later(awaits)))) => {
                    visits = match (state, awaits) {
                        (_, Awaits::Silent(_)) => 1,
                        (RequestState::Sequenced, _) => visits,
                        _ => visits.min(MAX_VISITS_DECIDED),
                    };
                    (state, awaits.lot())
                }
                Ok(Err(error)) => {
                    tracing::debug!(number, %error, "a request is not carried further now");
                    (RequestState::Sequenced, Lot::Others)
                }
                Err(_) => {
                    tracing::warn!(number, "a request takes long, and is visited again");
                    (RequestState::Sequenced, Lot::Others)
                }
            };
            visits = visits.saturating_sub(1);
            if visits == 0 {
                let times = if state == RequestState::Sequenced { PARKED_PAUSES } else { DECIDED_PAUSES };
                let longest = self.limits.pause.saturating_mul(times);
                let pause = rest.map_or(self.limits.pause, |rest| rest.saturating_mul(2)).min(longest);
                let parked = Parked { pause, is_careful: errand.is_careful };
                seat.number = None;
                if !self.docket.lock().park(number, lot, parked, Instant::now()) {
                    tracing::debug!(number, ?lot, "there is no room for a request that waits; it is looked for again");
                }
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(self.limits.pause);
        }
    }
}
