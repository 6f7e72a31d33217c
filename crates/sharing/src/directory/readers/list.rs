//! Who is listed, and who was: now as the contract has it, and before as its newest events tell it.

use std::collections::{HashMap, HashSet};

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolEvent;
use chancery_contracts::DigitalAsset::{ReaderListed, ReaderRemoved, isListedCall, readersCall};
use chancery_reference_points::{DoorResult, chain_records::EventRecord, s2p::Retrieval};

use super::{ReaderEntry, Readers, decoded};
use crate::directory::reading::Search;

/// Most readers that the contract lists at a time, and those of one of its answers.
const MAX_LISTED: usize = 1000;
const MAX_LISTED_ROWS: usize = 100;
/// How many listings and removals are read.
const WANTED_CHANGES: usize = 2000;

impl Readers {
    /// Who was ever listed, as far as the events of it could be read, without grants.
    pub(super) async fn listed(
        &self,
        chains: &dyn Retrieval,
        search: &mut Search,
        asset: Address,
        only: Option<Address>,
    ) -> DoorResult<Vec<ReaderEntry>> {
        let now: Vec<Address> = if let Some(reader) = only {
            let is_listed = self.0.call(chains, asset, isListedCall { reader }).await?;
            is_listed.then_some(reader).into_iter().collect()
        } else {
            self.listed_now(chains, asset).await?
        };
        let kinds = vec![ReaderListed::SIGNATURE_HASH, ReaderRemoved::SIGNATURE_HASH];
        let who = only.map(|reader| reader.into_word()).into_iter().collect();
        // Of one reader its last listing and its last removal are enough.
        let wanted = if only.is_some() { 2 } else { WANTED_CHANGES };
        let found = self.0.newest(chains, search, asset, [kinds, who, vec![], vec![]], wanted).await?;
        let told = replayed(&found.events);
        let (known, now_listed) = (told.iter().map(|entry| entry.reader).collect(), now.iter().copied().collect());
        let is_cut = !found.is_whole && (only.is_none() || found.events.len() < wanted);
        Ok(joined(told, &now, &known, &now_listed, is_cut))
    }

    /// The contract's own list: what it decides by, and nobody makes it longer than it may be.
    async fn listed_now(&self, chains: &dyn Retrieval, asset: Address) -> DoorResult<Vec<Address>> {
        let mut now = Vec::new();
        while now.len() < MAX_LISTED {
            let call = readersCall { offset: U256::from(now.len()), limit: U256::from(MAX_LISTED_ROWS) };
            let page: Vec<Address> = self.0.call(chains, asset, call).await?;
            let is_last = page.len() < MAX_LISTED_ROWS;
            now.extend(page.into_iter().take(MAX_LISTED_ROWS));
            if is_last {
                break;
            }
        }
        Ok(now)
    }

    /// Since when those are listed whose listing is not among the newest changes of all.
    pub(super) async fn add_listings(
        &self,
        chains: &dyn Retrieval,
        search: &mut Search,
        asset: Address,
        entries: &mut [ReaderEntry],
    ) -> DoorResult<()> {
        for entry in entries {
            if entry.listed_at.is_some() {
                continue;
            }
            let topics = [vec![ReaderListed::SIGNATURE_HASH], vec![entry.reader.into_word()], vec![], vec![]];
            let found = self.0.newest(chains, search, asset, topics, 1).await?;
            entry.listed_at = found.events.last().map(|event| event.block_time_ms / 1000);
        }
        Ok(())
    }
}

/// What the events tell, in the order in which they first name somebody.
fn replayed(events: &[EventRecord]) -> Vec<ReaderEntry> {
    let (mut entries, mut places): (Vec<ReaderEntry>, HashMap<Address, usize>) = Default::default();
    for event in events {
        let at = event.block_time_ms / 1000;
        let (reader, is_listing) = match (decoded(event), decoded(event)) {
            (Ok(ReaderListed { reader }), _) => (reader, true),
            (_, Ok(ReaderRemoved { reader, .. })) => (reader, false),
            _ => continue,
        };
        let place = *places.entry(reader).or_insert(entries.len());
        if place == entries.len() {
            entries.push(ReaderEntry::unknown(reader));
        }
        if let Some(entry) = entries.get_mut(place) {
            if is_listing {
                (entry.listed_at, entry.removed_at) = (Some(at), None);
            } else {
                entry.removed_at = Some(at);
            }
        }
    }
    entries
}

/// Whom the contract lists and no event that was read names comes first: it was listed before.
fn joined(
    told: Vec<ReaderEntry>,
    now: &[Address],
    known: &HashSet<Address>,
    now_listed: &HashSet<Address>,
    is_cut: bool,
) -> Vec<ReaderEntry> {
    let before = now.iter().filter(|reader| !known.contains(*reader)).map(|reader| ReaderEntry::unknown(*reader));
    let mut entries: Vec<ReaderEntry> = before.chain(told).collect();
    for entry in &mut entries {
        entry.listed = now_listed.contains(&entry.reader);
        if entry.listed {
            entry.removed_at = None;
        }
        entry.cut |= is_cut;
    }
    entries
}
