//! The other cities whose organizations may write to this one: each by the genesis of its main chain, which its operator has listed. Nothing else of them is believed.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::B256;
use chancery_light::TrustedChain;
use tokio::{
    sync::{Mutex, Semaphore},
    task::{JoinError, spawn_blocking},
};

use crate::limits::MAX_DELIVERIES_IN_LINE;

/// A city that is listed.
#[derive(Clone, Debug)]
pub struct ListedCity {
    /// What its operator calls it.
    pub name: String,
    /// Its main chain.
    pub chain: TrustedChain,
}

/// A city of the list, and the line of those who bring its messages: their proofs are verified one after the other, so that a flood in the name of one city takes no more than one
/// processor, and holds no other city up (MSG-16). The line is bounded.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) city: ListedCity,
    places: Arc<Semaphore>,
    turn: Arc<Mutex<()>>,
}

/// Why it was nobody's turn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnError {
    /// Too many wait already.
    #[error("{MAX_DELIVERIES_IN_LINE} deliveries of that city wait already")]
    Full,
    /// It ended before its end.
    #[error("a delivery was not verified to its end: {0}")]
    Ended(#[from] JoinError),
}

impl Listed {
    fn new(city: ListedCity) -> Self {
        Self { city, places: Arc::new(Semaphore::new(MAX_DELIVERIES_IN_LINE)), turn: Arc::default() }
    }

    /// Does what takes a processor when it is its turn. Place and turn go with the work: whoever goes away while it is done does not let the next one begin.
    ///
    /// # Errors
    /// [`TurnError`].
    pub(crate) async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, TurnError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| TurnError::Full)?;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let done = spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        Ok(done.await?)
    }

    /// How many are in the line, with the one whose turn it is.
    #[cfg(test)]
    pub(crate) fn in_line(&self) -> usize {
        MAX_DELIVERIES_IN_LINE - self.places.available_permits()
    }
}

/// The list. Empty: no message of another city is taken.
#[derive(Debug, Default)]
pub struct Cities(BTreeMap<B256, Listed>);

impl Cities {
    /// The city whose main chain has this genesis.
    pub(crate) fn find(&self, genesis: B256) -> Option<&Listed> {
        self.0.get(&genesis)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<ListedCity> for Cities {
    fn from_iter<I: IntoIterator<Item = ListedCity>>(cities: I) -> Self {
        let listed = |city: ListedCity| (city.chain.genesis_hash(), Listed::new(city));
        Self(cities.into_iter().map(listed).collect())
    }
}

#[cfg(test)]
mod tests;
