//! The other cities whose organizations may write to this one: each by the genesis of its main chain, which its operator has listed. Nothing else of them is believed.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use chancery_light::TrustedChain;

/// A city that is listed.
#[derive(Clone, Debug)]
pub struct ListedCity {
    /// What its operator calls it.
    pub name: String,
    /// Its main chain.
    pub chain: TrustedChain,
}

/// The list. Empty: no message of another city is taken.
#[derive(Clone, Debug, Default)]
pub struct Cities(BTreeMap<B256, ListedCity>);

impl Cities {
    /// The city whose main chain has this genesis.
    #[must_use]
    pub fn find(&self, genesis: B256) -> Option<&ListedCity> {
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
        Self(cities.into_iter().map(|city| (city.chain.genesis_hash(), city)).collect())
    }
}
