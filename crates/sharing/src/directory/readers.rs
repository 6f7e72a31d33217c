//! Who may read an asset, since when and by which grants (S-RULES): the contract's list, and what its events tell of it, of those that were removed too.
//!
//! The owner of the asset and supervisors are shown all; everybody else is shown itself. Readers come in the order in which they were first listed, which is that of the
//! chain, so that a place in it stays one. Readers and owners make as many events as they like: those are read newest first, so many and no more, and what is cut says so.

mod grants;
mod list;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::DigitalAsset::ownerCall;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, right::Right,
    s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    reading::{Directory, Search},
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
    /// Since when, or when it was listed the last time, Unix seconds; absent where that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_at: Option<u64>,
    /// When it was removed, of one that is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<u64>,
    /// Its newest grants, newest first.
    pub grants: Vec<ReaderGrant>,
    /// Whether there are more events than are read: older listings, removals or grants than these may be missing, and readers that were removed before.
    #[serde(default)]
    pub cut: bool,
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

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: ReadersQuery = read(self.name(), parameters)?;
        let Some(asks) = actor.address else {
            return Err(DoorError::new(Code::AuthenticationRequired, "who may read is shown to who says who asks"));
        };
        let unknown = || DoorError::new(Code::UnknownResource, "there is no such resource that you may see");
        let (asset, is_visible) = self.0.asset_of(actor, chains, &query.resource).await?.ok_or_else(unknown)?;
        let (owner, head) = self.0.call_at(chains, asset, ownerCall {}).await?;
        let mut search = Search::up_to(head);
        let sees_all = actor.is(Role::Supervisor) || owner == asks;
        let only = if sees_all { query.reader } else { Some(asks) };
        if query.reader.is_some_and(|reader| only != Some(reader)) {
            if !is_visible {
                return Err(unknown());
            }
            let detail = "the owner of the asset and supervisors are shown other readers";
            return Err(DoorError::new(Code::RoleRequired, detail).with("required", [Role::Supervisor.name()]));
        }
        let listed = self.listed(chains, &mut search, asset, only).await?;
        // Whoever may not see the resource learns nothing of it, unless it is one of its readers.
        if listed.is_empty() && !sees_all && !is_visible {
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
        self.add_listings(chains, &mut search, asset, &mut items).await?;
        self.add_grants(chains, &mut search, asset, &mut items).await?;
        write(&ReadersPage { items, next_cursor: more.then(|| (first + rows).to_string()) })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }

    /// Supervisors by office; the owner of the asset and its readers what is their own.
    fn right(&self, actor: &Actor, _: &Value) -> Option<Right> {
        Some(if actor.is(Role::Supervisor) { Right::Role } else { Right::OwnData })
    }
}

impl ReaderEntry {
    /// Of whom nothing is known yet.
    const fn unknown(reader: Address) -> Self {
        Self { reader, listed: false, listed_at: None, removed_at: None, grants: Vec::new(), cut: false }
    }
}

fn decoded<E: SolEvent>(event: &EventRecord) -> alloy_sol_types::Result<E> {
    E::decode_raw_log(event.topics.iter().copied(), &event.data)
}
