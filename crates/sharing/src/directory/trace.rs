//! The trace of a shared asset (M-APP, S-ASSET): where it comes from, who owned it from when to when, who may use it and by which right, every transfer, every access as far as the
//! chain knows of it (no byte leaves an owner without a grant there), and who then came for which key or file, as the owner tells it. As lists in the order of the chain and of the city, and as a graph.
//!
//! Owners, organizations, transfers and versions are shown to whoever may see the resource; readers, rights and accesses to the owner and to supervisors, and to
//! everybody else its own. It is told in pages, newest first; owners, organizations and rights are on each, whatever page it is.

mod cursor;
mod entry;
mod graph;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use async_trait::async_trait;
use chancery_contracts::{
    DigitalAsset::{OwnershipTransferred, RightGiven, RightWithdrawn, ownerCall},
    ResourceDirectory::{ResourceDescribed, ResourceRegistered, ResourceTakenOver, ResourceWithdrawn},
};
use chancery_reference_points::{
    Actor, DoorResult, Role, application::Service, chain_records::EventRecord, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::cursor::Cursor;
pub use self::entry::{TraceEntry, TracedEvent};
use super::{
    ResourceName, TracedAccess,
    accesses::KeptLine,
    reading::{Directory, Found, Search},
    services::{malformed, names, read, subject, write},
};

/// Most events of an asset that one page of a trace shows, but for those that share the first one's block.
pub const MAX_TRACE_EVENTS: usize = 2000;
/// Most fetches and refusals that it shows.
pub const MAX_TRACE_ACCESSES: usize = 500;

/// Which resource, and which page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceQuery {
    /// Its name.
    pub resource: String,
    /// Events of the page, and fetches (at most [`MAX_TRACE_ACCESSES`] of those); absent: [`MAX_TRACE_EVENTS`].
    #[serde(default)]
    pub limit: Option<usize>,
    /// `nextCursor` of the page before; absent: the newest.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A time during which something held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held<T> {
    /// By whom.
    pub by: T,
    /// Since when, Unix seconds.
    pub since: u64,
    /// Until when; absent: until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// A right of use, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedRight {
    /// Its number.
    pub right: u64,
    /// Who has it.
    pub holder: Address,
    /// keccak256 of what it is for.
    pub purpose_hash: B256,
    /// When it was given, Unix seconds.
    pub given_at: u64,
    /// Its last second, Unix time.
    pub valid_until: u64,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<u64>,
}

/// The trace of a shared asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTrace {
    /// The resource.
    pub resource: ResourceName,
    /// The contract of its asset.
    pub asset: Address,
    /// Who owned it, oldest first: the first is its source, unless it is cut.
    pub owners: Vec<Held<Address>>,
    /// Under which organization it stood in the directory, oldest first.
    pub organizations: Vec<Held<String>>,
    /// Rights of use, as far as the asker may see them.
    pub rights: Vec<TracedRight>,
    /// Everything of the page that happened on the chain, oldest first.
    pub entries: Vec<TraceEntry>,
    /// Who came for a key or a file, and who was refused, as the owner tells it, oldest first.
    #[serde(default)]
    pub accesses: Vec<TracedAccess>,
    /// Whether there are more events than are read: owners, organizations or rights of long ago are missing then, or a block of the page has more than a query answers.
    pub cut: bool,
    /// Where older entries and accesses are; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answers [`TraceQuery`].
pub(super) struct Trace(pub(super) Directory);

#[async_trait]
impl Service for Trace {
    fn name(&self) -> &'static str {
        names::TRACE
    }

    fn description(&self) -> &'static str {
        "Traces a shared asset: its source, its owners, rights of use, transfers and accesses, as a list and as a graph."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: TraceQuery = read(self.name(), parameters)?;
        let limit = query.limit.unwrap_or(MAX_TRACE_EVENTS);
        if !(1..=MAX_TRACE_EVENTS).contains(&limit) {
            return Err(malformed(format!("limit: write 1 to {MAX_TRACE_EVENTS}")).with("member", "limit"));
        }
        let place = query.cursor.as_deref().map_or(Ok(Cursor::NEWEST), str::parse)?;
        let found = self.0.named(actor, chains, &query.resource).await?;
        let (owner, head) = self.0.call_at(chains, found.asset, ownerCall {}).await?;
        let only = if actor.is(Role::Supervisor) || actor.address == Some(owner) { None } else { Some(actor.address) };
        let standing = self.standing(chains, found.asset, found.word(), head).await?;
        let page = if place.has_events() {
            self.page(chains, (found.asset, found.word()), head.min(place.last_block()), limit).await?
        } else {
            Page::default()
        };
        // Whoever has not said who it is has no accesses of its own.
        let (lines, is_more) = match only {
            Some(None) => (Vec::new(), false),
            reader => self.lines(found.asset, reader.flatten(), place.access, limit.min(MAX_TRACE_ACCESSES)).await?,
        };
        let next = Cursor {
            block: page.next.unwrap_or(0),
            access: lines.last().filter(|_| is_more).map_or(0, |line| line.id),
        };
        let mut trace = ResourceTrace::told(found.resource, found.asset, &standing.entries);
        trace.entries = page.entries;
        trace.accesses = lines.into_iter().rev().filter_map(TracedAccess::of).collect();
        trace.cut = standing.is_cut || page.is_cut;
        trace.next_cursor = (next != Cursor::END).then(|| next.to_string());
        let trace = match only {
            None => trace,
            Some(asks) => trace.seen_by(asks),
        };
        let graph = trace.graph();
        write(&json!({"trace": trace, "graph": graph, "mermaid": graph.mermaid()}))
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

/// Events in the order of the chain.
struct Events {
    entries: Vec<TraceEntry>,
    is_cut: bool,
}

/// Events of one page, in the order of the chain.
#[derive(Default)]
struct Page {
    entries: Vec<TraceEntry>,
    /// The first block of the page, where there are older events.
    next: Option<u64>,
    is_cut: bool,
}

impl Trace {
    /// Who owned the asset, under which organizations it stood and what rights there are: readers make none of these events, so many as they like of others.
    async fn standing(&self, chains: &dyn Retrieval, asset: Address, word: B256, head: u64) -> DoorResult<Events> {
        let mut search = Search::up_to(head);
        let kinds =
            vec![OwnershipTransferred::SIGNATURE_HASH, RightGiven::SIGNATURE_HASH, RightWithdrawn::SIGNATURE_HASH];
        let of_asset = [kinds, vec![], vec![], vec![]];
        let of_asset = self.0.newest(chains, &mut search, asset, of_asset, MAX_TRACE_EVENTS).await?;
        let kinds = vec![
            ResourceRegistered::SIGNATURE_HASH,
            ResourceTakenOver::SIGNATURE_HASH,
            ResourceWithdrawn::SIGNATURE_HASH,
        ];
        let of_entry = [kinds, vec![word], vec![], vec![]];
        let of_entry = self.0.newest(chains, &mut search, self.0.contract(), of_entry, MAX_TRACE_EVENTS).await?;
        let is_cut = !of_asset.is_whole || !of_entry.is_whole;
        Ok(Events { entries: in_order(of_asset.events.iter().chain(&of_entry.events)), is_cut })
    }

    /// The newest events up to a block, of whole blocks: so a page goes on where the one before ended.
    async fn page(
        &self,
        chains: &dyn Retrieval,
        (asset, word): (Address, B256),
        last: u64,
        limit: usize,
    ) -> DoorResult<Page> {
        let mut search = Search::up_to(last);
        let any = [vec![], vec![], vec![], vec![]];
        let of_asset = self.0.newest(chains, &mut search, asset, any, limit + 1).await?;
        let kinds = vec![
            ResourceRegistered::SIGNATURE_HASH,
            ResourceDescribed::SIGNATURE_HASH,
            ResourceTakenOver::SIGNATURE_HASH,
            ResourceWithdrawn::SIGNATURE_HASH,
        ];
        let of_entry = [kinds, vec![word], vec![], vec![]];
        let of_entry = self.0.newest(chains, &mut search, self.0.contract(), of_entry, limit + 1).await?;
        // Before the first event of what was not read to its end nothing is known.
        let from = |found: &Found| match found.events.first() {
            _ if found.is_whole => 0,
            Some(first) => first.locator.block_number,
            None => last.saturating_add(1),
        };
        let mut first = from(&of_asset).max(from(&of_entry));
        let mut entries = in_order(of_asset.events.iter().chain(&of_entry.events));
        entries.retain(|entry| entry.block_number >= first);
        let mut is_more = !of_asset.is_whole || !of_entry.is_whole;
        if let Some(oldest) = entries.len().checked_sub(limit).and_then(|place| entries.get(place)) {
            let block = oldest.block_number;
            is_more |= entries.first().is_some_and(|entry| entry.block_number < block);
            first = first.max(block);
            entries.retain(|entry| entry.block_number >= block);
        }
        // Where nothing was read there is nowhere to go on.
        let next = (is_more && (1..=last).contains(&first)).then_some(first);
        let is_gapless = of_asset.is_gapless && of_entry.is_gapless;
        Ok(Page { is_cut: !is_gapless || (is_more && next.is_none()), entries, next })
    }

    /// Lines about the asset before a place, newest first, and whether there are more.
    async fn lines(
        &self,
        asset: Address,
        reader: Option<Address>,
        before: u64,
        limit: usize,
    ) -> DoorResult<(Vec<KeptLine>, bool)> {
        if before == 0 {
            return Ok((Vec::new(), false));
        }
        let mut lines = self.0.accesses().before(asset, reader, before, limit + 1).await?;
        let is_more = lines.len() > limit;
        lines.truncate(limit);
        Ok((lines, is_more))
    }
}

fn in_order<'a>(events: impl Iterator<Item = &'a EventRecord>) -> Vec<TraceEntry> {
    let mut entries: Vec<TraceEntry> = events.filter_map(TraceEntry::of).collect();
    entries.sort_by_key(|entry| (entry.block_number, entry.log_index));
    entries
}

impl ResourceTrace {
    /// What events in the order of the chain tell of who owned the asset and who may use it.
    fn told(resource: ResourceName, asset: Address, entries: &[TraceEntry]) -> Self {
        let (mut owners, mut organizations) = (Vec::new(), Vec::new());
        let mut rights: BTreeMap<u64, TracedRight> = BTreeMap::new();
        for entry in entries {
            match &entry.event {
                TracedEvent::Transferred { to, .. } => follow(&mut owners, *to, entry.time),
                TracedEvent::Registered { organization } | TracedEvent::TakenOver { organization, .. } => {
                    follow(&mut organizations, organization.clone(), entry.time);
                }
                TracedEvent::Withdrawn => end(&mut organizations, entry.time),
                TracedEvent::RightGiven { right, holder, purpose_hash, valid_until } => {
                    let (right, holder) = (*right, *holder);
                    let given = TracedRight {
                        right,
                        holder,
                        purpose_hash: *purpose_hash,
                        given_at: entry.time,
                        valid_until: *valid_until,
                        withdrawn_at: None,
                    };
                    rights.insert(right, given);
                }
                TracedEvent::RightWithdrawn { right, .. } => {
                    if let Some(given) = rights.get_mut(right) {
                        given.withdrawn_at = Some(entry.time);
                    }
                }
                _ => {}
            }
        }
        Self {
            resource,
            asset,
            owners,
            organizations,
            rights: rights.into_values().collect(),
            entries: Vec::new(),
            accesses: Vec::new(),
            cut: false,
            next_cursor: None,
        }
    }

    /// What somebody sees who is neither its owner nor a supervisor: of readers and rights its own.
    fn seen_by(mut self, asks: Option<Address>) -> Self {
        self.entries.retain(|entry| entry.event.reader().is_none_or(|reader| Some(reader) == asks));
        self.rights.retain(|right| Some(right.holder) == asks);
        self.accesses.retain(|access| Some(access.reader) == asks);
        self
    }
}

/// The next holder: the one before held it until then.
fn follow<T>(holders: &mut Vec<Held<T>>, by: T, since: u64) {
    end(holders, since);
    holders.push(Held { by, since, until: None });
}

fn end<T>(holders: &mut [Held<T>], time: u64) {
    if let Some(last) = holders.last_mut().filter(|last| last.until.is_none()) {
        last.until = Some(time);
    }
}
