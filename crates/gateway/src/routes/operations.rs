//! `/v1/operations`: a data source submits any declared data (R2D).

use axum::{Extension, Json as Answer, extract::State};
use chancery_primitives::OperationType as RecordedType;
use chancery_reference_points::{
    Code,
    data_format::FormatId,
    operation::{ChainName, OperationType, SignedOperation},
    r2d::Submission,
};
use chancery_rest::{
    types::{
        Example as _,
        operations::{OperationProof, OperationReceipt, SubmitOperation},
    },
    values::HexHash,
};
use http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::map;
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{IdempotencyKey, Json, Path},
    state,
};

/// Beginning of the names of formats that are recorded together with what they state.
const MESSAGE_FORMATS: &str = "message/";

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(submit_operation)).routes(routes!(get_operation))
}

/// Submit data
///
/// A signed data operation, in a declared format. The answer comes when its data block is final. What is recorded, and kept, is the operation with the hash of its content: content that
/// comes with it is checked against that hash and the format, and is not kept. Whoever needs it later keeps it, or submits it to `/v1/submissions`, where it is kept.
#[utoipa::path(post, path = "/v1/operations", tag = "operations",
    request_body(content = SubmitOperation, example = json!(SubmitOperation::example())),
    responses((status = 201, description = "Recorded.", body = OperationReceipt, example = json!(OperationReceipt::example()))),
)]
async fn submit_operation(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(request): Json<SubmitOperation>,
) -> ApiResult<(StatusCode, Answer<OperationReceipt>)> {
    if request.operation.source.0 != caller.address()? {
        let error = ApiError::new(
            Code::SignatureInvalid,
            "operation.source: this is not the address that authenticates the request",
        );
        return Err(error.with("member", "operation.source"));
    }
    let format = FormatId(request.format.clone());
    // What the source has signed names the format too; the two must not differ, or data would be checked against a format that nobody signed.
    let named =
        format.to_bytes32().map_err(|_| ApiError::new(Code::UnknownFormat, "format: no format has this name"))?;
    if request.operation.data_format.0 != named {
        let detail =
            "operation.dataFormat: it is not the name of `format`, as ASCII padded right with zeros to 32 bytes";
        return Err(ApiError::new(Code::MalformedRequest, detail).with("member", "operation.dataFormat"));
    }
    if request.format.starts_with(MESSAGE_FORMATS) {
        // A deposit says that the message lies in the mailbox; here none comes with it.
        let detail = "format: statements about messages are recorded by /v1/messages";
        return Err(ApiError::new(Code::MalformedRequest, detail).with("member", "format"));
    }
    let submission = Submission {
        operation: SignedOperation {
            operation_type: OperationType(RecordedType::DataRecord.as_str().to_owned()),
            chain: ChainName(request.chain),
            message: map::to_json(&request.operation)?,
            payload: request.content.unwrap_or_default().0,
            signature: request.signature.0,
        },
        format,
        metadata: request.metadata,
        idempotency_key,
    };
    let receipt = shared.doors.r2d.submit(&caller.actor, submission).await?;
    Ok((StatusCode::CREATED, Answer(map::receipt(receipt))))
}

/// Proof of an operation
///
/// That it is in a data block whose root is on its chain; verifiable offline.
#[utoipa::path(get, path = "/v1/operations/{digest}", tag = "operations",
    params(("digest" = HexHash, Path, description = "The operation's EIP-712 digest.")),
    responses((status = 200, description = "The proof.", body = OperationProof, example = json!(OperationProof::example()))),
)]
async fn get_operation(State(shared): state::State, Path(digest): Path<HexHash>) -> ApiResult<Answer<OperationProof>> {
    let proof = shared.doors.r2d.operation_proof(digest.0).await?;
    Ok(Answer(map::operation_proof(proof)?))
}
