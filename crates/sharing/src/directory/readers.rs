//! Who may read an asset, since when and by which grants (S-RULES): the list of identities as the events of its contract tell it, those that were removed too.
//!
//! The owner of the asset and supervisors are shown all; everybody else is shown itself. Readers come in the order in which they were first listed, which is that of the
//! chain, so that a place in it stays one.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::DigitalAsset::{
    AccessGranted, AccessRequested, GrantEnded, ReaderListed, ReaderRemoved, ownerCall,
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, s2p::S2p,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ResourceName, Visibility,
    reading::Directory,
    services::{malformed, names, read, subject, write},
};

/// Most readers of a page.
const MAX_PAGE_READERS: usize = 100;
/// Readers of a page when nothing is said.
const DEFAULT_PAGE_READERS: usize = 20;
/// Most grants that are shown of a reader: the newest.
pub const MAX_SHOWN_GRANTS: usize = 20;

/// Whose readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadersQuery {
    /// The resource.
    pub resource: String,
    /// Of this one alone.
    #[serde(default)]
    pub reader: Option<Address>,
    /// Rows of the page.
    #[serde(default)]
    pub limit: Option<usize>,
    /// `nextCursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadersPage {
    /// In the order in which they were first listed.
    pub items: Vec<ReaderEntry>,
    /// Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An identity that may read, or might.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderEntry {
    /// Its address.
    pub reader: Address,
    /// Whether it is listed now: whoever is not may not ask, and has no grant.
    pub listed: bool,
    /// Since when, or when it was listed the last time; Unix seconds.
    pub listed_at: u64,
    /// When it was removed, of one that is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<u64>,
    /// Its newest grants, newest first.
    pub grants: Vec<ReaderGrant>,
}

/// What lets it read, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderGrant {
    /// Number of the request that was granted.
    pub request: u64,
    /// For which version; what is of the same key opens with it.
    pub version: u32,
    /// When, Unix seconds.
    pub granted_at: u64,
    /// Last second, Unix time; absent: it does not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<u64>,
    /// When it was ended: by its reader, by the owner, or because the reader was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// The transaction that granted it.
    pub tx_hash: B256,
    /// Its final block.
    pub block_number: u64,
}

/// Answers [`ReadersQuery`].
pub(super) struct Readers(pub(super) Directory);

#[async_trait]
impl Service for Readers {
    fn name(&self) -> &'static str {
        names::READERS
    }

    fn description(&self) -> &'static str {
        "Shows who may read a shared resource, since when and by which grants: all to its owner and to supervisors, and to everybody else itself."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn S2p) -> DoorResult<Value> {
        let query: ReadersQuery = read(self.name(), parameters)?;
        let Some(asks) = actor.address else {
            return Err(DoorError::new(Code::AuthenticationRequired, "who may read is shown to who says who asks"));
        };
        let unknown = || DoorError::new(Code::UnknownResource, "there is no such resource that you may see");
        let name: ResourceName = query.resource.parse().map_err(|_| unknown())?;
        let found = self.0.record(chains, name.to_bytes32()).await?;
        if found.registeredAt == 0 {
            return Err(unknown());
        }
        let asset = found.asset;
        let sees_all = actor.is(Role::Supervisor) || self.0.call(chains, asset, ownerCall {}).await? == asks;
        let only = if sees_all { query.reader } else { Some(asks) };
        if query.reader.is_some_and(|reader| only != Some(reader)) {
            let detail = "the owner of the asset and supervisors are shown other readers";
            return Err(DoorError::new(Code::RoleRequired, detail).with("required", [Role::Supervisor.name()]));
        }
        let listed = self.listed(chains, asset, only).await?;
        // Whoever may not see the resource learns nothing of it, unless it is one of its readers.
        if listed.is_empty() && !sees_all && !Visibility(found.visibility).admits(actor) {
            return Err(unknown());
        }
        let first: usize = query
            .cursor
            .as_deref()
            .map_or(Ok(0), str::parse)
            .map_err(|_| malformed("cursor: write what `nextCursor` said".to_owned()).with("member", "cursor"))?;
        let rows = query.limit.unwrap_or(DEFAULT_PAGE_READERS).clamp(1, MAX_PAGE_READERS);
        let more = listed.len() > first.saturating_add(rows);
        let mut items: Vec<ReaderEntry> = listed.into_iter().skip(first).take(rows).collect();
        self.add_grants(chains, asset, &mut items).await?;
        write(&ReadersPage { items, next_cursor: more.then(|| (first + rows).to_string()) })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

impl Readers {
    /// Who was ever listed, without grants.
    async fn listed(&self, chains: &dyn S2p, asset: Address, only: Option<Address>) -> DoorResult<Vec<ReaderEntry>> {
        let kinds = vec![ReaderListed::SIGNATURE_HASH, ReaderRemoved::SIGNATURE_HASH];
        let who = only.map(|reader| reader.into_word()).into_iter().collect();
        let events = self.0.events(chains, asset, [kinds, who, vec![], vec![]]).await?;
        let (mut entries, mut places): (Vec<ReaderEntry>, HashMap<Address, usize>) = Default::default();
        for event in &events {
            let at = event.block_time_ms / 1000;
            if let Ok(ReaderListed { reader }) = decoded(event) {
                let place = *places.entry(reader).or_insert(entries.len());
                let entry = ReaderEntry { reader, listed: true, listed_at: at, removed_at: None, grants: Vec::new() };
                match entries.get_mut(place) {
                    Some(known) => *known = entry,
                    None => entries.push(entry),
                }
            } else if let Ok(ReaderRemoved { reader, .. }) = decoded(event)
                && let Some(known) = places.get(&reader).and_then(|place| entries.get_mut(*place))
            {
                (known.listed, known.removed_at) = (false, Some(at));
            }
        }
        Ok(entries)
    }

    async fn add_grants(&self, chains: &dyn S2p, asset: Address, entries: &mut [ReaderEntry]) -> DoorResult<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let kinds = vec![AccessRequested::SIGNATURE_HASH, AccessGranted::SIGNATURE_HASH, GrantEnded::SIGNATURE_HASH];
        let who = entries.iter().map(|entry| entry.reader.into_word()).collect();
        let events = self.0.events(chains, asset, [kinds, vec![], who, vec![]]).await?;
        let mut versions: HashMap<u64, u32> = HashMap::new();
        let mut grants: BTreeMap<u64, (Address, ReaderGrant)> = BTreeMap::new();
        for event in &events {
            let at = event.block_time_ms / 1000;
            if let Ok(AccessRequested { request, version, .. }) = decoded(event) {
                versions.insert(request, version);
            } else if let Ok(AccessGranted { request, reader, validUntil: until, .. }) = decoded(event) {
                let grant = ReaderGrant {
                    request,
                    version: versions.get(&request).copied().unwrap_or_default(),
                    granted_at: at,
                    valid_until: (until != 0).then_some(until),
                    ended_at: None,
                    tx_hash: event.locator.tx_hash,
                    block_number: event.locator.block_number,
                };
                grants.insert(request, (reader, grant));
            } else if let Ok(GrantEnded { request, .. }) = decoded(event)
                && let Some((_, grant)) = grants.get_mut(&request)
            {
                grant.ended_at = Some(at);
            }
        }
        for (_, (reader, grant)) in grants.into_iter().rev() {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.reader == reader)
                && entry.grants.len() < MAX_SHOWN_GRANTS
            {
                entry.grants.push(grant);
            }
        }
        Ok(())
    }
}

fn decoded<E: SolEvent>(event: &EventRecord) -> alloy_sol_types::Result<E> {
    E::decode_raw_log(event.topics.iter().copied(), &event.data)
}
