//! Requests and answers, one module for each first part of the path, as the routes of the gateway are laid out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::{HexHash, Timestamp};

pub mod alerts;
pub mod alliance;
pub mod applications;
pub mod certificates;
pub mod chains;
pub mod changes;
pub mod contracts;
pub mod data;
pub mod events;
pub mod fees;
pub mod formats;
pub mod health;
pub mod inspections;
pub mod kinds;
pub mod messages;
pub mod operations;
pub mod organizations;
pub mod persons;
pub mod presentations;
pub mod quotas;
pub mod reports;
pub mod resources;
pub mod roles;
pub mod services;
pub mod session;
pub mod shown;
pub mod sources;
pub mod submissions;
pub mod subscriptions;
pub mod users;

/// A value that shows what a type looks like: used in the OpenAPI document and in tests.
pub trait Example {
    /// The example.
    fn example() -> Self;
}

/// A page of a list. Ask with `cursor` set to `nextCursor` for the next one; the last page has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows, in the order that the endpoint documents.
    pub items: Vec<T>,
    /// Opaque; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T: Example> Example for Page<T> {
    fn example() -> Self {
        Self { items: vec![T::example()], next_cursor: None }
    }
}

/// Where something is recorded on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The chain.
    #[schema(example = "main")]
    pub chain: String,
    /// The transaction.
    pub tx_hash: HexHash,
    /// The final block that holds it.
    #[schema(example = 128)]
    pub block_number: u64,
    /// Its hash.
    pub block_hash: HexHash,
}

impl Example for Recorded {
    fn example() -> Self {
        Self { chain: "degree".into(), tx_hash: example_hash(0x71), block_number: 128, block_hash: example_hash(0xb1) }
    }
}

/// A 32-byte value for examples.
pub(crate) fn example_hash(byte: u8) -> HexHash {
    HexHash(alloy_primitives::B256::repeat_byte(byte))
}

/// An address for examples: the first account of the development mnemonic.
pub(crate) fn example_address() -> crate::values::HexAddress {
    crate::values::HexAddress(alloy_primitives::address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))
}

/// A signature for examples: 65 bytes, of nothing.
pub(crate) fn example_signature() -> crate::values::HexBytes {
    crate::values::HexBytes(alloy_primitives::Bytes::from(vec![0x1b; 65]))
}

/// A moment for examples.
pub(crate) fn example_time() -> Timestamp {
    Timestamp::from_unix_seconds(1_795_230_000)
}
