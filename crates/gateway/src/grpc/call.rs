//! One call: how it is named in the log, what it was refused with, and the status of that.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use chancery_reference_points::{Actor, Class};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{authorization::layer::Caller, problem::ApiError, serve::Peer};

/// A call under way; the layer around the services puts it into the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: Uuid,
    refusal: Arc<OnceLock<ApiError>>,
}

impl Call {
    pub(super) fn new() -> Self {
        Self { id: Uuid::now_v7(), refusal: Arc::default() }
    }

    /// The call that a request belongs to; a new one for a request that came past the layer.
    pub(super) fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_else(Self::new)
    }

    /// The status of a refusal, which is noted for the log.
    pub(super) fn refuse(&self, error: impl Into<ApiError>) -> Status {
        let error = self.refusal.get_or_init(|| error.into());
        chancery_grpc::status(&error.error, self.id.urn().to_string())
    }

    /// The status of a refusal after the answer has begun: the layer has written its line, so the cause is written here.
    pub(super) fn refuse_late(&self, error: impl Into<ApiError>) -> Status {
        let error: ApiError = error.into();
        if error.error.class() == Class::Broken {
            let cause = error.error.cause().map(ToString::to_string).unwrap_or_default();
            tracing::error!(request_id = %self.id, code = error.error.code().name(), cause, "a stream was ended by an internal error");
        }
        chancery_grpc::status(&error.error, self.id.urn().to_string())
    }

    /// What it was refused with.
    pub(super) fn refusal(&self) -> Option<&ApiError> {
        self.refusal.get()
    }
}

/// Who asks, with its session; the public for a request that came past the layer.
pub(super) fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get().cloned().unwrap_or_else(|| Caller { actor: Actor::public(), session: None })
}

/// Who asks; the public for a request that came past the layer.
pub(super) fn actor<T>(request: &Request<T>) -> Actor {
    request.extensions().get::<Caller>().map_or_else(Actor::public, |caller| caller.actor.clone())
}

/// Where it is asked from.
pub(super) fn address<T>(request: &Request<T>) -> IpAddr {
    request.extensions().get::<Peer>().copied().unwrap_or(Peer::UNKNOWN).address
}
