//! M2P: what the chains record, each entry verified against the chain's genesis.

mod access;
mod anchors;
mod changes;
mod entries;
mod filter;
mod recorded;
mod releases;

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_contracts::predeploys;
use chancery_ledger::{Chain, Event, EventFilter as Filter, Finality, LedgerError};
use chancery_reference_points::{
    DoorError, DoorResult, Role,
    anchor::AnchorState,
    data_block::{RecordedBlock, RecordedRoots},
    m2p::M2p,
    mandate::{Mandate, rights},
    operation::ChainName,
    v2m::{EventFilter, Happening, HistoryEntry, MAX_TOLD, Verification},
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};

pub use self::anchors::AnchorPlaces;
use self::{entries::entry, filter::Wanted};
use crate::{Processing, error::door_error, processing::malformed};

/// Most entries of one subject on one chain.
const MAX_SUBJECT_EVENTS: usize = 1000;
/// Entries verified at once.
const MAX_PARALLEL_VERIFICATIONS: usize = 8;
/// Entries of a filter without a limit, and the most of one with.
const DEFAULT_EVENTS: usize = 20;
const MAX_EVENTS: usize = 100 + MAX_TOLD;

#[async_trait]
impl M2p for Processing {
    async fn subject_history(&self, by: &Mandate, subject: B256) -> DoorResult<Vec<HistoryEntry>> {
        self.validity.by_name(rights::SUPERVISION, by)?;
        let found = try_join_all(self.ledger.chains().map(|chain| self.history_on(chain, subject))).await?;
        let mut entries: Vec<HistoryEntry> = found.into_iter().flatten().collect();
        // Stable: what happened in one millisecond on one chain keeps the chain's order.
        entries.sort_by_key(|entry| entry.time_ms);
        let creation = entries.iter().find(|entry| entry.happening == Happening::Created);
        if !creation.is_some_and(|creation| creation.concerns(&by.actor)) {
            self.validity.only(rights::SUPERVISION, Role::Supervisor, by)?;
        }
        Ok(entries)
    }

    async fn events(&self, by: &Mandate, filter: &EventFilter) -> DoorResult<Vec<HistoryEntry>> {
        self.validity.only(rights::SUPERVISION, Role::Supervisor, by)?;
        let limit = filter.limit.unwrap_or(DEFAULT_EVENTS);
        if !(1..=MAX_EVENTS).contains(&limit) {
            return Err(malformed(format!("limit is 1 to {MAX_EVENTS}")));
        }
        let wanted = Wanted::new(filter)?;
        let found = try_join_all(self.ledger.chains().map(|chain| self.events_on(chain, &wanted, limit))).await?;
        let mut entries: Vec<HistoryEntry> = found.into_iter().flatten().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time_ms));
        entries.truncate(limit);
        Ok(entries)
    }

    async fn recorded_blocks(
        &self,
        by: &Mandate,
        chain: &ChainName,
        roots: Vec<B256>,
    ) -> DoorResult<Vec<Option<RecordedBlock>>> {
        self.validity.by_name(rights::AUDIT, by)?;
        recorded::blocks(self.chain(chain)?, &roots).await
    }

    async fn recorded_roots(&self, by: &Mandate, chain: &ChainName, from: u64) -> DoorResult<RecordedRoots> {
        self.validity.by_name(rights::AUDIT, by)?;
        recorded::roots(self.chain(chain)?, from).await
    }

    async fn anchors(&self, by: &Mandate) -> DoorResult<Vec<AnchorState>> {
        self.validity.by_name(rights::AUDIT, by)?;
        let config = Arc::clone(&self.config);
        let places = tokio::task::spawn_blocking(move || config.anchors.places()).await.map_err(DoorError::internal)?;
        Ok(anchors::read(&self.ledger, places).await)
    }
}

impl Processing {
    async fn history_on(&self, chain: &Chain, subject: B256) -> DoorResult<Vec<HistoryEntry>> {
        let filter = Filter {
            contracts: predeploys_with_events(),
            topics: [Vec::new(), vec![subject], Vec::new(), Vec::new()],
            ..Filter::default()
        };
        let events = chain.events(&filter, MAX_SUBJECT_EVENTS).await.map_err(door_error)?;
        verified(chain, events).await
    }

    /// The newest entries of one chain that match.
    async fn events_on(&self, chain: &Chain, wanted: &Wanted, limit: usize) -> DoorResult<Vec<HistoryEntry>> {
        if wanted.is_nothing() {
            return Ok(Vec::new());
        }
        let first = wanted.from_ms.map(|time_ms| chain.first_block_at(time_ms));
        let end = wanted.to_ms.map(|time_ms| chain.first_block_at(time_ms));
        let from_block = match first {
            Some(first) => first.await.map_err(door_error)?,
            None => 0,
        };
        let to_block = match end {
            Some(end) => match end.await.map_err(door_error)?.checked_sub(1) {
                Some(block) => Some(block),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let filter =
            Filter { contracts: predeploys_with_events(), topics: wanted.topics.clone(), from_block, to_block };
        let events = chain.latest_events(&filter, limit).await.map_err(door_error)?;
        verified(chain, events).await
    }
}

/// Turns events into entries, each with the result of its verification. An event that fails stays in the history as what it is: a finding.
async fn verified(chain: &Chain, events: Vec<Event>) -> DoorResult<Vec<HistoryEntry>> {
    stream::iter(events)
        .map(|event| async move {
            let verification = match chain.verify_event(&event).await {
                Ok(Finality::Certified { .. } | Finality::Genesis) => Verification::Verified,
                Ok(Finality::Assumed { missing }) => Verification::Unproven { missing },
                Err(LedgerError::ProofRefused { check, .. }) => Verification::Failed { check },
                Err(error) => return Err(door_error(error)),
            };
            Ok(entry(chain, &event, verification))
        })
        .buffered(MAX_PARALLEL_VERIFICATIONS)
        .try_filter_map(|entry| async move { Ok(entry) })
        .try_collect()
        .await
}

fn predeploys_with_events() -> Vec<alloy_primitives::Address> {
    vec![
        predeploys::ORGANIZATION_REGISTRY,
        predeploys::ETHEREUM_DID_REGISTRY,
        predeploys::DATA_FORMAT_REGISTRY,
        predeploys::DATA_BLOCK_REGISTRY,
        predeploys::CERTIFICATE_REGISTRY,
        predeploys::CONTRACT_RELEASES,
        predeploys::ACCESS_RULES,
        predeploys::CHANGE_APPROVALS,
        // Who may take steps there is its administrator's to say.
        predeploys::ACCESS_MANAGER,
    ]
}
