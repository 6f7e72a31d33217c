//! By which grants. A reader makes as many requests as it likes, and ends them; what only the owner makes is read first, and then what belongs to it.

use std::collections::{HashMap, VecDeque};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use chancery_contracts::DigitalAsset::{AccessGranted, AccessRequested, GrantEnded};
use chancery_reference_points::{DoorResult, chain_records::EventRecord, s2p::Retrieval};

use super::{MAX_SHOWN_GRANTS, ReaderEntry, ReaderGrant, Readers, decoded};
use crate::directory::reading::Search;

/// Requests that are asked for at a time: nodes bound the alternatives of a topic.
const MAX_REQUESTS_AT_ONCE: usize = 200;

impl Readers {
    /// The newest grants of each, newest first.
    pub(super) async fn add_grants(
        &self,
        chains: &dyn Retrieval,
        search: &mut Search,
        asset: Address,
        entries: &mut [ReaderEntry],
    ) -> DoorResult<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let of = |who: Vec<B256>| [vec![AccessGranted::SIGNATURE_HASH], vec![], who, vec![]];
        let all = of(entries.iter().map(|entry| entry.reader.into_word()).collect());
        if let Some(events) = self.0.events(chains, asset, all, 0, search.head()).await? {
            place(entries, &events);
        } else {
            // Of one of them there are so many: each is asked for alone, and keeps its own from nobody else.
            for entry in &mut *entries {
                let topics = of(vec![entry.reader.into_word()]);
                let found = self.0.newest(chains, search, asset, topics, MAX_SHOWN_GRANTS).await?;
                entry.cut |= !found.is_whole && found.events.len() < MAX_SHOWN_GRANTS;
                place(std::slice::from_mut(entry), &found.events);
            }
        }
        self.add_ends(chains, search, asset, entries).await
    }

    /// Which versions were asked for, and when the grants ended: at most two events of a request.
    async fn add_ends(
        &self,
        chains: &dyn Retrieval,
        search: &mut Search,
        asset: Address,
        entries: &mut [ReaderEntry],
    ) -> DoorResult<()> {
        let requests: Vec<u64> =
            entries.iter().flat_map(|entry| entry.grants.iter().map(|grant| grant.request)).collect();
        let (mut versions, mut ends): (HashMap<u64, u32>, HashMap<u64, u64>) = Default::default();
        let mut is_cut = false;
        for some in requests.chunks(MAX_REQUESTS_AT_ONCE) {
            let kinds = vec![AccessRequested::SIGNATURE_HASH, GrantEnded::SIGNATURE_HASH];
            let which = some.iter().map(|request| B256::from(U256::from(*request))).collect();
            let found = self.0.newest(chains, search, asset, [kinds, which, vec![], vec![]], usize::MAX).await?;
            is_cut |= !found.is_whole;
            for event in &found.events {
                if let Ok(AccessRequested { request, version, .. }) = decoded(event) {
                    versions.insert(request, version);
                } else if let Ok(GrantEnded { request, .. }) = decoded(event) {
                    ends.insert(request, event.block_time_ms / 1000);
                }
            }
        }
        for entry in entries {
            entry.cut |= is_cut;
            for grant in &mut entry.grants {
                grant.version = versions.get(&grant.request).copied().unwrap_or_default();
                grant.ended_at = ends.get(&grant.request).copied();
            }
        }
        Ok(())
    }
}

/// Gives each reader the newest of its grants.
fn place(entries: &mut [ReaderEntry], events: &[EventRecord]) {
    let mut newest: HashMap<Address, VecDeque<ReaderGrant>> = HashMap::new();
    for event in events {
        let Ok(AccessGranted { request, reader, validUntil: until, .. }) = decoded(event) else { continue };
        let of_reader = newest.entry(reader).or_default();
        of_reader.push_front(ReaderGrant {
            request,
            version: 0,
            granted_at: event.block_time_ms / 1000,
            valid_until: (until != 0).then_some(until),
            ended_at: None,
            tx_hash: event.locator.tx_hash,
            block_number: event.locator.block_number,
        });
        of_reader.truncate(MAX_SHOWN_GRANTS);
    }
    for entry in entries {
        entry.grants = newest.remove(&entry.reader).map(Vec::from).unwrap_or_default();
    }
}
