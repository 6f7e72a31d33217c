//! A member chain's side: versions, reservations, and what ends them (ALLIANCE-3, ALLIANCE-4, ALLIANCE-6, ALLIANCE-8).

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use serde::{Deserialize, Serialize};

use super::{
    decision::{Decision, RequestState},
    message::{HashedPart, Part},
};

/// What became of a number on a member. The codes are those of the contract's storage; 0 is nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Its keys are held until the alliance's decision is proven.
    Reserved = 1,
    /// It will never be reserved.
    Refused = 2,
    /// Its writes are in force.
    Applied = 3,
    /// Its keys were given back without a write.
    Released = 4,
}

impl Outcome {
    /// The contract's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From a node contract's word of that number; `None`: nothing yet.
    #[must_use]
    pub fn from_word(word: U256) -> Option<Self> {
        match word.byte(0) {
            1 => Some(Self::Reserved),
            2 => Some(Self::Refused),
            3 => Some(Self::Applied),
            4 => Some(Self::Released),
            _ => None,
        }
    }
}

/// Why a part is not reserved, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Refusal {
    /// Read again, and ask again.
    #[error("key {key} has version {actual}, not {expected}: read it again")]
    Stale {
        /// Which key.
        key: B256,
        /// The version that the request had read.
        expected: u64,
        /// The version that it has.
        actual: u64,
    },
    /// Ask again when that one is decided.
    #[error("key {key} is held by the earlier request {holder}{}: ask again when that is decided", versions(.expected.as_ref(), .actual.as_ref()))]
    Conflict {
        /// Which key.
        key: B256,
        /// Number of the request that holds it.
        holder: u64,
        /// The version that the request had read; `None`: it writes the key without reading it, or that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<u64>,
        /// The version that the key has when this is asked: another one as soon as the holder is applied. `None`: it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        actual: Option<u64>,
    },
    /// Keys do not ascend, or a bound is exceeded.
    #[error("the part is malformed")]
    Malformed,
    /// The node contract's own rule says no.
    #[error("the node contract's rule refuses it")]
    Rejected,
}

/// What is known of a held key's versions.
fn versions(expected: Option<&u64>, actual: Option<&u64>) -> String {
    match (expected, actual) {
        (Some(expected), Some(actual)) => format!(" (expected version {expected}, actual version {actual})"),
        (None, Some(actual)) => format!(" (actual version {actual})"),
        (Some(expected), None) => format!(" (expected version {expected})"),
        (None, None) => String::new(),
    }
}

/// Why nothing was done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Try again: at the latest after that request's deadline the key is free, or its version is another one.
    #[error("key {key} is held by the later request {holder}, which goes first")]
    KeyHeld {
        /// Which key.
        key: B256,
        /// Number of the request that holds it.
        holder: u64,
    },
    /// There is no reservation of that number.
    #[error("the request is not reserved here: {0:?}")]
    NotReserved(Option<Outcome>),
    /// The part is not the one that was reserved.
    #[error("the part hashes to {found}, and {expected} was reserved")]
    PartDiffers {
        /// Hash of the reserved part.
        expected: B256,
        /// Hash of the part given.
        found: B256,
    },
    /// The evidence does not show a commit.
    #[error("the alliance has not committed: {0:?}")]
    NotCommitted(Option<RequestState>),
    /// The header is older than the request.
    #[error("the header's state does not have the request: show a later one")]
    RequestNotShown,
    /// Apply it instead.
    #[error("the alliance has committed: it must be applied")]
    Committed,
    /// A commit is still possible after this header.
    #[error("the alliance may commit until {deadline}, and the header is of {time}: show a later one")]
    DecisionOpen {
        /// Last second in which it can be committed.
        deadline: u64,
        /// The header's time.
        time: u64,
    },
}

/// What a final header of the alliance chain shows of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Evidence {
    /// The header's time, in seconds: of the alliance chain, whatever the clocks here say.
    pub time: u64,
    /// The request in that header's state; `None` if it is not there.
    pub decision: Option<Decision>,
}

/// A key of a member's store. Numbers count from 1, so 0 is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Entry {
    /// How often it was written.
    pub version: u64,
    /// The request that will write it, or may.
    pub writer: u64,
    /// The oldest of the requests that read it; remembered until none is left.
    pub oldest_reader: u64,
    /// How many requests read it.
    pub readers: u64,
    /// Its value.
    pub value: B256,
}

impl Entry {
    /// Whether a request holds it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.writer != 0 || self.readers != 0
    }

    /// The oldest that stands in the way of reading, or of writing.
    fn holder(&self, writes: bool) -> Option<u64> {
        let writer = Some(self.writer).filter(|number| *number != 0);
        let reader = Some(self.oldest_reader).filter(|_| writes && self.readers != 0);
        writer.into_iter().chain(reader).min()
    }
}

/// The versioned store of one member, with its reservations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Store {
    entries: BTreeMap<B256, Entry>,
    outcomes: BTreeMap<u64, Outcome>,
    /// Hashes of the parts that were reserved.
    parts: BTreeMap<u64, B256>,
}

impl Store {
    /// A key as it stands.
    #[must_use]
    pub fn entry(&self, key: B256) -> Entry {
        self.entries.get(&key).copied().unwrap_or_default()
    }

    /// Every key that was ever written or reserved.
    pub fn entries(&self) -> impl Iterator<Item = (&B256, &Entry)> {
        self.entries.iter()
    }

    /// What became of a number.
    #[must_use]
    pub fn outcome(&self, number: u64) -> Option<Outcome> {
        self.outcomes.get(&number).copied()
    }

    /// The member's own write, outside any request.
    ///
    /// # Errors
    /// [`StoreError::KeyHeld`]: nobody writes what is held (ALLIANCE-6).
    pub fn set(&mut self, key: B256, value: B256) -> Result<u64, StoreError> {
        let entry = self.entries.entry(key).or_default();
        if let Some(holder) = entry.holder(true) {
            return Err(StoreError::KeyHeld { key, holder });
        }
        entry.version += 1;
        entry.value = value;
        Ok(entry.version)
    }

    /// Holds a part's keys, or refuses it for ever. `accepts` is the node contract's own rule; it is asked last.
    ///
    /// # Errors
    /// [`StoreError::KeyHeld`] by a younger request: nothing is recorded.
    pub fn reserve(
        &mut self,
        number: u64,
        hashed: &HashedPart,
        accepts: impl FnOnce(&Self, &Part) -> bool,
    ) -> Result<(Outcome, Option<Refusal>), StoreError> {
        if let Some(known) = self.outcome(number) {
            return Ok((known, None));
        }
        let part = hashed.part();
        let refusal = match self.examine(number, part)? {
            None if !accepts(self, part) => Some(Refusal::Rejected),
            examined => examined,
        };
        let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Reserved };
        self.outcomes.insert(number, outcome);
        if refusal.is_none() {
            self.hold(number, hashed);
        }
        Ok((outcome, refusal))
    }

    /// Puts a reserved part's writes in force.
    ///
    /// # Errors
    /// Not reserved, another part, or no proof of a commit.
    pub fn apply(&mut self, number: u64, hashed: &HashedPart, evidence: &Evidence) -> Result<(), StoreError> {
        if self.outcome(number) == Some(Outcome::Applied) {
            return Ok(());
        }
        self.check_reserved(number, hashed)?;
        let state = evidence.decision.map(|decision| decision.state());
        if state != Some(RequestState::Committed) {
            return Err(StoreError::NotCommitted(state));
        }
        self.give_back(hashed.part());
        for write in &hashed.part().writes {
            let entry = self.entries.entry(write.key).or_default();
            entry.version += 1;
            entry.value = write.value;
        }
        self.outcomes.insert(number, Outcome::Applied);
        Ok(())
    }

    /// Gives a reserved part's keys back, if the alliance has not committed and never can (ALLIANCE-4).
    ///
    /// # Errors
    /// Not reserved, another part, committed, or a commit is still possible after that header.
    pub fn release(&mut self, number: u64, hashed: &HashedPart, evidence: &Evidence) -> Result<(), StoreError> {
        if self.outcome(number) == Some(Outcome::Released) {
            return Ok(());
        }
        self.check_reserved(number, hashed)?;
        let decision = evidence.decision.ok_or(StoreError::RequestNotShown)?;
        match decision.state() {
            RequestState::Committed => return Err(StoreError::Committed),
            RequestState::Sequenced if evidence.time <= decision.deadline() => {
                return Err(StoreError::DecisionOpen { deadline: decision.deadline(), time: evidence.time });
            }
            RequestState::Sequenced | RequestState::Aborted | RequestState::Invalid => {}
        }
        self.give_back(hashed.part());
        self.outcomes.insert(number, Outcome::Released);
        Ok(())
    }

    /// Why the part is refused, if it is. A refusal goes before waiting.
    fn examine(&self, number: u64, part: &Part) -> Result<Option<Refusal>, StoreError> {
        if !part.is_well_formed() {
            return Ok(Some(Refusal::Malformed));
        }
        for read in &part.reads {
            let actual = self.entry(read.key).version;
            if actual != read.version {
                return Ok(Some(Refusal::Stale { key: read.key, expected: read.version, actual }));
            }
        }
        let mut waits = None;
        for (key, writes) in holds(part) {
            match self.entry(key).holder(writes) {
                Some(holder) if holder < number => {
                    let (expected, actual) = (part.version_read(key), Some(self.entry(key).version));
                    return Ok(Some(Refusal::Conflict { key, holder, expected, actual }));
                }
                Some(holder) => waits = waits.or(Some(StoreError::KeyHeld { key, holder })),
                None => {}
            }
        }
        waits.map_or(Ok(None), Err)
    }

    fn hold(&mut self, number: u64, hashed: &HashedPart) {
        self.parts.insert(number, hashed.part_hash());
        for (key, writes) in holds(hashed.part()) {
            let entry = self.entries.entry(key).or_default();
            if writes {
                entry.writer = number;
            } else {
                entry.readers += 1;
                if entry.readers == 1 || number < entry.oldest_reader {
                    entry.oldest_reader = number;
                }
            }
        }
    }

    fn give_back(&mut self, part: &Part) {
        for (key, writes) in holds(part) {
            let entry = self.entries.entry(key).or_default();
            if writes {
                entry.writer = 0;
            } else {
                entry.readers = entry.readers.saturating_sub(1);
                if entry.readers == 0 {
                    entry.oldest_reader = 0;
                }
            }
        }
    }

    fn check_reserved(&self, number: u64, hashed: &HashedPart) -> Result<(), StoreError> {
        let outcome = self.outcome(number);
        match self.parts.get(&number) {
            Some(expected) if outcome == Some(Outcome::Reserved) => {
                let found = hashed.part_hash();
                if found == *expected { Ok(()) } else { Err(StoreError::PartDiffers { expected: *expected, found }) }
            }
            _ => Err(StoreError::NotReserved(outcome)),
        }
    }
}

/// What a part holds: each key once, alone if it is written.
fn holds(part: &Part) -> impl Iterator<Item = (B256, bool)> + '_ {
    let written = |key: B256| part.writes.binary_search_by_key(&key, |write| write.key).is_ok();
    let reads = part.reads.iter().map(|read| read.key).filter(move |key| !written(*key)).map(|key| (key, false));
    reads.chain(part.writes.iter().map(|write| (write.key, true)))
}

#[cfg(test)]
mod tests;
