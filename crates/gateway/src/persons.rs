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

use std::sync::Arc;

use alloy_primitives::Address;
use async_trait::async_trait;
use axum::{
    Json as Answer, Router,
    extract::{FromRequest as _, Request, State},
    routing::post,
};
use chancery_reference_points::DoorResult;
use chancery_rest::types::persons::{
    ChangePerson, ChangedPerson, ClaimPerson, ClaimedPerson, EvaluateInputs, EvaluatedInputs,
};
use serde::de::DeserializeOwned;

use crate::{
    Origin,
    authentication::Members,
    clock::{Clock, SystemClock},
    limits::{MAX_NONCES_OF_AN_OFFICE, MAX_USED_NONCES, MIN_NONCES_OF_AN_OFFICE, REQUEST_TIMEOUT},
    problem::ApiResult,
    request::{Json, Path},
    signed_door::{self, SignedDoor},
};

/// What stands behind the door. Whoever calls has signed, and is an office.
#[async_trait]
pub trait PersonService: Send + Sync {
    /// Whether a key is an office's. It is asked before anything is read or remembered of a request.
    fn is_office(&self, caller: Address) -> bool;

    /// How many offices there are, for as long as the door is served.
    fn office_count(&self) -> usize;

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
    signed: SignedDoor,
    service: Arc<dyn PersonService>,
    nonces_of_an_office: usize,
}

/// The door: reached under `origins`, for keys of the chain with this EIP-155 id. Whoever serves it bounds its connections.
pub fn router(origins: Vec<Origin>, main_chain_id: u64, service: Arc<dyn PersonService>) -> Router {
    let nonces = nonces_of_an_office(service.office_count());
    with_clock(origins, main_chain_id, service, Arc::new(SystemClock), nonces)
}

/// Used nonces of one office that are remembered at a time. Its share of [`MAX_USED_NONCES`], so that none takes another's place; but not less than it needs, however
/// many there are.
fn nonces_of_an_office(offices: usize) -> usize {
    (MAX_USED_NONCES / offices.max(1)).clamp(MIN_NONCES_OF_AN_OFFICE, MAX_NONCES_OF_AN_OFFICE)
}

fn with_clock(
    origins: Vec<Origin>,
    main_chain_id: u64,
    service: Arc<dyn PersonService>,
    clock: Arc<dyn Clock>,
    nonces_of_an_office: usize,
) -> Router {
    // Room for all of all offices: the bound of each is the one that is met.
    let nonces = nonces_of_an_office.saturating_mul(service.office_count());
    let signed = SignedDoor::new(origins, main_chain_id, clock, nonces);
    let routes = Router::new()
        .route("/v1/evaluations", post(evaluate))
        .route("/v1/persons", post(claim))
        .route("/v1/persons/{identity}/state", post(change));
    signed_door::router(routes, REQUEST_TIMEOUT).with_state(Arc::new(Door { signed, service, nonces_of_an_office }))
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
    /// Which office has signed, and the body, which is read when that is known to be possible.
    async fn signed<T: DeserializeOwned>(&self, request: Request) -> ApiResult<(Address, T)> {
        let is_member = |address| self.service.is_office(address);
        let members = Members { is_member: &is_member, most_nonces: self.nonces_of_an_office };
        let unsigned = "an office signs each request (ERC-8128)";
        let (caller, request) = self.signed.caller(request, Some(members), unsigned).await?;
        let Json(body) = Json::from_request(request, &()).await?;
        Ok((caller, body))
    }
}

#[cfg(test)]
mod tests;
