//! The proof of an operation that was handed in, for whoever may read the operation (decision 0066, SEARCH-3).
//!
//! ```text
//!  public, within its retention --> whoever knows the digest
//!  the source itself, by its key --> its own, whatever the class
//!  anything else ----------------> as a search decides, and recorded as one
//! ```

use alloy_primitives::B256;
use chancery_data::{
    PublicKey,
    ask::{Ask, AskError},
    submission::Access,
};
use chancery_reference_points::{
    Actor, Code, DoorError,
    data_search::OperationPlace,
    source_data::{SourceOperationProof, SubmissionState},
};

use crate::{
    problem::{ApiError, ApiResult},
    state::Shared,
};

/// Header of HTTP and metadata of gRPC with which a source asks: an [`Ask`], signed.
pub(crate) const ASKING_SOURCE: &str = "chancery-source";

/// Which operation is to be proven.
pub(crate) struct Wanted {
    pub(crate) place: u64,
    /// Of the submission.
    pub(crate) digest: B256,
    pub(crate) index: u32,
}

/// The submission at a place, for whoever knows its digest.
pub(crate) async fn named(shared: &Shared, place: u64, digest: B256) -> ApiResult<SubmissionState> {
    let state = shared.doors.r2d_sources.submission(place).await?;
    if state.digest != digest {
        let detail = format!("place {place} has no submission with this digest");
        return Err(ApiError::new(Code::UnknownSubmission, detail));
    }
    Ok(state)
}

/// The proof of an operation, if whoever asks may read it. `asking`: the statement of a source that asks.
pub(crate) async fn prove(
    shared: &Shared,
    actor: &Actor,
    asking: Option<&str>,
    wanted: Wanted,
) -> ApiResult<SourceOperationProof> {
    let Wanted { place, digest, index } = wanted;
    let state = named(shared, place, digest).await?;
    match asking {
        Some(statement) => check_source(shared, &state, statement).await?,
        None if is_open(&state, shared.clock.unix_milliseconds()) => {}
        None => {
            if actor.address.is_none() {
                let detail = "this operation is not open data: say who asks, or ask as its source";
                return Err(ApiError::new(Code::AuthenticationRequired, detail));
            }
            if state.recorded.is_none() {
                let detail = "it is accepted and durable; its data block is not final yet";
                return Err(ApiError::new(Code::NotFinalYet, detail));
            }
            return Ok(shared.doors.u2s_data.data_proof(actor, OperationPlace { place, index }).await?);
        }
    }
    Ok(shared.doors.r2d_sources.submitted_operation_proof(place, index).await?)
}

fn is_open(state: &SubmissionState, now_ms: u64) -> bool {
    state.access == Access::Public && now_ms < state.expires_ms
}

/// That the present key of the source asks, now, for this submission.
async fn check_source(shared: &Shared, state: &SubmissionState, statement: &str) -> ApiResult<()> {
    let source = shared.doors.r2d_sources.source(state.source).await?;
    if source.withdrawn.is_some() {
        // Its key may be in other hands.
        return Err(ApiError::new(Code::SourceWithdrawn, "the source was withdrawn"));
    }
    let present = source.keys.last().ok_or_else(|| ApiError::new(Code::SignatureInvalid, "the source has no key"))?;
    let key = PublicKey::from_jwk(&present.jwk).map_err(DoorError::internal)?;
    let now_ms = shared.clock.unix_milliseconds();
    let expected = Ask {
        chain_id: shared.config.main_chain_id,
        source: state.source,
        place: state.place,
        digest: state.digest,
        time: now_ms,
    };
    expected.verify(statement, &key).map_err(|error| {
        let code = match error {
            AskError::Clock => Code::ClockSkew,
            AskError::Jws(_) | AskError::Form | AskError::Other => Code::SignatureInvalid,
        };
        let refusal = ApiError::new(code, format!("{ASKING_SOURCE}: {error}")).with("member", ASKING_SOURCE);
        if code == Code::ClockSkew { refusal.with("now", now_ms) } else { refusal }
    })
}
