//! Which requests are under way, and which wait outside: pure, so that what a relay forgets, and what it never does, can be shown.
//!
//! ```text
//! new ----> [open] --nothing could be done--> [parked, in the lot of whoever it waits for] --its time has come--> [open]
//! found --/    '--at its end--> gone              '--no room--> gone, and looked for again when half of that lot is free
//! ```
//! Each member has a lot of its own, and each lot a bound: what waits for one that is silent takes the places of nobody else, neither outside nor, when it is tried again,
//! among those that are open.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy_primitives::B256;
use tokio::time::Instant;

/// Requests that are looked after at a time.
pub(super) const MAX_OPEN: usize = 4_096;
/// Of those, so many may be of one lot and have been parked before.
const MAX_WOKEN: usize = 512;
/// The same of a member that is silent: enough to notice that it answers.
const MAX_WOKEN_OF_SILENT: usize = 32;
/// All that have been parked before: the rest of the room is for new ones.
const MAX_ALL_WOKEN: usize = MAX_OPEN / 2;
/// Requests parked in one lot.
pub(super) const MAX_PARKED: usize = 16_384;
/// Requests that were found unfinished on chain, and are not opened yet.
pub(super) const MAX_FOUND: usize = 65_536;

/// For whom a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lot {
    /// For a reservation that somebody may have sent before the abort. One that finds no room is found by its reservation, if there is any.
    Late,
    /// For its requester, for other requests or for time to pass.
    Others,
    /// For a member.
    Member(B256),
}

/// What is remembered of a request that is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parked {
    /// How long it waits this time.
    pub(super) pause: Duration,
    /// A step of it was refused.
    pub(super) is_careful: bool,
}

#[derive(Debug, Default)]
struct Places {
    due: BTreeSet<(Instant, u64)>,
    /// Those of it that are open again.
    woken: usize,
    /// The lowest number for which there was no room.
    left_out: Option<u64>,
}

/// Requests of one relay.
#[derive(Debug, Default)]
pub(super) struct Docket {
    /// By number, with the lot that they come from; `None`: they are new.
    open: BTreeMap<u64, Option<Lot>>,
    parked: BTreeMap<u64, (Lot, Instant, Parked)>,
    lots: BTreeMap<Lot, Places>,
    found: BTreeSet<u64>,
    left_out: u64,
}

impl Docket {
    /// Places for new ones.
    pub(super) fn room(&self) -> usize {
        MAX_OPEN.saturating_sub(self.open.len())
    }

    /// Takes a new one; not if it is under way already.
    pub(super) fn open(&mut self, number: u64) -> bool {
        self.found.remove(&number);
        if self.open.contains_key(&number) || self.parked.contains_key(&number) {
            return false;
        }
        self.open.insert(number, None);
        true
    }

    /// It is at its end. Nothing for one that is not open.
    pub(super) fn close(&mut self, number: u64) {
        if let Some(Some(lot)) = self.open.remove(&number)
            && let Some(places) = self.lots.get_mut(&lot)
        {
            places.woken = places.woken.saturating_sub(1);
        }
    }

    /// Nothing can be done for it now; whether there was room for it.
    pub(super) fn park(&mut self, number: u64, lot: Lot, parked: Parked, now: Instant) -> bool {
        self.close(number);
        let places = self.lots.entry(lot).or_default();
        if places.due.len() >= MAX_PARKED {
            self.left_out += 1;
            if lot == Lot::Late {
                return false;
            }
            places.left_out = Some(places.left_out.map_or(number, |lowest| lowest.min(number)));
            return false;
        }
        let due = now + parked.pause;
        places.due.insert((due, number));
        self.parked.insert(number, (lot, due, parked));
        true
    }

    /// Opens those whose time has come; whoever waits longest goes first within a lot.
    pub(super) fn wake(&mut self, now: Instant, is_silent: impl Fn(B256) -> bool) -> Vec<(u64, Parked)> {
        let mut woken = Vec::new();
        let mut all: usize = self.lots.values().map(|places| places.woken).sum();
        for (lot, places) in &mut self.lots {
            let most = match lot {
                Lot::Member(member) if is_silent(*member) => MAX_WOKEN_OF_SILENT,
                Lot::Member(_) | Lot::Others | Lot::Late => MAX_WOKEN,
            };
            while places.woken < most
                && all < MAX_ALL_WOKEN
                && self.open.len() < MAX_OPEN
                && let Some((due, number)) = places.due.first().copied()
                && due <= now
            {
                places.due.remove(&(due, number));
                let Some((_, _, parked)) = self.parked.remove(&number) else { continue };
                self.open.insert(number, Some(*lot));
                places.woken += 1;
                all += 1;
                woken.push((number, parked));
            }
        }
        woken
    }

    /// Something has changed for all of a lot: their time has come.
    pub(super) fn hasten(&mut self, lot: Lot, now: Instant) {
        let Some(places) = self.lots.get_mut(&lot) else { return };
        // In the order in which they wait. Those whose time has come already stay where they are: a member that answers and falls silent in turn moves each of them once.
        for (_, number) in places.due.split_off(&(now, u64::MAX)) {
            if let Some((_, due, _)) = self.parked.get_mut(&number) {
                *due = now;
            }
            places.due.insert((now, number));
        }
    }

    /// The same for one.
    pub(super) fn hasten_one(&mut self, number: u64, now: Instant) {
        let Some((lot, due, _)) = self.parked.get_mut(&number) else { return };
        if let Some(places) = self.lots.get_mut(lot) {
            places.due.remove(&(*due, number));
            places.due.insert((now, number));
        }
        *due = now;
    }

    /// Whether it waits outside.
    pub(super) fn is_parked(&self, number: u64) -> bool {
        self.parked.contains_key(&number)
    }

    /// Places for those that are found on chain.
    pub(super) fn room_for_found(&self) -> usize {
        MAX_FOUND.saturating_sub(self.found.len())
    }

    /// It was found unfinished.
    pub(super) fn find(&mut self, number: u64) {
        if !self.open.contains_key(&number) && !self.parked.contains_key(&number) {
            self.found.insert(number);
        }
    }

    /// Opens those that were found, the highest first, at most `room`.
    pub(super) fn open_found(&mut self, room: usize) -> Vec<u64> {
        let mut opened = Vec::new();
        while opened.len() < room
            && let Some(number) = self.found.pop_last()
        {
            if self.open(number) {
                opened.push(number);
            }
        }
        opened
    }

    /// From which number on it has to be looked again for what found no room, once half of that lot is free.
    pub(super) fn take_left_out(&mut self) -> Option<u64> {
        let free = self.lots.values_mut().filter(|places| places.due.len() <= MAX_PARKED / 2);
        free.filter_map(|places| places.left_out.take()).min()
    }

    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn parked_count(&self) -> usize {
        self.parked.len()
    }

    /// Those that are parked in a member's lot.
    pub(super) fn waiting_for(&self, member: B256) -> usize {
        self.lots.get(&Lot::Member(member)).map_or(0, |places| places.due.len())
    }

    /// How often there was no room for one.
    pub(super) const fn left_out_count(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SOON: Parked = Parked { pause: Duration::from_secs(1), is_careful: false };
    const SILENT: B256 = B256::repeat_byte(1);
    const OTHER: B256 = B256::repeat_byte(2);

    fn parked(numbers: impl Iterator<Item = u64>, lot: Lot, now: Instant) -> Docket {
        let mut docket = Docket::default();
        for number in numbers {
            docket.open(number);
            docket.park(number, lot, SOON, now);
        }
        docket
    }

    // A-MORE-2: what waits for one member takes nobody's room, neither outside nor when it is tried again.
    #[test]
    fn what_waits_for_a_silent_member_leaves_room_for_others() {
        let now = Instant::now();
        let most = u64::try_from(MAX_PARKED).unwrap();
        let mut docket = parked(1..=most, Lot::Member(SILENT), now);
        assert_eq!((docket.room(), docket.open_count(), docket.waiting_for(SILENT)), (MAX_OPEN, 0, MAX_PARKED));
        docket.open(most + 1);
        assert!(docket.park(most + 1, Lot::Member(OTHER), SOON, now), "another member's lot is its own");
        let later = now + SOON.pause;
        let woken = docket.wake(later, |member| member == SILENT);
        assert_eq!(woken.len(), MAX_WOKEN_OF_SILENT + 1);
        assert!(woken.iter().any(|(number, _)| *number == most + 1));
        assert_eq!(docket.wake(later, |member| member == SILENT), [], "until those have gone");
        // It answers again.
        docket.hasten(Lot::Member(SILENT), later);
        assert_eq!(docket.wake(later, |_| false).len(), MAX_WOKEN - MAX_WOKEN_OF_SILENT);
        assert_eq!(docket.room(), MAX_OPEN - MAX_WOKEN - 1);
    }

    // A-MORE-1, A-MORE-2: what finds no room is not forgotten.
    #[test]
    fn what_found_no_room_is_looked_for_again_when_there_is_some() {
        let now = Instant::now();
        let most = u64::try_from(MAX_PARKED).unwrap();
        let mut docket = parked(1..=most, Lot::Others, now);
        for number in [most + 7, most + 5] {
            docket.open(number);
            assert!(!docket.park(number, Lot::Others, SOON, now));
        }
        assert_eq!((docket.left_out_count(), docket.open_count(), docket.take_left_out()), (2, 0, None));
        while docket.parked_count() > MAX_PARKED / 2 {
            for (number, _) in docket.wake(now + SOON.pause, |_| false) {
                docket.close(number);
            }
        }
        assert_eq!((docket.take_left_out(), docket.take_left_out()), (Some(most + 5), None));
    }

    // A-MORE-2: a member whose answers come and go does not have all that waits for it moved each time.
    #[test]
    fn whose_time_has_come_keeps_its_place() {
        let now = Instant::now();
        let mut docket = parked(1..=2, Lot::Member(SILENT), now);
        docket.hasten(Lot::Member(SILENT), now);
        let later = now + SOON.pause;
        docket.open(3);
        docket.park(3, Lot::Member(SILENT), SOON, later);
        docket.hasten(Lot::Member(SILENT), later);
        let order: Vec<_> = docket.lots[&Lot::Member(SILENT)].due.iter().copied().collect();
        assert_eq!(order, [(now, 1), (now, 2), (later, 3)]);
        assert!(docket.is_parked(3) && !docket.is_parked(4));
        assert_eq!(docket.wake(later, |_| false).len(), 3);
    }

    #[test]
    fn whoever_is_under_way_is_not_begun_twice() {
        let now = Instant::now();
        let mut docket = parked(1..=1, Lot::Others, now);
        assert!(!docket.open(1) && docket.open(2) && !docket.open(2));
        docket.find(1);
        docket.find(2);
        docket.find(3);
        docket.find(4);
        assert_eq!(docket.open_found(1), [4]);
        assert_eq!(docket.open_found(9), [3]);
        assert_eq!(docket.wake(now, |_| false), []);
        docket.hasten_one(1, now);
        assert_eq!(docket.wake(now, |_| false), [(1, SOON)]);
        docket.close(1);
        assert_eq!((docket.open_count(), docket.parked_count()), (3, 0));
    }
}
