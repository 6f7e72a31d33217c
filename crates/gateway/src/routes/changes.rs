//! `/v1/changes`: changes that two operators make together, through O2C (M-CON-3).

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Code,
    change_approval::{self as door, Approvals, SignedChange, SignedDecision},
    contract_release::ReleaseStep,
    o2c::Change,
};
use chancery_rest::{
    types::{
        Example as _,
        changes::{
            ApprovalStatus, ChangeKind, ChangeReview, DecideChange, ProposeChange, ProposedChange, ProposedChanges,
        },
        contracts::ContractStep,
        organizations::Changed,
    },
    values::{HexAddress, HexBytes, HexHash, Timestamp},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    organizations::{CheckQuery, control},
    standing::of_somebody,
};
use crate::{
    authorization::layer::Caller,
    doors::PageRequest,
    limits::MAX_PAGE_ROWS,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query, page},
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(list_changes, propose_change))
        .routes(routes!(get_change))
        .routes(routes!(decide_change))
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Changes that were proposed
///
/// In the order of their proposals, with the kinds of changes that need two operators.
#[utoipa::path(get, path = "/v1/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, description = "A page of them.", body = ProposedChanges, example = json!(ProposedChanges::example()))),
)]
async fn list_changes(
    State(shared): state::State,
    Query(query): Query<ChangesQuery>,
) -> ApiResult<Answer<ProposedChanges>> {
    let (found, next_cursor) = page_of(&shared, page(query.limit, query.cursor)?).await?;
    let required = found.required.into_iter().map(kind).collect();
    Ok(Answer(ProposedChanges { required, items: found.changes.into_iter().map(proposed).collect(), next_cursor }))
}

/// A page of what was proposed, and where the next one begins.
pub(crate) async fn page_of(
    shared: &Shared,
    PageRequest { limit, cursor }: PageRequest,
) -> ApiResult<(Approvals, Option<String>)> {
    let offset = cursor.map_or(Ok(0), |cursor| cursor.parse::<u64>()).map_err(|_| {
        ApiError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said").with("member", "cursor")
    })?;
    let Approvals { required, mut changes } = shared.doors.o2c.changes(offset).await?;
    let is_last = changes.len() < limit || (changes.len() == limit && limit < MAX_PAGE_ROWS);
    changes.truncate(limit);
    let next_cursor = (!is_last).then(|| offset.saturating_add(changes.len() as u64).to_string());
    Ok((Approvals { required, changes }, next_cursor))
}

/// Propose a change
///
/// What was refused with `approval-required`, as the caller has signed it. A second operator approves it. With `?check=true` it says what would change.
#[utoipa::path(post, path = "/v1/changes", tag = "changes", params(CheckQuery),
    request_body(content = ProposeChange, example = json!(ProposeChange::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn propose_change(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<ProposeChange>,
) -> ApiResult<Answer<Changed>> {
    let proposal = SignedChange {
        content: request.content,
        salt: request.salt.0,
        expires_at: request.expires_at,
        deadline: request.deadline,
        signature: request.signature.0,
    };
    let change = Change::ProposeChange { proposal, by: caller.address()? };
    of_somebody(&shared, &change).await?;
    control(&shared, &caller, change, query.check).await
}

/// One change with all that a second operator has to see
#[utoipa::path(get, path = "/v1/changes/{change}", tag = "changes",
    params(("change" = HexHash, Path, description = "Digest of the proposal.")),
    responses((status = 200, description = "The change.", body = ChangeReview, example = json!(ChangeReview::example()))),
)]
async fn get_change(State(shared): state::State, Path(change): Path<HexHash>) -> ApiResult<Answer<ChangeReview>> {
    let door::ChangeReview { proposal, signed } = shared.doors.o2c.change(change.0).await?;
    let signed = ProposeChange {
        content: signed.content,
        salt: HexHash(signed.salt),
        expires_at: signed.expires_at,
        deadline: signed.deadline,
        signature: HexBytes(signed.signature),
    };
    Ok(Answer(ChangeReview { proposal: proposed(proposal), signed }))
}

/// Approve, reject, withdraw or apply a change
///
/// As the caller has signed it. Whoever proposed it neither approves nor rejects it; what is approved is applied at once. With `?check=true` it says what would change.
#[utoipa::path(post, path = "/v1/changes/{change}/status", tag = "changes",
    params(("change" = HexHash, Path, description = "Digest of the proposal."), CheckQuery),
    request_body(content = DecideChange, example = json!(DecideChange::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn decide_change(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path(change): Path<HexHash>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<DecideChange>,
) -> ApiResult<Answer<Changed>> {
    let by = caller.address()?;
    let status = match request.status {
        ApprovalStatus::Applied => {
            return control(&shared, &caller, Change::ApplyChange { proposed: change.0, by }, query.check).await;
        }
        ApprovalStatus::Proposed => door::ApprovalStatus::Proposed,
        ApprovalStatus::Approved => door::ApprovalStatus::Approved,
        ApprovalStatus::Rejected => door::ApprovalStatus::Rejected,
        ApprovalStatus::Withdrawn => door::ApprovalStatus::Withdrawn,
    };
    let decision = SignedDecision {
        change: change.0,
        status,
        reason: request.reason,
        deadline: request.deadline,
        signature: request.signature.0,
    };
    control(&shared, &caller, Change::DecideChange { decision, by }, query.check).await
}

fn proposed(change: door::ProposedChange) -> ProposedChange {
    let step = |step: ReleaseStep| ContractStep {
        operator: HexAddress(step.operator),
        time: Timestamp::from_unix_seconds(step.time),
    };
    ProposedChange {
        change: HexHash(change.change),
        kind: kind(change.kind),
        status: match change.status {
            door::ApprovalStatus::Proposed => ApprovalStatus::Proposed,
            door::ApprovalStatus::Approved => ApprovalStatus::Approved,
            door::ApprovalStatus::Rejected => ApprovalStatus::Rejected,
            door::ApprovalStatus::Withdrawn => ApprovalStatus::Withdrawn,
            door::ApprovalStatus::Applied => ApprovalStatus::Applied,
        },
        change_hash: HexHash(change.change_hash),
        expires_at: Timestamp::from_unix_seconds(change.expires_at),
        proposed: step(change.proposed),
        decided: change.decided.map(step),
        withdrawn: change.withdrawn.map(step),
        applied: change.applied.map(step),
    }
}

const fn kind(kind: door::ChangeKind) -> ChangeKind {
    match kind {
        door::ChangeKind::Organizations => ChangeKind::Organizations,
        door::ChangeKind::Keys => ChangeKind::Keys,
        door::ChangeKind::Formats => ChangeKind::Formats,
        door::ChangeKind::Services => ChangeKind::Services,
        door::ChangeKind::Access => ChangeKind::Access,
        door::ChangeKind::Quotas => ChangeKind::Quotas,
    }
}
