//! The other cities whose organizations may write to this one: each by the genesis of its main chain, which its operator has listed. Nothing else of them is believed.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use chancery_light::TrustedChain;
use tokio::sync::Mutex;

/// A city that is listed.
#[derive(Clone, Debug)]
pub struct ListedCity {
    /// What its operator calls it.
    pub name: String,
    /// Its main chain.
    pub chain: TrustedChain,
}

/// A city of the list, and the turn of those who bring its messages: their proofs are verified one after the other, so that a flood in the name of one city takes no more than one
/// processor, and holds no other city up (MSG-16).
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) city: ListedCity,
    pub(crate) turn: Mutex<()>,
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
        let listed = |city: ListedCity| (city.chain.genesis_hash(), Listed { city, turn: Mutex::default() });
        Self(cities.into_iter().map(listed).collect())
    }
}
