//! `GET /health`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Example;

/// Whether the city can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Every chain and the database answer, and every store is written.
    Ok,
    /// Something does not answer, or is not written; the rest is served. The answer has status 503.
    Degraded,
}

/// Whether the identity database answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseHealth {
    /// It answers.
    Ok,
    /// It does not.
    Unreachable,
}

/// Whether a store of the gateway's process is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreHealth {
    /// It is.
    Ok,
    /// A write failed, of a full disk for instance. It is tried again by itself; what was acknowledged stays.
    Stands,
}

/// One chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChainHealth {
    /// Latest final block; absent when the chain does not answer.
    #[schema(example = 42)]
    pub height: Option<u64>,
    /// How long ago that block was made, in milliseconds. On a quiet chain blocks come with the heartbeat.
    #[schema(example = 850)]
    pub age_ms: Option<u64>,
}

/// The answer of `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether everything answers.
    pub status: HealthStatus,
    /// By name.
    pub chains: BTreeMap<String, ChainHealth>,
    /// The identity database.
    pub database: DatabaseHealth,
    /// Stores by name: `journal`, `search`, `messages`. Those of entities in processes of their own are not among them.
    #[serde(default)]
    pub stores: BTreeMap<String, StoreHealth>,
}

impl Example for Health {
    fn example() -> Self {
        let healthy = ChainHealth { height: Some(42), age_ms: Some(850) };
        Self {
            status: HealthStatus::Ok,
            chains: BTreeMap::from([("main".into(), healthy.clone()), ("degree".into(), healthy)]),
            database: DatabaseHealth::Ok,
            stores: ["journal", "messages", "search"].map(|store| (store.to_owned(), StoreHealth::Ok)).into(),
        }
    }
}
