//! `/v1/contracts`: operators release contracts through O2C, each step by a signature of one of them (S-SVC); anybody reads how far they are.

use axum::{Extension, Json as Answer, extract::State};
use chancery_reference_points::{
    Code,
    contract_release::{SignedProposal, SignedStep},
    o2c::Change,
    operation::ChainName,
};
use chancery_rest::{
    types::{
        Example as _, Page,
        contracts::{ChangeContract, Contract, ContractArtifact, ContractReview, ContractSimulation, ProposeContract},
        organizations::Changed,
    },
    values::HexHash,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::organizations::{CheckQuery, control};
use crate::{
    authorization::layer::Caller,
    doors::PageRequest,
    limits::MAX_PAGE_ROWS,
    problem::{ApiError, ApiResult},
    request::{Json, Path, Query, page},
    state,
};

mod wire;

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<crate::state::Shared>> {
    OpenApiRouter::default()
        .routes(routes!(list_contracts, propose_contract))
        .routes(routes!(simulate_contract))
        .routes(routes!(get_contract))
        .routes(routes!(change_contract))
}

/// The chain that is meant when none is named.
fn main_chain() -> String {
    "main".to_owned()
}

/// Which contracts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ContractsQuery {
    /// The chain.
    #[serde(default = "main_chain")]
    #[param(required = false, example = "main")]
    chain: String,
    /// Rows of the page, 1 to 100, 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Contracts on their way
///
/// Of one chain, in the order of their proposals.
#[utoipa::path(get, path = "/v1/contracts", tag = "contracts", params(ContractsQuery),
    responses((status = 200, description = "A page of them.", body = Page<Contract>, example = json!(Page::<Contract>::example()))),
)]
async fn list_contracts(
    State(shared): state::State,
    Query(query): Query<ContractsQuery>,
) -> ApiResult<Answer<Page<Contract>>> {
    let PageRequest { limit, cursor } = page(query.limit, query.cursor)?;
    let offset = cursor.map_or(Ok(0), |cursor| cursor.parse::<u64>()).map_err(|_| {
        ApiError::new(Code::MalformedRequest, "cursor: write what `nextCursor` said").with("member", "cursor")
    })?;
    let mut found = shared.doors.o2c.contracts(&ChainName(query.chain), offset).await?;
    let is_last = found.len() < limit || (found.len() == limit && limit < MAX_PAGE_ROWS);
    found.truncate(limit);
    let next_cursor = (!is_last).then(|| offset.saturating_add(found.len() as u64).to_string());
    Ok(Answer(Page { items: found.into_iter().map(wire::contract).collect(), next_cursor }))
}

/// Simulate a contract
///
/// What deploying it would leave: address and code. The first time on a chain it puts the factory of contracts there.
#[utoipa::path(post, path = "/v1/contracts/simulations", tag = "contracts",
    request_body(content = ContractArtifact, example = json!(ContractArtifact::example())),
    responses((status = 200, description = "What it would leave.", body = ContractSimulation, example = json!(ContractSimulation::example()))),
)]
async fn simulate_contract(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Json(request): Json<ContractArtifact>,
) -> ApiResult<Answer<ContractSimulation>> {
    let artifact = wire::artifact(request, "name")?;
    Ok(Answer(wire::simulation(shared.doors.o2c.simulate_contract(&caller.actor, artifact).await?)))
}

/// Propose a contract
///
/// As the caller has signed it. A second operator reviews it. With `?check=true` it says what would change.
#[utoipa::path(post, path = "/v1/contracts", tag = "contracts", params(CheckQuery),
    request_body(content = ProposeContract, example = json!(ProposeContract::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn propose_contract(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<ProposeContract>,
) -> ApiResult<Answer<Changed>> {
    let by = caller.address()?;
    let proposal = SignedProposal {
        artifact: wire::artifact(request.artifact, "artifact.name")?,
        runtime_code_hash: request.runtime_code_hash.0,
        deadline: request.deadline,
        signature: request.signature.0,
    };
    control(&shared, &caller, Change::ProposeContract { proposal, by }, query.check).await
}

/// One contract with all that a reviewer has to see
#[utoipa::path(get, path = "/v1/contracts/{chain}/{release}", tag = "contracts",
    params(
        ("chain" = String, Path, description = "The chain.", example = "main"),
        ("release" = HexHash, Path, description = "Digest of the proposal."),
    ),
    responses((status = 200, description = "The contract.", body = ContractReview, example = json!(ContractReview::example()))),
)]
async fn get_contract(
    State(shared): state::State,
    Path((chain, release)): Path<(String, HexHash)>,
) -> ApiResult<Answer<ContractReview>> {
    Ok(Answer(wire::review(shared.doors.o2c.contract(&ChainName(chain), release.0).await?)))
}

/// Approve, reject, deploy, release or withdraw a contract
///
/// As the caller has signed it. Whoever proposed it neither approves, rejects nor releases it. With `?check=true` it says what would change.
#[utoipa::path(post, path = "/v1/contracts/{chain}/{release}/status", tag = "contracts",
    params(
        ("chain" = String, Path, description = "The chain.", example = "main"),
        ("release" = HexHash, Path, description = "Digest of the proposal."),
        CheckQuery,
    ),
    request_body(content = ChangeContract, example = json!(ChangeContract::example())),
    responses((status = 200, description = "What changes.", body = Changed, example = json!(Changed::example()))),
)]
async fn change_contract(
    State(shared): state::State,
    Extension(caller): Extension<Caller>,
    Path((chain, release)): Path<(String, HexHash)>,
    Query(query): Query<CheckQuery>,
    Json(request): Json<ChangeContract>,
) -> ApiResult<Answer<Changed>> {
    let by = caller.address()?;
    let step = SignedStep {
        chain: ChainName(chain),
        release: release.0,
        status: wire::status_of(request.status),
        reason: request.reason,
        deadline: request.deadline,
        signature: request.signature.0,
    };
    control(&shared, &caller, Change::ChangeRelease { step, by }, query.check).await
}
