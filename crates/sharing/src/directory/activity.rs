//! `sharing.activity`: how often access to shared resources was asked for, granted and ended in a period, day by day (S-APP). No reader is named.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::DigitalAsset::{AccessGranted, AccessRequested, GrantEnded, RequestDecided, VersionPublished};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MAX_SCANNED_ENTRIES, ResourceName,
    reading::{Directory, Search},
    services::{malformed, names, read, write},
};

/// Who may ask: they see that something is shared, whoever may see the resource.
const ROLES: [Role; 2] = [Role::Operator, Role::Supervisor];
/// Most resources that one answer counts: the first ones of the directory.
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
    /// The resource.
    pub resource: ResourceName,
    /// What happened.
    pub event: SharingEvent,
    /// How often.
    pub count: u64,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingActivity {
    /// How many resources the directory has.
    pub resources: u64,
    /// By day, resource and event.
    pub events: Vec<SharingCount>,
    /// Resources with more events than are read: the oldest may be missing.
    pub cut: Vec<ResourceName>,
    /// Whether the directory has more resources than are counted.
    pub more: bool,
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
        let mut activity = SharingActivity::default();
        let mut first = 0;
        while !activity.more {
            let (listed, head) = self.0.names(chains, first, MAX_SCANNED_ENTRIES + 1).await?;
            let is_last = listed.len() <= MAX_SCANNED_ENTRIES;
            for word in listed.into_iter().take(MAX_SCANNED_ENTRIES) {
                activity.resources += 1;
                // Whoever registers chooses the name; one that is none here is counted, and no more.
                let Ok(resource) = ResourceName::from_bytes32(word) else { continue };
                let asset = self.0.record(chains, word).await?.asset;
                self.count(chains, head, asset, resource, from_ms..to_ms, &mut activity).await?;
            }
            if is_last {
                return write(&activity);
            }
            first += MAX_SCANNED_ENTRIES;
            activity.more = first >= MAX_COUNTED_RESOURCES;
        }
        write(&activity)
    }

    fn subject(&self, _: &Value) -> Option<String> {
        None
    }
}

impl ActivityOf {
    async fn count(
        &self,
        chains: &dyn Retrieval,
        head: u64,
        asset: Address,
        resource: ResourceName,
        period: std::ops::Range<u64>,
        activity: &mut SharingActivity,
    ) -> DoorResult<()> {
        let kinds = vec![
            VersionPublished::SIGNATURE_HASH,
            AccessRequested::SIGNATURE_HASH,
            RequestDecided::SIGNATURE_HASH,
            AccessGranted::SIGNATURE_HASH,
            GrantEnded::SIGNATURE_HASH,
        ];
        // Each has its own: the many events of one keep nobody else from being counted.
        let mut search = Search::up_to(head);
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
