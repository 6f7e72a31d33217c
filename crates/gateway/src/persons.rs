//! The door of a network of identity databases (C-ID, decision 0047): offices ask an evaluator, the register, or both, and sign each request (ERC-8128). It is no
//! door of a city: each body that takes part serves its own.
//!
//! ```text
//! POST /v1/evaluations             blinded inputs -> evaluations with proofs
//! POST /v1/persons                 tags -> whose the person is; nobody's becomes the caller's
//! POST /v1/persons/{identity}/state  kept for good, or released
//! GET  /health                     whether it answers
//! ```
//!
//! It is served as a department's door is ([`crate::department::serve`]).

use std::{sync::Arc, time::Duration};

use alloy_primitives::Address;
use async_trait::async_trait;
use axum::{
    Json as Answer, Router,
    extract::{FromRequest as _, Request, State},
    middleware,
    routing::{get, post},
};
use chancery_reference_points::{Code, DoorResult};
use chancery_rest::types::persons::{
    ChangePerson, ChangedPerson, ClaimPerson, ClaimedPerson, EvaluateInputs, EvaluatedInputs,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    Origin,
    authentication::{Credential, Judge, ReplayCache, verify_request},
    clock::{Clock, SystemClock},
    department::{complete, in_time},
    limits::{MAX_USED_NONCES, REQUEST_TIMEOUT},
    problem::{ApiError, ApiResult},
    request::{Json, Path},
    routes::method_not_allowed,
};

/// What stands behind the door. Whoever calls has signed; whether it is an office is decided here.
#[async_trait]
pub trait PersonService: Send + Sync {
    /// Evaluates blinded inputs.
    ///
    /// # Errors
    /// `RoleRequired` of a stranger, `TooManyRequests`, `MalformedRequest`, `UnknownRoute` when it does not evaluate, `DatabaseUnreachable`.
    async fn evaluate(&self, caller: Address, request: EvaluateInputs) -> DoorResult<EvaluatedInputs>;

    /// Makes a person the caller's, unless it is another's.
    ///
    /// # Errors
    /// `RoleRequired`, `ConfigurationInvalid` for tags of other evaluators, `UnknownRoute` when it keeps no register, `DatabaseUnreachable`.
    async fn claim(&self, caller: Address, request: ClaimPerson) -> DoorResult<ClaimedPerson>;

    /// Keeps or releases what the caller has claimed.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedRequest`, `UnknownRoute`, `DatabaseUnreachable`.
    async fn change(&self, caller: Address, identity: &str, request: ChangePerson) -> DoorResult<ChangedPerson>;
}

struct Door {
    origins: Vec<Origin>,
    main_chain_id: u64,
    clock: Arc<dyn Clock>,
    used: ReplayCache,
    service: Arc<dyn PersonService>,
}

/// The door: reached under `origins`, for keys of the chain with this EIP-155 id. Whoever serves it bounds its connections.
pub fn router(origins: Vec<Origin>, main_chain_id: u64, service: Arc<dyn PersonService>) -> Router {
    with_clock(origins, main_chain_id, service, Arc::new(SystemClock), REQUEST_TIMEOUT)
}

fn with_clock(
    origins: Vec<Origin>,
    main_chain_id: u64,
    service: Arc<dyn PersonService>,
    clock: Arc<dyn Clock>,
    longest: Duration,
) -> Router {
    let door = Door { origins, main_chain_id, clock, used: ReplayCache::new(MAX_USED_NONCES), service };
    Router::new()
        .route("/v1/evaluations", post(evaluate))
        .route("/v1/persons", post(claim))
        .route("/v1/persons/{identity}/state", post(change))
        .route("/health", get(|| async { Answer(json!({"status": "ok"})) }))
        .fallback(|| async { ApiError::new(Code::UnknownRoute, "no endpoint with this method and path") })
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(move |request, next| in_time(longest, request, next)))
        .layer(middleware::from_fn(complete))
        .with_state(Arc::new(door))
}

async fn evaluate(State(door): State<Arc<Door>>, request: Request) -> ApiResult<Answer<EvaluatedInputs>> {
    let (caller, request) = door.signed(request).await?;
    Ok(Answer(door.service.evaluate(caller, request).await?))
}

async fn claim(State(door): State<Arc<Door>>, request: Request) -> ApiResult<Answer<ClaimedPerson>> {
    let (caller, request) = door.signed(request).await?;
    Ok(Answer(door.service.claim(caller, request).await?))
}

async fn change(
    State(door): State<Arc<Door>>,
    Path(identity): Path<String>,
    request: Request,
) -> ApiResult<Answer<ChangedPerson>> {
    let (caller, request) = door.signed(request).await?;
    Ok(Answer(door.service.change(caller, &identity, request).await?))
}

impl Door {
    /// Who has signed, and the body, which is read when that is known to be possible.
    async fn signed<T: DeserializeOwned>(&self, request: Request) -> ApiResult<(Address, T)> {
        match Credential::of(&request)? {
            Credential::Signature => {
                let now = self.clock.unix_seconds();
                let judge = Judge { main_chain_id: self.main_chain_id, origins: &self.origins, now, used: &self.used };
                let (proven, request) = verify_request(judge, request).await?;
                let Json(body) = Json::from_request(request, &()).await?;
                Ok((proven.address, body))
            }
            Credential::None | Credential::Session(_) => {
                Err(ApiError::new(Code::AuthenticationRequired, "an office signs each request (ERC-8128)"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
