//! Who is of the alliance, and whether what is between each member and the alliance still leads there.

use alloy_primitives::B256;
use chancery_contracts::Alliance;
use futures::future::join_all;
use tokio::time::timeout;

use super::{Follower, MAX_HEAD_WAIT};
use crate::{
    contracts::{ViewError, is_frozen, view},
    progress::{AllianceState, MemberStanding, Standing},
};

/// After so many turns anchors are looked at again.
const TURNS: u32 = 20;

impl Follower {
    /// Reads who is of the alliance, and remembers it.
    pub(super) async fn read_standing(&mut self) -> Result<Standing, ViewError> {
        let chain = self.alliance.chain.clone();
        let state = view(&chain, self.alliance.address, &Alliance::stateCall {}).await?;
        let purpose = view(&chain, self.alliance.address, &Alliance::purposeCall {}).await?;
        let asked = self.members.iter_mut().map(|(name, followed)| async move {
            // A chain that is silent keeps nobody waiting.
            (*name, timeout(MAX_HEAD_WAIT, followed.is_frozen()).await)
        });
        let here = join_all(asked.collect::<Vec<_>>()).await;
        let mut members = Vec::new();
        for (name, is_frozen_here) in here {
            let place = self.alliance.member(name).await?;
            let before = self.known(name);
            members.push(MemberStanding {
                name,
                chain: self.members.get(&name).and_then(|followed| followed.chain_name()),
                chain_id: place.chain_id,
                node_contract: place.node_contract,
                is_active: place.is_active,
                is_foreign: place.is_foreign,
                is_unreachable: self.silent.contains(&name),
                is_frozen_there: !place.is_foreign && is_frozen(&chain, place.anchor).await?,
                // Of one that does not answer, what was seen last.
                is_frozen_here: match is_frozen_here {
                    Ok(Ok(seen)) => seen.unwrap_or(false),
                    Ok(Err(_)) | Err(_) => before.is_some_and(|before| before.is_frozen_here),
                },
            });
        }
        let standing = Standing { purpose, state: AllianceState::from_code(state), members };
        self.standing = Some(standing.clone());
        Ok(standing)
    }

    /// The same from time to time, and when there is news of who answers; `None`: nothing is different.
    pub(super) async fn standing_again(&mut self, is_news: bool) -> Option<Standing> {
        self.turns = self.turns.wrapping_add(1);
        if !is_news && !self.turns.is_multiple_of(TURNS) {
            return None;
        }
        let before = self.standing.clone();
        match self.read_standing().await {
            Ok(standing) => Some(standing).filter(|standing| before.as_ref() != Some(standing)),
            Err(error) => {
                tracing::debug!(%error, "who is of the alliance is not read again now");
                // What answers again, or does not, is told the next time.
                self.silent.clear();
                None
            }
        }
    }

    fn known(&self, name: B256) -> Option<&MemberStanding> {
        self.standing.as_ref()?.members.iter().find(|member| member.name == name)
    }
}
