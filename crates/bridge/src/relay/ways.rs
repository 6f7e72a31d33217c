//! Where the members of an alliance are reached from here: those of now, and those that have left, since what was sequenced before goes on to its end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::B256;
use chancery_ledger::{Chain, SubmitterKey};
use futures::future::join_all;

use super::{AnchorRelay, MemberLink, RelayError, Testimony};
use crate::{
    contracts::{AllianceContract, MemberPlace, NodeContract},
    endorser::Attester,
};

/// What is needed to reach the members of an alliance, whoever they come to be.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The alliance.
    pub alliance: AllianceContract,
    /// Chains that can be asked from here.
    pub chains: Vec<Chain>,
    /// Who attests for foreign members.
    pub attesters: BTreeMap<B256, Vec<Arc<dyn Attester>>>,
    /// Pays on all chains; grants nothing.
    pub key: Arc<SubmitterKey>,
}

/// A member, or one that was, and whether it is reached from here.
#[derive(Debug)]
pub struct MemberWay {
    /// Its name.
    pub name: B256,
    /// EIP-155 id of its chain.
    pub chain_id: u64,
    /// It is of the alliance now.
    pub is_active: bool,
    /// The way.
    pub way: Way,
}

/// The way to a member and back.
#[derive(Debug)]
pub enum Way {
    /// It is known.
    Open(MemberLink),
    /// Its chain is among those that can be asked, and the node contract there could not be read.
    Silent(RelayError),
    /// Its chain is not among them, or it is foreign and nobody attests for it: others carry for it.
    Elsewhere,
}

impl Ways {
    /// The way to each of these.
    ///
    /// # Errors
    /// The alliance chain does not answer, or answers something else. A member's chain that does not is [`Way::Silent`].
    pub async fn look(&self, names: &BTreeSet<B256>) -> Result<Vec<MemberWay>, RelayError> {
        let looks = names.iter().map(|name| async move {
            let place = self.alliance.member(*name).await?;
            let way = self.way(*name, place).await;
            Ok(MemberWay { name: *name, chain_id: place.chain_id, is_active: place.is_active, way })
        });
        join_all(looks.collect::<Vec<_>>()).await.into_iter().collect()
    }

    async fn way(&self, name: B256, place: MemberPlace) -> Way {
        let known = self.chains.iter().find(|chain| chain.config().chain_id == place.chain_id);
        let attested = self.attesters.get(&name);
        let reached = known
            .filter(|chain| if place.is_foreign { attested.is_some() } else { chain.config().essentials.is_some() });
        let Some(chain) = reached else { return Way::Elsewhere };
        let node_contract = NodeContract { chain: chain.clone(), address: place.node_contract };
        let anchor = match node_contract.anchor().await {
            Ok(anchor) => anchor,
            Err(error) => return Way::Silent(error.into()),
        };
        let relay = |followed: &Chain, host: &Chain, anchor| AnchorRelay {
            followed: followed.clone(),
            host: host.clone(),
            anchor,
            key: Arc::clone(&self.key),
        };
        Way::Open(MemberLink {
            name,
            node_contract: place.node_contract,
            to_member: relay(&self.alliance.chain, chain, anchor),
            to_alliance: match attested.filter(|_| place.is_foreign) {
                Some(attesters) => Testimony::Attested(attesters.clone()),
                None => Testimony::Proven(relay(chain, &self.alliance.chain, place.anchor)),
            },
        })
    }
}

/// The ways to everybody who was ever a member, as the contracts name them now. Members whose chain is not among `chains`, and foreign ones without `attesters`, are left to
/// others, and said so in the log.
///
/// # Errors
/// An unreachable chain; an answer that cannot be read.
pub async fn member_links(
    alliance: &AllianceContract,
    chains: &[Chain],
    attesters: &BTreeMap<B256, Vec<Arc<dyn Attester>>>,
    key: &Arc<SubmitterKey>,
) -> Result<Vec<MemberLink>, RelayError> {
    let names = alliance.ever_members().await?;
    let ways = Ways {
        alliance: alliance.clone(),
        chains: chains.to_vec(),
        attesters: attesters.clone(),
        key: Arc::clone(key),
    };
    let mut links = Vec::new();
    for member in ways.look(&names).await? {
        match member.way {
            Way::Open(link) => links.push(link),
            Way::Silent(error) => return Err(error),
            Way::Elsewhere => {
                let MemberWay { name, chain_id, .. } = member;
                tracing::warn!(member = %name, chain_id, "nothing is carried for this member from here");
            }
        }
    }
    Ok(links)
}
