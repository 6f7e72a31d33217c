//! The trace of a shared asset (M-APP, S-ASSET): where it comes from, who owned it from when to when, who may use it and by which right, every transfer, and every access as
//! far as the chain knows of it: no byte leaves an owner without a grant there. As a list in the order of the chain, and as a graph.
//!
//! Owners, organizations, transfers and versions are shown to whoever may see the resource; readers, rights and accesses to the owner and to supervisors, and to
//! everybody else its own. Events are read newest first, so many and no more; what is cut says so.

mod entry;
mod graph;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent as _;
use async_trait::async_trait;
use chancery_contracts::{
    DigitalAsset::ownerCall,
    ResourceDirectory::{ResourceDescribed, ResourceRegistered, ResourceTakenOver, ResourceWithdrawn},
};
use chancery_reference_points::{Actor, DoorResult, Role, application::Service, s2p::Retrieval};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::entry::{TraceEntry, TracedEvent};
use super::{
    ResourceName, ResourceQuery,
    reading::{Directory, Search},
    services::{names, read, subject, write},
};

/// Most events of an asset that one trace shows: the newest.
pub const MAX_TRACE_EVENTS: usize = 2000;

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
    /// Who owned it, oldest first: the first is its source, unless the trace is cut.
    pub owners: Vec<Held<Address>>,
    /// Under which organization it stood in the directory, oldest first.
    pub organizations: Vec<Held<String>>,
    /// Rights of use, as far as the asker may see them.
    pub rights: Vec<TracedRight>,
    /// Everything that happened, oldest first.
    pub entries: Vec<TraceEntry>,
    /// Whether there are more events than are read: older ones are missing then.
    pub cut: bool,
}

/// Answers [`ResourceQuery`].
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
        let query: ResourceQuery = read(self.name(), parameters)?;
        let found = self.0.named(actor, chains, &query.resource).await?;
        let (owner, head) = self.0.call_at(chains, found.asset, ownerCall {}).await?;
        let mut search = Search::up_to(head);
        let any = || [vec![], vec![], vec![], vec![]];
        let of_asset = self.0.newest(chains, &mut search, found.asset, any(), MAX_TRACE_EVENTS).await?;
        let kinds = vec![
            ResourceRegistered::SIGNATURE_HASH,
            ResourceDescribed::SIGNATURE_HASH,
            ResourceTakenOver::SIGNATURE_HASH,
            ResourceWithdrawn::SIGNATURE_HASH,
        ];
        let topics = [kinds, vec![found.word()], vec![], vec![]];
        let of_entry = self.0.newest(chains, &mut search, self.0.contract(), topics, MAX_TRACE_EVENTS).await?;
        let mut entries: Vec<TraceEntry> =
            of_asset.events.iter().chain(&of_entry.events).filter_map(TraceEntry::of).collect();
        entries.sort_by_key(|entry| (entry.block_number, entry.log_index));
        let before = entries.len().saturating_sub(MAX_TRACE_EVENTS);
        let cut = !of_asset.is_whole || !of_entry.is_whole || before > 0;
        let entries = entries.split_off(before);
        let sees_all = actor.is(Role::Supervisor) || actor.address == Some(owner);
        let trace = ResourceTrace::told(found.resource, found.asset, entries, cut);
        let trace = if sees_all { trace } else { trace.seen_by(actor.address) };
        let graph = trace.graph();
        write(&json!({"trace": trace, "graph": graph, "mermaid": graph.mermaid()}))
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject(parameters)
    }
}

impl ResourceTrace {
    /// What events in the order of the chain tell.
    fn told(resource: ResourceName, asset: Address, entries: Vec<TraceEntry>, cut: bool) -> Self {
        let (mut owners, mut organizations) = (Vec::new(), Vec::new());
        let mut rights: BTreeMap<u64, TracedRight> = BTreeMap::new();
        for entry in &entries {
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
        Self { resource, asset, owners, organizations, rights: rights.into_values().collect(), entries, cut }
    }

    /// What somebody sees who is neither its owner nor a supervisor: of readers and rights its own.
    fn seen_by(mut self, asks: Option<Address>) -> Self {
        self.entries.retain(|entry| entry.event.reader().is_none_or(|reader| Some(reader) == asks));
        self.rights.retain(|right| Some(right.holder) == asks);
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
