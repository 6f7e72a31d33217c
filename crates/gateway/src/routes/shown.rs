//! `/v1/chains/{chain}/holders` and `/v1/chains/{chain}/consents`: which kinds of certificates of other chains a chain shows of a holder, without their content, and
//! what the holder agrees to (`docs/specs/trust.md`).

use std::sync::Arc;

use axum::{Extension, Json as Answer, extract::State};
use chancery_primitives::{CertificateKind, Disclose, UnixSeconds};
use chancery_reference_points::Code;
use chancery_rest::{
    types::{
        Example as _, Recorded,
        shown::{GiveConsent, HolderKinds},
    },
    values::HexAddress,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map;
use crate::{
    authorization::layer::Caller,
    doors::ShownCertificates,
    problem::{ApiError, ApiResult},
    request::{Json, Path},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default().routes(routes!(get_holder_kinds)).routes(routes!(give_consent))
}

fn shown(shared: &Shared) -> ApiResult<&Arc<dyn ShownCertificates>> {
    let shown = shared.doors.shown.as_ref();
    shown.ok_or_else(|| ApiError::new(Code::UnknownChain, "no chain here shows certificates of another"))
}

/// What a chain shows of a holder
///
/// Kinds of certificates of other chains that the holder has, without their content and as far as the holder agrees, each with a proof for whoever asks: what the chain has
/// was proven to it, and the proof says that the chain has it.
#[utoipa::path(get, path = "/v1/chains/{chain}/holders/{address}", tag = "chains",
    params(
        ("chain" = String, Path, description = "The chain that shows it.", example = "main"),
        ("address" = HexAddress, Path, description = "The holder."),
    ),
    responses((status = 200, description = "The kinds.", body = HolderKinds, example = json!(HolderKinds::example()))),
)]
async fn get_holder_kinds(
    State(shared): state::State,
    Path((chain, address)): Path<(String, HexAddress)>,
) -> ApiResult<Answer<HolderKinds>> {
    Ok(Answer(shown(&shared)?.of_holder(&chain, address.0).await?))
}

/// Agree that a kind is shown, or take that back
///
/// The consent is signed by whoever sends it, for the contract and the number that `GET /v1/chains/{chain}/holders/{address}` names. What is taken back stays in the
/// history of the chain.
#[utoipa::path(post, path = "/v1/chains/{chain}/consents", tag = "chains",
    params(("chain" = String, Path, description = "The chain that may show it.", example = "main")),
    request_body(content = GiveConsent, example = json!(GiveConsent::example())),
    responses((status = 200, description = "Where it is recorded.", body = Recorded, example = json!(Recorded::example()))),
)]
async fn give_consent(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
    Json(consent): Json<GiveConsent>,
) -> ApiResult<Answer<Recorded>> {
    let GiveConsent { kind, until, nonce, signature } = consent;
    let kind =
        CertificateKind::parse(&kind).map_err(|_| ApiError::new(Code::UnknownKind, "GET /v1/kinds lists them"))?;
    // The matrix lets nobody come here without an address.
    let holder = caller.actor.address.unwrap_or_default();
    let disclose = Disclose { holder, kind, until: UnixSeconds(until), nonce };
    Ok(Answer(map::recorded(shown(&shared)?.disclose(&chain, disclose, signature.0).await?)))
}
