//! `/v1/quotas`: how much is accepted of sources and organizations; set through O2C, seen through V2M.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    o2c::Change,
    quota::{Quota as DoorQuota, QuotaSetting as DoorSetting, QuotaSubject, QuotaUsage as DoorUsage},
};
use chancery_rest::{
    types::{
        Example as _,
        organizations::Changed,
        quotas::{Quota, QuotaSetting, QuotaUsage, Quotas},
    },
    values::{HexAddress, HexHash},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    map,
    organizations::{CheckQuery, control},
};
use crate::{
    authorization::layer::Caller,
    problem::ApiResult,
    request::{Json, Path, Query},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default().routes(routes!(get_quotas)).routes(routes!(set_quota, remove_quota))
}

/// Quotas
///
/// What operators have set, the newest changes with where they are recorded, and what is used today.
#[utoipa::path(get, path = "/v1/quotas", tag = "supervision",
    responses((status = 200, description = "Settings and usage.", body = Quotas, example = json!(Quotas::example()))),
)]
async fn get_quotas(State(shared): state::State, Extension(caller): Extension<Caller>) -> ApiResult<Answer<Quotas>> {
    let report = shared.doors.v2m_data.quotas(&caller.actor).await?;
    Ok(Answer(Quotas {
        now_ms: report.now_ms,
        day_ends_ms: report.day_ends_ms,
        settings: report.settings.into_iter().map(setting).collect(),
        changes: report.changes.into_iter().map(setting).collect(),
        usage: report.usage.into_iter().map(usage).collect(),
        left_off: report.left_off,
    }))
}

/// Set a quota
///
/// It takes the place of the subject's setting, and of its default, as a whole. With `?check=true` it says what would change, and who would be over.
#[utoipa::path(put, path = "/v1/quotas/{subject}", tag = "organizations",
    params(
        ("subject" = String, Path, description = "`organizations` and `sources` (of each without a quota of its own), `organization:CODE`, `source:0x...`.", example = "sources"),
        CheckQuery,
    ),
    request_body(content = Quota, example = json!(Quota::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn set_quota(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(subject): Path<String>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<Quota>,
) -> ApiResult<Answer<Changed>> {
    let Quota { operations_per_day, bytes_per_day, operations_per_minute } = request;
    let quota = DoorQuota { operations_per_day, bytes_per_day, operations_per_minute };
    change(&shared, &caller, &subject, Some(quota), query.check).await
}

/// Take a quota away
///
/// The default counts again; for a default itself, nothing bounds any more.
#[utoipa::path(delete, path = "/v1/quotas/{subject}", tag = "organizations",
    params(("subject" = String, Path, description = "As it was set.", example = "sources"), CheckQuery),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn remove_quota(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(subject): Path<String>,
    Query(query): Query<CheckQuery>,
) -> ApiResult<Answer<Changed>> {
    change(&shared, &caller, &subject, None, query.check).await
}

async fn change(
    shared: &Shared,
    caller: &Caller,
    subject: &str,
    quota: Option<DoorQuota>,
    check: bool,
) -> ApiResult<Answer<Changed>> {
    let subject = subject.parse::<QuotaSubject>()?;
    // The matrix lets nobody come here without an address.
    let by = caller.actor.address.unwrap_or_default();
    control(shared, caller, Change::SetQuota { subject, quota, by }, check).await
}

fn quota(quota: DoorQuota) -> Quota {
    let DoorQuota { operations_per_day, bytes_per_day, operations_per_minute } = quota;
    Quota { operations_per_day, bytes_per_day, operations_per_minute }
}

fn setting(setting: DoorSetting) -> QuotaSetting {
    QuotaSetting {
        subject: setting.subject.to_string(),
        quota: setting.quota.map(quota),
        by: HexAddress(setting.by),
        at_ms: setting.at_ms,
        place: setting.place,
        digest: HexHash(setting.digest),
        recorded: setting.recorded.map(map::recorded),
    }
}

fn usage(usage: DoorUsage) -> QuotaUsage {
    QuotaUsage {
        subject: usage.subject.to_string(),
        operations: usage.operations,
        bytes: usage.bytes,
        minute_operations: usage.minute_operations,
        quota: usage.quota.map(quota),
        used_up: usage.used_up,
    }
}
