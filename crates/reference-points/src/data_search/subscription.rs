//! Subscriptions: a query that is kept for somebody, who reads what matches it as it comes. Where a reader stands is a place in the journal, and its own to keep.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::{DataOperation, DataQuery, OperationPlace};

/// Most subscriptions of one owner.
pub const MAX_SUBSCRIPTIONS: usize = 32;
/// Most subscriptions of a city.
pub const MAX_ALL_SUBSCRIPTIONS: usize = 10_000;
/// Most of them of owners who have no role: whoever makes keys for nothing takes no office's room.
pub const MAX_STRANGERS_SUBSCRIPTIONS: usize = 2_500;
/// Longest that a subscription lasts, in days.
pub const MAX_SUBSCRIPTION_DAYS: u32 = 366;
/// How long it lasts unless said otherwise, in days.
pub const DEFAULT_SUBSCRIPTION_DAYS: u32 = 30;
/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// Longest that somebody waits for the next operation, in milliseconds.
pub const MAX_WAIT_MS: u64 = 20_000;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// For its owner.
    #[serde(default)]
    pub name: String,
    /// Which operations. Order, limit and `after` are the reader's, and absent here.
    pub query: DataQuery,
    /// How long it lasts; [`DEFAULT_SUBSCRIPTION_DAYS`] when absent.
    #[serde(default)]
    pub days: Option<u32>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Drawn at random.
    pub id: B256,
    /// For its owner.
    pub name: String,
    /// Which operations.
    pub query: DataQuery,
    /// Place of the first operation that it is about: what is accepted from then on.
    pub start: u64,
    /// Unix milliseconds.
    pub created_at: u64,
    /// Unix milliseconds: from then on it is not there.
    pub expires_at: u64,
}

/// Where a reader stands, and how long it waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reading {
    /// After this operation: [`Delivered::cursor`] of the answer before; from the start of the subscription when absent.
    pub after: Option<OperationPlace>,
    /// At most so many, as of a page.
    pub limit: Option<usize>,
    /// If there is none, as long as this until there is, at most [`MAX_WAIT_MS`].
    pub wait_ms: u64,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// Oldest first; none when none came in time.
    pub operations: Vec<DataOperation>,
    /// Up to where everything that matches was delivered: `after` of the next.
    pub cursor: Option<OperationPlace>,
}
