//! Ways to the members of an alliance and back: node contracts and anchors.

use std::{collections::BTreeMap, sync::Arc};

use chancery_ledger::{Chain, SubmitterKey};

use super::Finding;
use crate::{
    contracts::{AllianceContract, ViewError},
    relay::{AnchorRelay, MemberLink, RelayError, Standing, Testimony, Way, Ways},
};

/// So many times the blocks after which a relay pushes, an anchor may be behind: a busy chain makes many while one is under way.
const MAX_PUSHES_BEHIND: u64 = 4;

/// What is wrong with the ways to members; and those ways, also to members that have left: something may be held there still, but nobody has to feed their anchors. A member whose chain is
/// foreign has no anchor on the alliance chain. `every_blocks`: after how many blocks the relay pushes.
///
/// # Errors
/// The alliance cannot be read.
pub async fn look(
    alliance: &AllianceContract,
    chains: &[Chain],
    every_blocks: u64,
) -> Result<(Vec<MemberLink>, Vec<Finding>), RelayError> {
    let names = alliance.ever_members().await?;
    // Foreign ones with nobody to ask: their node contracts are looked at all the same.
    let attesters: BTreeMap<_, _> = names.iter().map(|name| (*name, Vec::new())).collect();
    let (key, chains) = (Arc::new(SubmitterKey::random()), chains.to_vec());
    let ways = Ways { alliance: alliance.clone(), chains, attesters, key };
    let (mut links, mut findings) = (Vec::new(), Vec::new());
    for member in ways.look(&names).await? {
        match member.way {
            Way::Elsewhere if member.is_active => {
                findings.push(Finding::MemberUnreached { member: member.name, chain_id: member.chain_id });
            }
            // What is held there is seen by whoever reaches it.
            Way::Elsewhere => {}
            Way::Silent(error) if is_temporary(&error) => {
                // Chains that do not answer are named by themselves.
            }
            Way::Silent(error) => {
                let contract = alliance.member(member.name).await?.node_contract;
                let chain = format!("with the id {}", member.chain_id);
                findings.push(Finding::ContractMissing { contract, chain, reason: error.to_string() });
            }
            Way::Open(link) => {
                if member.is_active {
                    findings.extend(look_at_anchor(&link.to_member, every_blocks).await);
                    if let Testimony::Proven(anchor) = &link.to_alliance {
                        findings.extend(look_at_anchor(anchor, every_blocks).await);
                    }
                }
                links.push(link);
            }
        }
    }
    Ok((links, findings))
}

const fn is_temporary(error: &RelayError) -> bool {
    match error {
        RelayError::Ledger(error) | RelayError::View(ViewError::Ledger(error)) => error.is_temporary(),
        _ => false,
    }
}

async fn look_at_anchor(relay: &AnchorRelay, every_blocks: u64) -> Option<Finding> {
    let (followed, host, anchor) = (relay.followed.name().to_owned(), relay.host.name().to_owned(), relay.anchor);
    // Chains that do not answer are named by themselves.
    let head = relay.followed.head().await.ok()?.number;
    let standing = match relay.standing().await {
        Ok(standing) => standing,
        Err(RelayError::Ledger(error)) if error.is_temporary() => return None,
        Err(error) => {
            return Some(Finding::ContractMissing { contract: anchor, chain: host, reason: error.to_string() });
        }
    };
    of_anchor(standing, head, every_blocks).map(|of| match of {
        Lack::Frozen => Finding::AnchorFrozen { followed, host, anchor },
        Lack::Empty => Finding::AnchorEmpty { followed, host, anchor },
        Lack::Behind(behind) => Finding::AnchorBehind { followed, host, anchor, behind, every_blocks },
    })
}

/// What an anchor lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Frozen,
    Empty,
    Behind(u64),
}

fn of_anchor(standing: Standing, head: u64, every_blocks: u64) -> Option<Lack> {
    if standing.is_frozen {
        return Some(Lack::Frozen);
    }
    let Some(newest) = standing.newest else {
        return (head >= every_blocks).then_some(Lack::Empty);
    };
    let behind = head.saturating_sub(newest.number);
    (behind > every_blocks.saturating_mul(MAX_PUSHES_BEHIND)).then_some(Lack::Behind(behind))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::relay::AnchoredHeader;

    // A-MORE-1, ANCHOR-4: an anchor that a relay feeds is called well; one that nobody feeds, that is empty or frozen, is not.
    #[test]
    fn an_anchor_is_well_as_long_as_it_is_fed() {
        let at = |number| Standing {
            newest: Some(AnchoredHeader { number, hash: B256::ZERO, time_ms: 0 }),
            is_frozen: false,
        };
        assert_eq!(of_anchor(at(100), 100 + 4 * 64, 64), None);
        assert_eq!(of_anchor(at(100), 101 + 4 * 64, 64), Some(Lack::Behind(257)));
        let empty = Standing { newest: None, is_frozen: false };
        assert_eq!((of_anchor(empty, 63, 64), of_anchor(empty, 64, 64)), (None, Some(Lack::Empty)));
        assert_eq!(of_anchor(Standing { newest: None, is_frozen: true }, 1, 64), Some(Lack::Frozen));
    }
}
