//! `/v1/messages`: sealed messages between organizations (S-NET). The gateway keeps and hands out what it cannot read; receipts are data operations on the main chain.

use axum::{Extension, Json as Answer, extract::State};
use chancery_rest::{
    types::{
        Example as _, Page,
        messages::{DeliverMessage, Message, MessageBox, MessageState, SendMessage, StateReceipt},
    },
    values::HexHash,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query, page},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(send_message, list_messages))
        .routes(routes!(get_message))
        .routes(routes!(acknowledge_message))
        .routes(routes!(get_message_proof))
        .routes(routes!(deliver_message))
        .routes(routes!(get_delivery_proof))
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// `received` unless given, or `sent`.
    #[serde(default, rename = "box")]
    #[param(inline)]
    which: MessageBox,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Send a message
///
/// Sealed to its receiver and its sender. The answer comes when the message is on disk and its deposit is final; the same message again is the same.
#[utoipa::path(post, path = "/v1/messages", tag = "messages",
    request_body(content = SendMessage, example = json!(SendMessage::example())),
    responses((status = 201, description = "Deposited.", body = MessageState, example = json!(MessageState::example()))),
)]
async fn send_message(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<SendMessage>,
) -> ApiResult<(StatusCode, Answer<MessageState>)> {
    Ok((StatusCode::CREATED, Answer(shared.doors.messages.send(&caller.actor, request).await?)))
}

/// List messages
///
/// The caller's own, in the order in which they became visible; without envelopes.
#[utoipa::path(get, path = "/v1/messages", tag = "messages", params(MessagesQuery), responses(
    (status = 200, description = "A page of them.", body = Page<MessageState>, example = json!(Page::<MessageState>::example())),
))]
async fn list_messages(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<MessagesQuery>,
) -> ApiResult<Answer<Page<MessageState>>> {
    let page = page(query.limit, query.cursor)?;
    Ok(Answer(shared.doors.messages.list(&caller.actor, query.which, page).await?))
}

/// A message
///
/// With its envelope, for its sender and its receiver; nobody else learns that there is one. That it was given out, when and to which of them, is recorded for supervisors.
#[utoipa::path(get, path = "/v1/messages/{message}", tag = "messages",
    params(("message" = HexHash, Path, description = "The message's identifier.")),
    responses((status = 200, description = "The message.", body = Message, example = json!(Message::example()))),
)]
async fn get_message(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(message): Path<HexHash>,
) -> ApiResult<Answer<Message>> {
    Ok(Answer(shared.doors.messages.fetch(&caller.actor, message.0).await?))
}

/// Acknowledge a message
///
/// Its receiver says that it has it. The answer comes when that is final; the first acknowledgement counts.
#[utoipa::path(post, path = "/v1/messages/{message}/acknowledgement", tag = "messages",
    params(("message" = HexHash, Path, description = "The message's identifier.")),
    request_body(content = StateReceipt, example = json!(StateReceipt::example())),
    responses((status = 201, description = "Recorded.", body = MessageState, example = json!(MessageState::example()))),
)]
async fn acknowledge_message(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(message): Path<HexHash>,
    Json(request): Json<StateReceipt>,
) -> ApiResult<(StatusCode, Answer<MessageState>)> {
    let state = shared.doors.messages.acknowledge(&caller.actor, message.0, request).await?;
    Ok((StatusCode::CREATED, Answer(state)))
}

/// Proof of a message
///
/// That it was deposited and, once it is, acknowledged: the file that `chancery verify` reads, knowing the main chain's genesis alone.
#[utoipa::path(get, path = "/v1/messages/{message}/proof", tag = "messages",
    params(("message" = HexHash, Path, description = "The message's identifier.")),
    responses((status = 200, description = "The proof.", body = Object)),
)]
async fn get_message_proof(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(message): Path<HexHash>,
) -> ApiResult<Answer<Value>> {
    Ok(Answer(shared.doors.messages.proof(&caller.actor, message.0).await?))
}

/// Deliver a message of another city
///
/// Its sender brings the proof of its deposit and of its standing in its own city, which has to be on the list of this one. The answer comes when the message is on disk; the same again is the same.
#[utoipa::path(post, path = "/v1/deliveries", tag = "messages",
    request_body(content = DeliverMessage, example = json!(DeliverMessage::example())),
    responses((status = 201, description = "Kept for its receiver.", body = MessageState, example = json!(MessageState::example()))),
)]
async fn deliver_message(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<DeliverMessage>,
) -> ApiResult<(StatusCode, Answer<MessageState>)> {
    Ok((StatusCode::CREATED, Answer(shared.doors.messages.deliver(&caller.actor, request).await?)))
}

/// Proof of a message of another city
///
/// For its sender, who has no role here, as for its receiver: the file that `chancery verify` reads, with the receipt once there is one.
#[utoipa::path(get, path = "/v1/deliveries/{message}/proof", tag = "messages",
    params(("message" = HexHash, Path, description = "The message's identifier.")),
    responses((status = 200, description = "The proof.", body = Object)),
)]
async fn get_delivery_proof(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(message): Path<HexHash>,
) -> ApiResult<Answer<Value>> {
    Ok(Answer(shared.doors.messages.delivery_proof(&caller.actor, message.0).await?))
}
