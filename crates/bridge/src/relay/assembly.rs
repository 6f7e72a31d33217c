use std::sync::Arc;

use chancery_ledger::{Chain, SubmitterKey};

use super::{AnchorRelay, MemberLink, RelayError};
use crate::contracts::{AllianceContract, NodeContract};

/// The ways to the members of an alliance and back, as its contract and their node contracts name them. Members whose chain is not among `chains`, and
/// foreign ones, whose outcomes are attested, are left to others, and said so in the log.
///
/// # Errors
/// An unreachable chain; an answer that cannot be read.
pub async fn member_links(
    alliance: &AllianceContract,
    chains: &[Chain],
    key: &Arc<SubmitterKey>,
) -> Result<Vec<MemberLink>, RelayError> {
    let mut links = Vec::new();
    for name in alliance.members().await? {
        let place = alliance.member(name).await?;
        let certified = chains.iter().find(|chain| {
            chain.config().chain_id == place.chain_id && chain.config().essentials.is_some() && !place.is_foreign
        });
        let Some(chain) = certified else {
            tracing::warn!(member = %name, chain_id = place.chain_id, "nothing is carried for this member from here");
            continue;
        };
        let node_contract = NodeContract { chain: chain.clone(), address: place.node_contract };
        let relay = |followed: &Chain, host: &Chain, anchor| AnchorRelay {
            followed: followed.clone(),
            host: host.clone(),
            anchor,
            key: Arc::clone(key),
        };
        links.push(MemberLink {
            name,
            node_contract: place.node_contract,
            to_member: relay(&alliance.chain, chain, node_contract.anchor().await?),
            to_alliance: relay(chain, &alliance.chain, place.anchor),
        });
    }
    Ok(links)
}
