//! A message between two cities: the sender's chain records its deposit, the receiver's chain its receipt.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::Head;

/// A city, by its main chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct City {
    /// EIP-155 id; other cities may have the same.
    pub chain_id: u64,
    /// Hash of the genesis header.
    pub genesis: B256,
}

impl Head {
    /// EIP-155 id, and hash of the genesis header, of the main chain that records the receipt. The hash is absent where the head names none.
    #[must_use]
    pub fn received_on(&self) -> (u64, Option<B256>) {
        self.to_city.map_or((self.chain_id, self.genesis), |city| (city.chain_id, Some(city.genesis)))
    }
}
