//! `/v1/alerts`: who is told of alerts (O2C); `/v1/data/audit/status`: how watching goes (V2M).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Code,
    alert::{AlertReceiver as DoorReceiver, NewReceiver},
    o2c::Mode,
};
use chancery_rest::{
    types::{
        Example as _,
        alerts::{
            AddAlertReceiver, AddedAlertReceiver, AlertReceiver, AlertReceivers, AlertTest, AuditStatus,
            TestAlertReceiver,
        },
    },
    values::HexAddress,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{map, organizations::CheckQuery};
use crate::{
    authorization::layer::Caller,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query},
    state,
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(audit_status))
        .routes(routes!(list_alert_receivers, add_alert_receiver))
        .routes(routes!(remove_alert_receiver))
        .routes(routes!(test_alert_receiver))
}

/// How the audit goes on
///
/// The audit that runs by itself: how far it is, when it last looked at everything, and the first difference; with the alerts that are open.
#[utoipa::path(get, path = "/v1/data/audit/status", tag = "supervision",
    responses((status = 200, description = "How far it is.", body = AuditStatus, example = json!(AuditStatus::example()))),
)]
async fn audit_status(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
) -> ApiResult<Answer<AuditStatus>> {
    let report = shared.doors.v2m_data.audit_status(&caller.actor).await?;
    let report = serde_json::from_value(map::to_json(&report)?);
    Ok(Answer(report.map_err(|error| ApiError::new(Code::Internal, error.to_string()))?))
}

/// Receivers of alerts
///
/// Who is told, and how that goes; never their secrets.
#[utoipa::path(get, path = "/v1/alerts/receivers", tag = "alerts",
    responses((status = 200, description = "The receivers.", body = AlertReceivers, example = json!(AlertReceivers::example()))),
)]
async fn list_alert_receivers(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
) -> ApiResult<Answer<AlertReceivers>> {
    let receivers = shared.doors.o2c_alerts.alert_receivers(&caller.actor).await?;
    Ok(Answer(AlertReceivers { receivers: receivers.into_iter().map(receiver).collect() }))
}

/// Add a receiver of alerts
///
/// Each alert is posted to it as JSON, signed as Standard Webhooks says. The answer has the secret of the signatures, this once. That it is told, and at which scheme, host and port, is recorded on the main chain. With `?check=true` nothing is added.
#[utoipa::path(post, path = "/v1/alerts/receivers", tag = "alerts", params(CheckQuery),
    request_body(content = AddAlertReceiver, example = json!(AddAlertReceiver::example())),
    responses((status = 200, description = "The receiver.", body = AddedAlertReceiver, example = json!(AddedAlertReceiver::example()))),
)]
async fn add_alert_receiver(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<AddAlertReceiver>,
) -> ApiResult<Answer<AddedAlertReceiver>> {
    let AddAlertReceiver { url, allow_private } = request;
    let new = NewReceiver { url, allow_private };
    let added = shared.doors.o2c_alerts.add_alert_receiver(&caller.actor, new, mode(query.check)).await?;
    let secret = added.secret.as_ref().map(|secret| secret.0.clone());
    Ok(Answer(AddedAlertReceiver { receiver: receiver(added.receiver), secret }))
}

/// Remove a receiver of alerts
///
/// What waits for it is not told any more, which is recorded on the main chain. With `?check=true` it says which one would go.
#[utoipa::path(delete, path = "/v1/alerts/receivers/{receiver}", tag = "alerts",
    params(("receiver" = String, Path, description = "Its name.", example = "receiver-1a1fb2c3d40-1"), CheckQuery),
    responses((status = 200, description = "What it was.", body = AlertReceiver, example = json!(AlertReceiver::example()))),
)]
async fn remove_alert_receiver(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<CheckQuery>,
) -> ApiResult<Answer<AlertReceiver>> {
    let removed = shared.doors.o2c_alerts.remove_alert_receiver(&caller.actor, &id, mode(query.check)).await?;
    Ok(Answer(receiver(removed)))
}

/// Test a receiver of alerts
///
/// One message that says that it is a test, sent once, at once; the answer tells what became of it.
#[utoipa::path(post, path = "/v1/alerts/receivers/{receiver}/tests", tag = "alerts",
    params(("receiver" = String, Path, description = "Its name.", example = "receiver-1a1fb2c3d40-1")),
    request_body(content = TestAlertReceiver, example = json!(TestAlertReceiver::example())),
    responses((status = 200, description = "What became of it.", body = AlertTest, example = json!(AlertTest::example()))),
)]
async fn test_alert_receiver(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(request): Json<TestAlertReceiver>,
) -> ApiResult<Answer<AlertTest>> {
    let note = request.note.unwrap_or_default();
    let tested = shared.doors.o2c_alerts.test_alert_receiver(&caller.actor, &id, note).await?;
    Ok(Answer(AlertTest { delivered: tested.delivered, status: tested.status, detail: tested.detail }))
}

const fn mode(check: bool) -> Mode {
    if check { Mode::Check } else { Mode::Apply }
}

fn receiver(receiver: DoorReceiver) -> AlertReceiver {
    AlertReceiver {
        id: receiver.id,
        url: receiver.url,
        allow_private: receiver.allow_private,
        added_by: HexAddress(receiver.added_by),
        added_at_ms: receiver.added_at_ms,
        waiting: receiver.waiting,
        delivered_at_ms: receiver.delivered_at_ms,
        trouble: receiver.trouble,
    }
}
