//! `/v1/chains`.

use axum::{Json as Answer, extract::State};
use chancery_reference_points::chain_records::ChainStatus;
use chancery_rest::types::{
    Example as _,
    chains::{Anchor, Chain, Chains, Consensus, Peer},
};
use chancery_rest::values::Timestamp;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    doors::{AnchorSeen, ChainPeers, PeerSeen},
    problem::ApiResult,
    state::{self, Shared},
};

pub(super) fn routes() -> OpenApiRouter<std::sync::Arc<Shared>> {
    OpenApiRouter::default().routes(routes!(list_chains))
}

/// The chains of the city
///
/// All that a light client needs to verify answers by itself: whoever keeps `genesisHash` need not trust this gateway. `anchors` says what each chain has of the
/// others: how far it follows them, how old that is, and whether it is frozen. `consensus` says who runs the chain, who of them is connected or behind, and what
/// somebody should see to.
#[utoipa::path(get, path = "/v1/chains", tag = "chains", responses(
    (status = 200, description = "The chains, the main chain first.", body = Chains, example = json!(Chains::example())),
))]
async fn list_chains(State(shared): state::State) -> ApiResult<Answer<Chains>> {
    let now_ms = shared.clock.unix_milliseconds();
    let chains = in_order(&shared)
        .await?
        .into_iter()
        .map(|status| {
            let seen =
                shared.doors.anchors.as_ref().map(|anchors| anchors.on_chain(&status.name.0)).unwrap_or_default();
            let peers = shared.doors.peers.as_ref().and_then(|peers| peers.of_chain(&status.name.0));
            let facts = shared.config.chains.iter().find(|facts| facts.name == status.name.0);
            Chain {
                chain_id: status.chain_id,
                rpc_url: status.rpc_url,
                genesis_hash: status.genesis_hash.into(),
                genesis: status.genesis,
                height: status.height,
                block_time: status.block_time_ms.map(Timestamp::from_unix_milliseconds),
                kinds: facts.map(|facts| facts.kinds.clone()).unwrap_or_default(),
                contracts: facts.map(|facts| facts.contracts.clone()).unwrap_or_default(),
                anchors: seen.into_iter().map(|seen| anchor(seen, now_ms)).collect(),
                consensus: peers.map(consensus),
                name: status.name.0,
            }
        })
        .collect();
    Ok(Answer(Chains { development: shared.config.development, chains }))
}

/// The chains as configured, the main chain first; what the configuration does not know comes last.
pub(crate) async fn in_order(shared: &Shared) -> ApiResult<Vec<ChainStatus>> {
    let mut statuses = shared.doors.u2s.chains().await?;
    let known = &shared.config.chains;
    statuses.sort_by_key(|status| known.iter().position(|facts| facts.name == status.name.0).unwrap_or(known.len()));
    Ok(statuses)
}

fn consensus(seen: ChainPeers) -> Consensus {
    let peer = |seen: PeerSeen| Peer {
        organization: seen.organization,
        connected: seen.is_connected,
        last_heard: seen.last_heard_ms.map(Timestamp::from_unix_milliseconds),
        height: seen.height,
        blocks_behind: seen.blocks_behind,
    };
    Consensus {
        final_height: seen.final_height,
        epoch: seen.epoch,
        view: seen.view,
        waiting_transactions: seen.waiting_transactions,
        sick: seen.is_sick,
        findings: seen.findings,
        peers: seen.peers.into_iter().map(peer).collect(),
    }
}

fn anchor(seen: AnchorSeen, now_ms: u64) -> Anchor {
    let newest = seen.newest;
    Anchor {
        follows: seen.follows,
        contract: seen.contract.into(),
        height: newest.map(|block| block.number),
        block_hash: newest.map(|block| block.hash.into()),
        block_time: newest.map(|block| Timestamp::from_unix_milliseconds(block.time_ms)),
        // Its clock may be ahead of this one.
        age_seconds: newest.map(|block| now_ms.saturating_sub(block.time_ms) / 1000),
        frozen: seen.is_frozen,
    }
}
