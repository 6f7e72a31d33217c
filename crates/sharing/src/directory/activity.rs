//! `sharing.activity`: how often access to shared resources was asked for, granted and ended in a period, day by day (S-APP). No reader is named.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::{
    DigitalAsset::{AccessGranted, AccessRequested, GrantEnded, RequestDecided, VersionPublished},
    ResourceDirectory::ResourceRegistered,
};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MAX_SCANNED_ENTRIES, ResourceName, Visibility,
    reading::{Directory, Search},
    services::{malformed, names, read, write},
};

/// Who may ask: they see that something is shared, whoever may see the resource.
const ROLES: [Role; 2] = [Role::Operator, Role::Supervisor];
/// How many resources one answer counts, before it says where the next one begins.
pub const MAX_COUNTED_RESOURCES: usize = 1_000;
const DAY_MS: u64 = 86_400_000;

/// Which period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SharingPeriod {
    /// From this time on, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub to_ms: Option<u64>,
    /// From this place in the directory on: `next` of the answer before.
    pub first: usize,
}

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharingEvent {
    /// A version was published.
    Published,
    /// Somebody asked for access.
    Requested,
    /// The owner said yes.
    Approved,
    /// The owner said no.
    Refused,
    /// The key was handed out.
    Granted,
    /// A grant was ended.
    Ended,
}

/// How often it happened on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingCount {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// The resource: its name, or its 32 bytes in hexadecimal digits with `0x` where somebody registered what is none.
    pub resource: String,
    /// What happened.
    pub event: SharingEvent,
    /// How often.
    pub count: u64,
}

/// A further name of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingAlias {
    /// The name.
    pub resource: String,
    /// The one under which the asset was registered first; its events are counted there, and once.
    pub of: String,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingActivity {
    /// How many names were looked at, withdrawn ones among them.
    pub resources: u64,
    /// By day, resource and event.
    pub events: Vec<SharingCount>,
    /// Resources with more events than are read: the oldest may be missing.
    pub cut: Vec<String>,
    /// Resources that some may see and others not, or nobody any more since they were withdrawn: no name for the public.
    pub restricted: Vec<String>,
    /// Further names of assets that are counted under their first one.
    pub aliases: Vec<SharingAlias>,
    /// Where the next answer begins; absent in the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<usize>,
}

/// What was registered, ever: a name is taken once, and a name that was withdrawn keeps its asset here.
#[derive(Debug, Default)]
struct Registered {
    assets: HashMap<B256, Address>,
    /// The first name of each asset; a word that stands for one only while there is none.
    first: HashMap<Address, B256>,
}

impl Registered {
    fn add(&mut self, name: B256, asset: Address) {
        self.assets.entry(name).or_insert(asset);
        let first = self.first.entry(asset).or_insert(name);
        // What was for some roles before it was for everybody is counted under the name that it got then.
        if ResourceName::from_bytes32(*first).is_err() && ResourceName::from_bytes32(name).is_ok() {
            *first = name;
        }
    }
}

/// Answers [`SharingPeriod`].
pub(super) struct ActivityOf(pub(super) Directory);

#[async_trait]
impl Service for ActivityOf {
    fn name(&self) -> &'static str {
        names::ACTIVITY
    }

    fn description(&self) -> &'static str {
        "Counts how often access to shared resources was asked for, granted and ended in a period, day by day."
    }

    async fn answer(&self, actor: &Actor, parameters: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: SharingPeriod = read(self.name(), parameters)?;
        if !actor.is_any(&ROLES) {
            let required: Vec<&str> = ROLES.iter().map(|role| role.name()).collect();
            return Err(DoorError::new(Code::RoleRequired, "operators and supervisors see what is shared how often")
                .with("required", required));
        }
        let (from_ms, to_ms) = (query.from_ms.unwrap_or(0), query.to_ms.unwrap_or(u64::MAX));
        if from_ms >= to_ms {
            return Err(malformed("`from` must be before `to`".to_owned()));
        }
        let (mut activity, mut registered) = (SharingActivity::default(), None);
        let mut place = query.first;
        loop {
            let (listed, head) = self.0.names(chains, place, MAX_SCANNED_ENTRIES + 1).await?;
            let registered = match &mut registered {
                Some(known) => known,
                none => none.insert(self.registered(chains, head).await?),
            };
            let is_last = listed.len() <= MAX_SCANNED_ENTRIES;
            for word in listed.into_iter().take(MAX_SCANNED_ENTRIES) {
                self.count(chains, head, word, registered, from_ms..to_ms, &mut activity).await?;
            }
            if is_last {
                return write(&activity);
            }
            place += MAX_SCANNED_ENTRIES;
            if place - query.first >= MAX_COUNTED_RESOURCES {
                activity.next = Some(place);
                return write(&activity);
            }
        }
    }

    fn subject(&self, _: &Value) -> Option<String> {
        None
    }
}

impl ActivityOf {
    /// Every name that was registered, with its asset. Where they are more than are read the oldest are missing, and those that are withdrawn are said to be cut.
    async fn registered(&self, chains: &dyn Retrieval, head: u64) -> DoorResult<Registered> {
        let topics = [vec![ResourceRegistered::SIGNATURE_HASH], Vec::new(), Vec::new(), Vec::new()];
        let mut search = Search::up_to(head);
        let found = self.0.newest(chains, &mut search, self.0.contract(), topics, usize::MAX).await?;
        let mut registered = Registered::default();
        for event in found.events {
            let topics = event.topics.iter().copied();
            if let Ok(event) = ResourceRegistered::decode_raw_log(topics, &event.data) {
                registered.add(event.resource, event.asset);
            }
        }
        Ok(registered)
    }

    async fn count(
        &self,
        chains: &dyn Retrieval,
        head: u64,
        word: B256,
        registered: &mut Registered,
        period: std::ops::Range<u64>,
        activity: &mut SharingActivity,
    ) -> DoorResult<()> {
        let (record, resource) = (self.0.record(chains, word).await?, shown(word));
        activity.resources += 1;
        let is_there = record.registeredAt != 0;
        if is_there {
            registered.add(word, record.asset);
        }
        if !is_there || Visibility(record.visibility) != Visibility::EVERYBODY {
            activity.restricted.push(resource.clone());
        }
        let Some(asset) = registered.assets.get(&word).copied() else {
            activity.cut.push(resource);
            return Ok(());
        };
        if let Some(first) = registered.first.get(&asset).filter(|first| **first != word) {
            activity.aliases.push(SharingAlias { resource, of: shown(*first) });
            return Ok(());
        }
        let kinds = vec![
            VersionPublished::SIGNATURE_HASH,
            AccessRequested::SIGNATURE_HASH,
            RequestDecided::SIGNATURE_HASH,
            AccessGranted::SIGNATURE_HASH,
            GrantEnded::SIGNATURE_HASH,
        ];
        // Each has its own: the many events of one keep nobody else from being counted.
        let mut search = Search::up_to(head).since(period.start);
        let topics = [kinds, Vec::new(), Vec::new(), Vec::new()];
        let found = self.0.newest(chains, &mut search, asset, topics, usize::MAX).await?;
        if !found.is_whole {
            activity.cut.push(resource.clone());
        }
        let mut counts: BTreeMap<(u32, SharingEvent), u64> = BTreeMap::new();
        for event in found.events.iter().filter(|event| period.contains(&event.block_time_ms)) {
            if let (Some(what), Ok(day)) = (what_happened(event), u32::try_from(event.block_time_ms / DAY_MS)) {
                *counts.entry((day, what)).or_default() += 1;
            }
        }
        let named = |((day, event), count)| SharingCount { day, resource: resource.clone(), event, count };
        activity.events.extend(counts.into_iter().map(named));
        Ok(())
    }
}

/// A name, or, of what is none here, its bytes.
fn shown(word: B256) -> String {
    ResourceName::from_bytes32(word).map_or_else(|_| word.to_string(), |name| name.to_string())
}

fn what_happened(event: &EventRecord) -> Option<SharingEvent> {
    let signature: B256 = *event.topics.first()?;
    match signature {
        VersionPublished::SIGNATURE_HASH => Some(SharingEvent::Published),
        AccessRequested::SIGNATURE_HASH => Some(SharingEvent::Requested),
        AccessGranted::SIGNATURE_HASH => Some(SharingEvent::Granted),
        GrantEnded::SIGNATURE_HASH => Some(SharingEvent::Ended),
        RequestDecided::SIGNATURE_HASH => {
            let decided = RequestDecided::decode_raw_log(event.topics.iter().copied(), &event.data).ok()?;
            Some(if decided.approved { SharingEvent::Approved } else { SharingEvent::Refused })
        }
        _ => None,
    }
}
