//! `/v1/presentations` (C-QR).

use axum::{Extension, Json as Answer, extract::State};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chancery_reference_points::Code;
use chancery_rest::types::{
    Example as _,
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
};
use http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    authorization::layer::Caller,
    limits::{MAX_CLOCK_SKEW, MAX_PRESENTATION_LIFETIME, MAX_SEALED_BYTES},
    problem::{ApiError, ApiResult},
    request::{Json, Path},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(create_presentation)).routes(routes!(get_presentation))
}

/// Leave a presentation for an inspector
///
/// Sealed under a key that only the shown code holds: the gateway cannot read it.
#[utoipa::path(post, path = "/v1/presentations", tag = "presentations",
    request_body(content = CreatePresentation, example = json!(CreatePresentation::example())),
    responses((status = 201, description = "It waits.", body = PresentationReceipt, example = json!(PresentationReceipt::example()))),
)]
async fn create_presentation(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<CreatePresentation>,
) -> ApiResult<(StatusCode, Answer<PresentationReceipt>)> {
    check_ciphertext(&request.ciphertext)?;
    let (now, ends) = (shared.clock.unix_seconds(), request.expires_at.unix_seconds());
    let longest = now.saturating_add((MAX_PRESENTATION_LIFETIME + MAX_CLOCK_SKEW).as_secs());
    if ends <= now || ends > longest {
        let detail = format!("expiresAt: within {} seconds from now", MAX_PRESENTATION_LIFETIME.as_secs());
        return Err(ApiError::new(Code::MalformedRequest, detail).with("member", "expiresAt"));
    }
    Ok((StatusCode::CREATED, Answer(shared.doors.presentations.keep(&caller.actor, request).await?)))
}

/// A JWE compact with `dir`: five parts of base64url, the second empty.
fn check_ciphertext(ciphertext: &str) -> ApiResult<()> {
    if ciphertext.len() > MAX_SEALED_BYTES {
        let detail = format!("ciphertext: more than {MAX_SEALED_BYTES} bytes");
        return Err(ApiError::new(Code::BodyTooLarge, detail).with("limit", MAX_SEALED_BYTES));
    }
    let parts: Vec<_> = ciphertext.split('.').collect();
    let well_formed = parts.len() == 5
        && parts
            .iter()
            .enumerate()
            .all(|(index, part)| part.is_empty() == (index == 1) && URL_SAFE_NO_PAD.decode(part).is_ok());
    if well_formed {
        Ok(())
    } else {
        Err(ApiError::new(Code::MalformedJwe, "ciphertext: write JWE compact, alg dir, enc A256GCM"))
    }
}

/// Fetch a presentation
///
/// It says how often that was done before. One that was left for one opening is given once; `presentation-expired` says then when (`openedAt`).
#[utoipa::path(get, path = "/v1/presentations/{id}", tag = "presentations",
    params(("id" = String, Path, description = "From the shown code.")),
    responses((status = 200, description = "The presentation.", body = Presentation, example = json!(Presentation::example()))),
)]
async fn get_presentation(State(shared): state::State, Path(id): Path<String>) -> ApiResult<Answer<Presentation>> {
    Ok(Answer(shared.doors.presentations.fetch(&id).await?))
}
