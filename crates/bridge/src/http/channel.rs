//! Through what a request came, and what its door demands of whoever asks.

use alloy_primitives::B256;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::{
    alliance::certificate::{Scope, SignatureFault},
    tls::{Peer, PeerFault},
};

/// Through what a request came. Each served request has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Plain HTTP: whoever runs the service has said that this is a place where nobody needs to be asked who they are.
    Plain,
    /// Mutual TLS with a node whose certificate counts.
    Mutual(Peer),
}

impl Channel {
    /// Whose node asks; `None`: nobody was asked who they are.
    #[must_use]
    pub const fn member(self) -> Option<B256> {
        match self {
            Self::Plain => None,
            Self::Mutual(peer) => Some(peer.member),
        }
    }
}

/// A node is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum PeerRefusal {
    /// By its certificate.
    #[error("the certificate of whoever asks is not accepted: {fault}")]
    PeerRefused {
        /// Why.
        fault: PeerFault,
        /// The request was begun with: whether it had its effect is not known.
        #[serde(rename = "underWay", default, skip_serializing_if = "std::ops::Not::not")]
        under_way: bool,
    },
}

/// A problem document for a request that nobody has looked at, after which the connection ends.
pub(super) fn refuse(fault: PeerFault) -> Response {
    refusal(fault, false)
}

/// The same for one that was under way.
pub(super) fn cut(fault: PeerFault) -> Response {
    refusal(fault, true)
}

fn refusal(fault: PeerFault, under_way: bool) -> Response {
    let status = if fault.is_temporary() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
    let mut answer = Problem::answer(status, PeerRefusal::PeerRefused { fault, under_way });
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// Lets through whatever came through a channel.
pub async fn known(request: Request, next: Next) -> Response {
    match request.extensions().get::<Channel>() {
        Some(_) => next.run(request).await,
        None => refuse(PeerFault::Missing),
    }
}

/// Lets through whoever has a transaction certificate for this, where nodes show certificates.
pub async fn demand(State(scope): State<Scope>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Channel>() {
        Some(Channel::Plain) => next.run(request).await,
        Some(Channel::Mutual(peer)) if peer.allows(scope) => next.run(request).await,
        Some(Channel::Mutual(_)) => refuse(SignatureFault::ScopeMissing.into()),
        None => refuse(PeerFault::Missing),
    }
}
