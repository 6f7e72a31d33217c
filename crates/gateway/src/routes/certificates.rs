//! `/v1/certificates`: sending certification information (C-API-2), changing its status, asking for it (C-API-5), its history.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{Code, Role, v2m::History as DoorHistory};
use chancery_rest::{
    types::{
        Example as _, Page,
        applications::Decision,
        certificates::{Certificate, CertificateDocument, ChangeStatus, IssueCertificate, Issued, StatusChanged},
        data::Trace,
        events::History,
    },
    values::{HexAddress, HexHash},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    map::{self, services},
    submissions,
};
use crate::{
    authorization::layer::Caller,
    limits::MAX_SEALED_BYTES,
    problem::{ApiError, ApiResult},
    request::{IdempotencyKey, Json, Path, Query, page},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(issue_certificate, list_certificates))
        .routes(routes!(get_certificate))
        .routes(routes!(staple_certificate))
        .routes(routes!(change_status))
        .routes(routes!(get_history))
        .routes(routes!(trace_certificate))
        .routes(routes!(query_certificate))
}

/// Issue or renew a certificate (C-API-2)
///
/// The signed operation with the certificate sealed to its holder. With `previous` it is a renewal. The answer comes when it is final.
#[utoipa::path(post, path = "/v1/certificates", tag = "certificates",
    request_body(content = IssueCertificate, example = json!(IssueCertificate::example())),
    responses((status = 201, description = "Issued.", body = Issued, example = json!(Issued::example()))),
)]
async fn issue_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(request): Json<IssueCertificate>,
) -> ApiResult<(StatusCode, Answer<Issued>)> {
    check_sealed(&request.sealed)?;
    let application = request.application.clone();
    let certificate_id = request.certificate_id;
    let receipt = submissions::submit(&shared, &caller, submissions::issue(request, idempotency_key)?).await?;
    let mut issued = submissions::issued(certificate_id, receipt)?;
    if let Some(id) = application {
        // The certificate is on the chain whatever becomes of the application; the answer says which of the two succeeded.
        let decision = shared.doors.applications.decide(&caller.actor, &id, Decision::Issued { certificate_id }).await;
        if let Err(error) = &decision {
            tracing::warn!(
                code = error.code().name(),
                "a certificate is issued, but its application could not be closed"
            );
        }
        issued.application_closed = Some(decision.is_ok());
    }
    Ok((StatusCode::CREATED, Answer(issued)))
}

/// Refuses what is too large before anything reads it.
pub(super) fn check_sealed(sealed: &str) -> ApiResult<()> {
    if sealed.len() > MAX_SEALED_BYTES {
        let error = ApiError::new(Code::BodyTooLarge, format!("sealed: more than {MAX_SEALED_BYTES} bytes"));
        return Err(error.with("limit", MAX_SEALED_BYTES));
    }
    if sealed.is_ascii() { Ok(()) } else { Err(ApiError::new(Code::MalformedJwe, "sealed: a JWE is ASCII")) }
}

/// Whose certificates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CertificatesQuery {
    /// The holder: the caller.
    holder: HexAddress,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// The caller's certificates
///
/// Over all chains, newest first.
#[utoipa::path(get, path = "/v1/certificates", tag = "certificates", params(CertificatesQuery), responses(
    (status = 200, description = "Locators and statuses.", body = Page<Certificate>, example = json!(Page::<Certificate>::example())),
))]
async fn list_certificates(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CertificatesQuery>,
) -> ApiResult<Answer<Page<Certificate>>> {
    if query.holder.0 != caller.address()? {
        return Err(ApiError::new(Code::NotYourCertificate, "holder: only the holder may list its certificates")
            .with("member", "holder"));
    }
    let page = page(query.limit, query.cursor)?;
    let parameters = json!({ "holder": query.holder, "limit": page.limit, "cursor": page.cursor });
    Ok(Answer(map::ask(&shared, &caller, services::OF_HOLDER, &parameters).await?))
}

/// Locator and status of a certificate
#[utoipa::path(get, path = "/v1/certificates/{id}", tag = "certificates",
    params(("id" = HexHash, Path, description = "The certificate's identifier.")),
    responses((status = 200, description = "Locator and status.", body = Certificate, example = json!(Certificate::example()))),
)]
async fn get_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
) -> ApiResult<Answer<Certificate>> {
    Ok(Answer(status_of(&shared, &caller, id).await?))
}

/// A certificate with the proof of its status and of its issuer's right
///
/// The file that is verified without a network, knowing the genesis of two chains alone. It was verified here before it is handed out. `not-final-yet` until the
/// main chain has a block that is as young as the certificate: ask again.
#[utoipa::path(get, path = "/v1/certificates/{id}/staple", tag = "certificates",
    params(("id" = HexHash, Path, description = "The certificate's identifier.")),
    responses((status = 200, description = "The certificate, sealed, with its proofs.", body = CertificateDocument,
        example = json!(CertificateDocument::example()))),
)]
async fn staple_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
) -> ApiResult<Answer<CertificateDocument>> {
    Ok(Answer(map::ask(&shared, &caller, services::STAPLE, &json!({ "certificateId": id })).await?))
}

async fn status_of(shared: &Shared, caller: &Caller, id: HexHash) -> ApiResult<Certificate> {
    map::ask(shared, caller, services::STATUS, &json!({ "certificateId": id })).await
}

/// Change a certificate's status
///
/// Suspend, resume or revoke, by the issuer's signed operation. The answer comes when it is final.
#[utoipa::path(post, path = "/v1/certificates/{id}/status", tag = "certificates",
    params(("id" = HexHash, Path, description = "The certificate's identifier.")),
    request_body(content = ChangeStatus, example = json!(ChangeStatus::example())),
    responses((status = 200, description = "Changed.", body = StatusChanged, example = json!(StatusChanged::example()))),
)]
async fn change_status(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(request): Json<ChangeStatus>,
) -> ApiResult<Answer<StatusChanged>> {
    let (status, revision) = (request.status, request.revision.saturating_add(1));
    let submission = submissions::change_status(id, request, idempotency_key)?;
    let receipt = submissions::submit(&shared, &caller, submission).await?;
    Ok(Answer(StatusChanged { recorded: submissions::own_record(receipt)?, status, revision }))
}

/// What happened to a certificate
///
/// In time order, each entry verified against the chain's genesis. For supervisors, the holder, and keys of its organization.
#[utoipa::path(get, path = "/v1/certificates/{id}/history", tag = "certificates",
    params(("id" = HexHash, Path, description = "The certificate's identifier.")),
    responses((status = 200, description = "The history.", body = History, example = json!(History::example()))),
)]
async fn get_history(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
) -> ApiResult<Answer<History>> {
    Ok(Answer(map::history(history_of(&shared, &caller, id).await?)))
}

/// What happened to a certificate, for whoever it concerns, whichever way it is asked.
pub(crate) async fn history_of(shared: &Shared, caller: &Caller, id: HexHash) -> ApiResult<DoorHistory> {
    check_concerned(shared, caller, id, "its history is for supervisors, its holder and its issuer").await?;
    Ok(shared.doors.v2m.history(&caller.actor, id.0).await?)
}

/// Trace a certificate
///
/// Its source, its owner, who may do what with it and by which rule, why it never has another owner, what it renewed and what took its place, and who has inspected it, as a list
/// and as a graph. For supervisors, the holder, and keys of its organization.
#[utoipa::path(get, path = "/v1/certificates/{id}/trace", tag = "certificates",
    params(("id" = HexHash, Path, description = "The certificate's identifier.")),
    responses((status = 200, description = "The trace.", body = Trace, example = json!(Trace::example()))),
)]
async fn trace_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<HexHash>,
) -> ApiResult<Answer<Trace>> {
    Ok(Answer(trace_of(&shared, &caller, id).await?))
}

/// Where a certificate comes from and what became of it, for whoever it concerns, whichever way it is asked.
pub(crate) async fn trace_of(shared: &Shared, caller: &Caller, id: HexHash) -> ApiResult<Trace> {
    check_concerned(shared, caller, id, "its trace is for supervisors, its holder and its issuer").await?;
    map::ask(shared, caller, services::TRACE_CERTIFICATE, &json!({ "certificateId": id })).await
}

/// That the caller is a supervisor, the certificate's holder, or a key that its organization has now.
async fn check_concerned(shared: &Shared, caller: &Caller, id: HexHash, refusal: &'static str) -> ApiResult<()> {
    if caller.actor.is(Role::Supervisor) {
        return Ok(());
    }
    let address = caller.address()?;
    let certificate = status_of(shared, caller, id).await?;
    if certificate.holder.0 == address || is_key_of(shared, caller, &certificate.organization).await? {
        return Ok(());
    }
    Err(ApiError::new(Code::NotYourCertificate, refusal))
}

/// Whether the caller's key is one of an organization's, now.
async fn is_key_of(shared: &Shared, caller: &Caller, organization: &str) -> ApiResult<bool> {
    if !caller.actor.is(Role::Issuer) {
        return Ok(false);
    }
    let (address, now) = (caller.address()?, shared.clock.unix_seconds());
    let organization = shared.doors.o2c.organization(organization).await?;
    Ok(!organization.suspended
        && organization.keys.iter().any(|key| {
            key.address == address
                && key.not_before <= now
                && key.not_after.is_none_or(|end| now <= end)
                && key.revoked_at.is_none_or(|revoked| now < revoked)
        }))
}

/// Where a certificate is recorded.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChainQuery {
    /// The chain; all are asked when it is left out.
    #[param(example = "degree")]
    chain: Option<String>,
}

/// A certificate with its proof (C-API-5)
///
/// By the holder's address and the transaction that recorded it. The sealed document can be opened by its holder alone.
#[utoipa::path(get, path = "/v1/certificates/{address}/{block}/{tx_hash}", tag = "certificates",
    params(
        ("address" = HexAddress, Path, description = "The holder's address."),
        ("block" = u64, Path, description = "Number of the block.", example = 128),
        ("tx_hash" = HexHash, Path, description = "The transaction."),
        ChainQuery,
    ),
    responses((status = 200, description = "The certificate, sealed, with its proof.", body = CertificateDocument,
        example = json!(CertificateDocument::example()))),
)]
async fn query_certificate(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path((address, block, tx_hash)): Path<(HexAddress, u64, HexHash)>,
    Query(query): Query<ChainQuery>,
) -> ApiResult<Answer<CertificateDocument>> {
    let parameters = json!({ "address": address, "block": block, "txHash": tx_hash, "chain": query.chain });
    Ok(Answer(map::ask(&shared, &caller, services::QUERY, &parameters).await?))
}
