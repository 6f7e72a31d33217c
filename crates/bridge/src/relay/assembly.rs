use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::B256;
use chancery_ledger::{Chain, SubmitterKey};

use super::{AnchorRelay, MemberLink, RelayError, Testimony};
use crate::{
    contracts::{AllianceContract, NodeContract},
    endorser::Attester,
};

/// The ways to the members of an alliance and back, as its contract and their node contracts name them. Members whose chain is not among `chains`, and
/// foreign ones without `attesters`, are left to others, and said so in the log.
///
/// # Errors
/// An unreachable chain; an answer that cannot be read.
pub async fn member_links(
    alliance: &AllianceContract,
    chains: &[Chain],
    attesters: &BTreeMap<B256, Vec<Arc<dyn Attester>>>,
    key: &Arc<SubmitterKey>,
) -> Result<Vec<MemberLink>, RelayError> {
    let mut links = Vec::new();
    for name in alliance.members().await? {
        let place = alliance.member(name).await?;
        let known = chains.iter().find(|chain| chain.config().chain_id == place.chain_id);
        let attested = attesters.get(&name);
        let reached = known
            .filter(|chain| if place.is_foreign { attested.is_some() } else { chain.config().essentials.is_some() });
        let Some(chain) = reached else {
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
            to_alliance: match attested.filter(|_| place.is_foreign) {
                Some(attesters) => Testimony::Attested(attesters.clone()),
                None => Testimony::Proven(relay(chain, &alliance.chain, place.anchor)),
            },
        });
    }
    Ok(links)
}
