//! A process of the city, seen from another: it is every door that the process offers.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use chancery_reference_points::{Code, DoorError, DoorResult, error::parts::RemoteCause};
use chancery_traces::pass_on;
use http::{Uri, uri::PathAndQuery};
use prost::Message as _;
use serde::de::DeserializeOwned;
use tonic::{Code as GrpcCode, Response, Status, body::Body, client::Grpc};
use tonic_prost::ProstCodec;

use crate::{
    channel::Channel,
    followed::{self, Side},
    limits::{MAX_MESSAGE_BYTES, READ, RETRY_AFTER_MS},
    server::PACKAGE,
    wire::{self, Answer, Call, Health, WIRE_VERSION},
};

/// HTTP/2 wants an authority; a socket has none.
const ORIGIN: &str = "http://city.internal";

/// A process of the city. Clones share one connection; nothing is done before the first call.
#[derive(Clone)]
pub struct Remote {
    entity: &'static str,
    channel: Arc<Channel>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.entity).finish()
    }
}

impl Remote {
    /// The process that is an entity, by the folder of the city's doors.
    #[must_use]
    pub fn new(folder: &Path, entity: &'static str) -> Self {
        Self { entity, channel: Arc::new(Channel::new(folder.to_path_buf(), entity)) }
    }

    /// What the process says of itself.
    ///
    /// # Errors
    /// `EntityUnavailable`, `TimedOut`.
    pub async fn health(&self) -> DoorResult<Health> {
        self.call("/chancery.doors.v1.Entity/Health", READ, Vec::new()).await
    }

    /// Asks for an operation and waits for its result, at most `deadline`. Dropping the call ends it at the other side too.
    ///
    /// # Errors
    /// The door's own; `EntityUnavailable` when the process is gone: it is not known then whether it has done anything. `TimedOut`.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        path: &'static str,
        deadline: Duration,
        arguments: Vec<Bytes>,
    ) -> DoorResult<T> {
        let span = followed::span(path.strip_prefix(PACKAGE).unwrap_or(path), Side::Client);
        let asking = async {
            let asked = tokio::time::timeout(deadline, self.ask(path, arguments)).await;
            wire::outcome(asked.map_err(|_| wire::timed_out(self.entity))??)
        };
        followed::within(span, asking).await
    }

    async fn ask(&self, path: &'static str, arguments: Vec<Bytes>) -> DoorResult<Answer> {
        let call = Call { version: WIRE_VERSION, arguments };
        wire::bounded(call.encoded_len())?;
        let sender = self.channel.connected().await.map_err(|error| self.unavailable(error.to_string()))?;
        let service = tower::service_fn(move |mut request: http::Request<Body>| {
            let mut sender = sender.clone();
            pass_on(request.headers_mut());
            async move { sender.send_request(request).await }
        });
        let mut client = Grpc::with_origin(service, Uri::from_static(ORIGIN))
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let answered = client
            .unary(tonic::Request::new(call), PathAndQuery::from_static(path), ProstCodec::<Call, Answer>::default())
            .await;
        answered.map(Response::into_inner).map_err(|status| self.failed(path, &status))
    }

    /// What a status means that no door has made.
    fn failed(&self, path: &str, status: &Status) -> DoorError {
        match status.code() {
            // Another release, or a message beyond every bound: neither passes by itself. A connection that was given up (`ENHANCE_YOUR_CALM`,
            // `RESOURCE_EXHAUSTED` in gRPC) does: the next call makes another.
            GrpcCode::Unimplemented | GrpcCode::InvalidArgument | GrpcCode::OutOfRange => {
                wire::broken(format!("{} at {path}: {status}", self.entity))
            }
            GrpcCode::DeadlineExceeded => wire::timed_out(self.entity),
            _ => self.unavailable(status.to_string()),
        }
    }

    fn unavailable(&self, cause: String) -> DoorError {
        DoorError::new(Code::EntityUnavailable, format!("{} does not answer", self.entity))
            .with("entity", self.entity)
            .with("retryAfterMs", RETRY_AFTER_MS)
            .caused_by(RemoteCause(cause))
    }
}
