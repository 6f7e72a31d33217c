//! Where it stands on a chain that something was shown: looked for once, since anybody may ask.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use chancery_contracts::HeldCertificates;
use chancery_ledger::{Chain, Event, EventFilter, LedgerError};
use chancery_primitives::{CertificateKind, CertificateStatus};

/// Events of one holder, kind and block that are looked at for a valid one.
const MAX_SHOWN: usize = 256;
/// How far the clocks of two chains may be apart, milliseconds.
const CLOCK_DIFFERENCE_MS: u64 = 600_000;
/// Places that are remembered.
const MAX_PLACES: usize = 16_384;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventOf {
    /// To which it was shown.
    pub(super) contract: Address,
    pub(super) holder: Address,
    pub(super) kind: CertificateKind,
    /// The block of the followed chain of which it was shown.
    pub(super) number: u64,
    /// The time of that block, Unix seconds.
    pub(super) time: u64,
}

/// Chain id of the host, contract, holder, kind and block: contracts of several hosts have one address, and chains that stand still one block.
type Key = (u64, Address, Address, B256, u64);

/// The blocks in which things were shown; `None` of one that its node has forgotten.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<BTreeMap<Key, Option<u64>>>);

impl Places {
    /// The newest event by which it was shown while it was valid; `None`: the node tells of none.
    pub(super) async fn event(&self, host: &Chain, of: EventOf) -> Result<Option<Event>, LedgerError> {
        let key = (host.config().chain_id, of.contract, of.holder, of.kind.to_bytes32(), of.number);
        let filter = EventFilter {
            contracts: vec![of.contract],
            topics: [
                vec![HeldCertificates::CertificateShown::SIGNATURE_HASH],
                vec![of.holder.into_word()],
                vec![of.kind.to_bytes32()],
                vec![B256::from(U256::from(of.number))],
            ],
            ..EventFilter::default()
        };
        let known = self.lock().get(&key).copied();
        match known {
            Some(None) => return Ok(None),
            Some(Some(block)) => {
                let filter = EventFilter { from_block: block, to_block: Some(block), ..filter.clone() };
                let found = host.latest_kept_events(&filter, MAX_SHOWN).await?.events.into_iter().find(is_valid);
                if found.is_some() {
                    return Ok(found);
                }
                // Its node has forgotten it since, or is another one.
                self.lock().remove(&key);
            }
            None => {}
        }
        // It is not shown before there is something to show.
        let filter = EventFilter { from_block: first_block(host, of.time).await, ..filter };
        // Anybody shows what the holder has lost, too, and as often as he likes: the newest that was valid is looked for among the newest.
        let kept = host.latest_kept_events(&filter, MAX_SHOWN).await?;
        let found = kept.events.into_iter().find(is_valid);
        let is_forgotten = kept.first_block > filter.from_block;
        if found.is_some() || is_forgotten {
            self.remember(key, found.as_ref().map(|event| event.block_number));
        }
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Option<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, key: Key, place: Option<u64>) {
        let mut places = self.lock();
        if places.len() >= MAX_PLACES && !places.contains_key(&key) {
            // Looked for again then, one by one.
            places.clear();
        }
        places.insert(key, place);
    }
}

/// The first block of a time on the followed chain; 0 where the node cannot tell, as one that began from a snapshot.
async fn first_block(host: &Chain, time_s: u64) -> u64 {
    let time_ms = time_s.saturating_mul(1000).saturating_sub(CLOCK_DIFFERENCE_MS);
    host.first_block_at(time_ms).await.unwrap_or_else(|error| {
        tracing::debug!(chain = host.name(), %error, "what was shown is looked for in all blocks");
        0
    })
}

fn is_valid(event: &Event) -> bool {
    HeldCertificates::CertificateShown::decode_raw_log(event.topics.iter().copied(), &event.data)
        .is_ok_and(|shown| shown.status == CertificateStatus::Valid.code())
}
