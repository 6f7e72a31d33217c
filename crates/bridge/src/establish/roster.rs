//! Who is of an alliance, since when, with which weights and certificates: from its contract and its events, through one node of the alliance chain.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use chancery_contracts::Alliance;
use chancery_ledger::{Event, EventFilter};

use super::is_identity_due;
use crate::{
    alliance::certificate::{MAX_IDENTITY_S, MAX_TRANSACTION_S, Scope},
    contracts::{AllianceContract, ViewError, view},
    progress::AllianceState,
};

/// Changes of the membership that are looked through, the newest.
const MAX_CHANGES: usize = 4096;
/// Certificates of one sort that are looked through, the newest.
const MAX_CERTIFICATES: usize = 4096;

/// An alliance as its chain has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// What for.
    pub purpose: B256,
    /// How far it is; `None`: a state that this program does not know.
    pub state: Option<AllianceState>,
    /// Last second in which members accept.
    pub accept_until: u64,
    /// Time of the newest final block, in seconds.
    pub time_s: u64,
    /// The registry of its members' requirements.
    pub registry: Address,
    /// In the contract's order.
    pub members: Vec<RosterMember>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterMember {
    /// Its name.
    pub name: B256,
    /// Issues its certificates and votes for it.
    pub authority: Address,
    /// EIP-155 id of its chain.
    pub chain_id: u64,
    /// Hash of that chain's genesis header; `None`: a chain without finality certificates.
    pub genesis_hash: Option<B256>,
    /// On that chain.
    pub node_contract: Address,
    /// Follows it, on the alliance chain.
    pub anchor: Address,
    /// It has accepted the alliance as it was proposed; who was voted in later does not.
    pub has_accepted: bool,
    /// Since when it is a member without a break, in seconds; `None`: longer than is looked back.
    pub since_s: Option<u64>,
    /// Its endorsers and what they weigh, by the requirement that counts now.
    pub endorsers: Vec<(B256, u64)>,
    /// What all of them weigh.
    pub total_weight: U256,
    /// Identities that count or were revoked before their end; the newest first.
    pub identities: Vec<RosterIdentity>,
}

/// Who a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterIdentity {
    /// Serial number.
    pub serial: u64,
    /// The node's name.
    pub node: B256,
    /// Its key.
    pub key: Address,
    /// First second in which it no longer counts.
    pub valid_until: u64,
    /// It was revoked.
    pub is_revoked: bool,
    /// What it may do, as far as that has not ended; the newest first.
    pub permits: Vec<RosterPermit>,
}

impl Roster {
    /// Whether an identity ends soon and nobody has issued the node another one: from then on nothing that it signs counts.
    #[must_use]
    pub fn is_to_be_renewed(&self, identity: &RosterIdentity) -> bool {
        let lasts = |other: &RosterIdentity| !other.is_revoked && !is_identity_due(other.valid_until, self.time_s);
        let mut others = self.members.iter().flat_map(|member| &member.identities);
        !identity.is_revoked
            && is_identity_due(identity.valid_until, self.time_s)
            && !others.any(|other| (other.node, other.key) == (identity.node, identity.key) && lasts(other))
    }
}

/// A transaction certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RosterPermit {
    /// Serial number.
    pub serial: u64,
    /// What it allows; `None`: what this program does not know.
    pub scope: Option<Scope>,
    /// First second in which it no longer counts.
    pub valid_until: u64,
    /// It was revoked.
    pub is_revoked: bool,
}

/// Reads it. All of it is the word of the node that is asked: whatever is done by it is verified where it counts.
///
/// # Errors
/// [`ViewError`].
pub async fn roster(alliance: &AllianceContract) -> Result<Roster, ViewError> {
    let (chain, address) = (&alliance.chain, alliance.address);
    let time_s = alliance.time_s().await?;
    let registry = alliance.requirements().await?;
    let kinds =
        vec![Alliance::Admitted::SIGNATURE_HASH, Alliance::Left::SIGNATURE_HASH, Alliance::Removed::SIGNATURE_HASH];
    let changes = events(alliance, kinds, 0, MAX_CHANGES).await?;
    let identities = Box::pin(identities(alliance, time_s)).await?;
    let mut members = Vec::new();
    for name in alliance.members().await? {
        let own = identities.iter().filter(|(member, _)| *member == name).map(|(_, identity)| identity.clone());
        members.push(Box::pin(member(alliance, registry, name, &changes, own.collect())).await?);
    }
    Ok(Roster {
        purpose: view(chain, address, &Alliance::purposeCall {}).await?,
        state: AllianceState::from_code(view(chain, address, &Alliance::stateCall {}).await?),
        accept_until: view(chain, address, &Alliance::acceptUntilCall {}).await?,
        time_s,
        registry,
        members,
    })
}

async fn member(
    alliance: &AllianceContract,
    registry: Address,
    name: B256,
    changes: &[Event],
    identities: Vec<RosterIdentity>,
) -> Result<RosterMember, ViewError> {
    let record = view(&alliance.chain, alliance.address, &Alliance::memberRecordCall { name }).await?;
    let standing = standing(name, changes);
    let endorsers = match standing.first().and_then(|event| decoded::<Alliance::Admitted>(event)) {
        Some(admitted) => alliance.endorsers(registry, admitted.requirement).await?,
        None => Vec::new(),
    };
    // Where there are more changes than are looked through, the oldest that is seen need not be the first.
    let is_first_seen = changes.len() < MAX_CHANGES;
    Ok(RosterMember {
        name,
        authority: record.authority,
        chain_id: record.chainId,
        genesis_hash: Some(record.genesisHash).filter(|hash| !hash.is_zero()),
        node_contract: record.nodeContract,
        anchor: record.anchor,
        has_accepted: record.hasAccepted,
        since_s: standing.last().filter(|_| is_first_seen).map(|event| event.block_time_ms / 1000),
        endorsers,
        total_weight: alliance.total_weight(name).await?,
        identities,
    })
}

/// A member's admissions since it was last no member, newest first.
fn standing(name: B256, changes: &[Event]) -> Vec<&Event> {
    let own = changes.iter().filter(|event| event.topics.get(1) == Some(&name));
    own.take_while(|event| event.topics.first() == Some(&Alliance::Admitted::SIGNATURE_HASH)).collect()
}

/// Identities that have not ended, with their members.
async fn identities(alliance: &AllianceContract, now: u64) -> Result<Vec<(B256, RosterIdentity)>, ViewError> {
    let kinds = vec![Alliance::TransactionIssued::SIGNATURE_HASH];
    let mut permits = Vec::new();
    for event in events(alliance, kinds, now.saturating_sub(MAX_TRANSACTION_S), MAX_CERTIFICATES).await? {
        let Some(issued) = decoded::<Alliance::TransactionIssued>(&event) else { continue };
        if issued.validUntil > now {
            let call = Alliance::transactionCertificateCall { serial: issued.serial };
            let is_revoked = view(&alliance.chain, alliance.address, &call).await?.isRevoked;
            let (serial, scope, valid_until) = (issued.serial, Scope::from_code(issued.scope), issued.validUntil);
            permits.push((issued.identity, RosterPermit { serial, scope, valid_until, is_revoked }));
        }
    }
    let kinds = vec![Alliance::IdentityIssued::SIGNATURE_HASH];
    let mut all = Vec::new();
    for event in events(alliance, kinds, now.saturating_sub(MAX_IDENTITY_S), MAX_CERTIFICATES).await? {
        let Some(issued) = decoded::<Alliance::IdentityIssued>(&event) else { continue };
        if issued.validUntil <= now {
            continue;
        }
        let own = permits.iter().filter(|(identity, _)| *identity == issued.serial).map(|(_, permit)| *permit);
        let identity = RosterIdentity {
            serial: issued.serial,
            node: issued.node,
            key: issued.key,
            valid_until: issued.validUntil,
            is_revoked: alliance.identity(issued.serial).await?.is_some_and(|identity| identity.revoked),
            permits: own.collect(),
        };
        all.push((issued.member, identity));
    }
    Ok(all)
}

/// The newest events of some kinds from a time on, newest first.
async fn events(
    alliance: &AllianceContract,
    kinds: Vec<B256>,
    from_s: u64,
    limit: usize,
) -> Result<Vec<Event>, ViewError> {
    let filter = EventFilter {
        contracts: vec![alliance.address],
        topics: [kinds, Vec::new(), Vec::new(), Vec::new()],
        from_block: alliance.chain.first_block_at(from_s.saturating_mul(1000)).await?,
        to_block: None,
    };
    Ok(alliance.chain.latest_events(&filter, limit).await?)
}

fn decoded<E: SolEvent>(event: &Event) -> Option<E> {
    E::decode_raw_log(event.topics.iter().copied(), &event.data).ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;

    use super::*;

    const NAME: B256 = B256::repeat_byte(1);

    fn change(topic: B256, at_s: u64) -> Event {
        Event {
            block_number: at_s,
            block_hash: B256::ZERO,
            block_time_ms: at_s * 1000,
            tx_hash: B256::ZERO,
            log_index: 0,
            contract: Address::ZERO,
            topics: vec![topic, NAME],
            data: Bytes::new(),
        }
    }

    // A-EST: a renewal of the policy does not make a member younger, and a return does.
    #[test]
    fn a_member_is_one_since_it_was_last_none() {
        let admitted = |at_s| change(Alliance::Admitted::SIGNATURE_HASH, at_s);
        let left = |at_s| change(Alliance::Left::SIGNATURE_HASH, at_s);
        let since = |changes: &[Event]| standing(NAME, changes).last().map(|event| event.block_number);
        assert_eq!(since(&[admitted(3), admitted(1)]), Some(1));
        assert_eq!(since(&[admitted(9), admitted(5), left(4), admitted(1)]), Some(5));
        assert_eq!(since(&[left(4), admitted(1)]), None);
        assert!(standing(B256::repeat_byte(2), &[admitted(1)]).is_empty(), "another member's");
    }
}
