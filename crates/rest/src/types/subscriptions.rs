//! `/v1/subscriptions`: queries that are kept for whoever reads what matches them as it comes (`docs/specs/data.md`).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Example,
    data::{FoundData, OperationPlace, SearchData},
    example_hash, example_time,
};
use crate::values::{HexHash, Timestamp};

/// `POST /v1/subscriptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// For whoever subscribes.
    #[serde(default)]
    #[schema(max_length = 64, example = "wells of the harbour")]
    pub name: String,
    /// Which operations, as of a search; without `ascending`, `sort`, `limit`, `after`, `proofs` and `as`.
    pub query: SearchData,
    /// How many days it lasts, 30 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
}

impl Example for Subscribe {
    fn example() -> Self {
        Self { name: "wells of the harbour".into(), query: SearchData::example(), days: Some(90) }
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Names it.
    pub id: HexHash,
    /// For whoever subscribed.
    pub name: String,
    /// Which operations.
    pub query: SearchData,
    /// Place in the journal from which on operations are delivered.
    #[schema(example = 128)]
    pub start: u64,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// From then on it is not.
    pub expires_at: Timestamp,
}

impl Example for Subscription {
    fn example() -> Self {
        Self {
            id: example_hash(0x5b),
            name: "wells of the harbour".into(),
            query: SearchData::example(),
            start: 128,
            created_at: example_time(),
            expires_at: example_time(),
        }
    }
}

/// The answer of `GET /v1/subscriptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscriptions {
    /// Oldest first.
    pub subscriptions: Vec<Subscription>,
}

impl Example for Subscriptions {
    fn example() -> Self {
        Self { subscriptions: vec![Subscription::example()] }
    }
}

/// The answer of `GET /v1/subscriptions/{subscription}/operations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredData {
    /// As of a search, oldest first; empty when nothing came in time.
    #[schema(value_type = Vec<Object>)]
    pub operations: Vec<Value>,
    /// `after` of the next reading, as `PLACE.INDEX`; absent as long as nothing is in the journal. Keep it when what was delivered is dealt with: nothing behind it is delivered again, and nothing before it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "128.0")]
    pub cursor: Option<String>,
}

impl Example for DeliveredData {
    fn example() -> Self {
        let OperationPlace { place, index } = OperationPlace { place: 128, index: 0 };
        Self { operations: FoundData::example().operations, cursor: Some(format!("{place}.{index}")) }
    }
}
