//! What all requests share.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::{
    Doors, GatewayConfig,
    authentication::{Judge, ReplayCache, Sessions, SignInNonces},
    clock::Clock,
    limits::{Clients, PerClient, Streams},
    metrics::Metrics,
    web::Web,
};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) doors: Doors,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Sessions,
    pub(crate) nonces: SignInNonces,
    /// Nonces of signed requests and of sign-in messages that have been used.
    pub(crate) used: ReplayCache,
    pub(crate) clients: Clients,
    /// Connections of each client address.
    pub(crate) connections: Arc<PerClient>,
    /// Of submissions.
    pub(crate) streams: Streams,
    /// Of those who follow an alliance or a subscription: they take no place of a submission.
    pub(crate) followers: Streams,
    pub(crate) metrics: Metrics,
    /// Cancelled when the gateway begins to stop: what lasts ends then.
    pub(crate) stopping: CancellationToken,
    pub(crate) web: Web,
    /// The OpenAPI document and its entity tag.
    pub(crate) openapi: (Bytes, String),
}

impl Shared {
    /// What signed requests are judged by, now.
    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge {
            main_chain_id: self.config.main_chain_id,
            origins: &self.config.origins,
            now: self.clock.unix_seconds(),
            used: &self.used,
            members: None,
        }
    }
}

/// How handlers get it.
pub(crate) type State = axum::extract::State<Arc<Shared>>;
