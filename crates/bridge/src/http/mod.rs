//! How the parties of an alliance speak to one another: JSON over HTTP/1.1, with every size, count and wait bounded.
//!
//! Beyond one machine it is mutual TLS with the certificates of [`crate::tls`]; plain HTTP is for loopback.

mod channel;
mod client;
mod handshakes;
mod mutual;
mod server;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

pub use self::{
    channel::{Channel, PeerRefusal, demand, known},
    client::{CallError, JsonClient, check_destination},
    server::{PlainListener, bounded, check_listener, serve, serve_mutual, serve_mutual_in},
};

/// Largest body of a request or an answer, in bytes: 16 parts with 64 keys and 4096 bytes of call each, in hexadecimal.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Why something is refused (RFC 9457), with the refusal in a form that a program reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem<R> {
    /// In words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What a program decides by.
    pub refusal: R,
}

impl<R: Serialize + std::fmt::Display> Problem<R> {
    /// A refusal as an answer.
    pub fn answer(status: StatusCode, refusal: R) -> Response {
        let problem = Self { title: refusal.to_string(), status: status.as_u16(), refusal };
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem)).into_response()
    }
}
