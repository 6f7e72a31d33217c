//! `certificates.activity`: what happened to certificates in a period, counted day by day, and how they stand at its end (S-APP). Numbers without content: no
//! certificate and no holder is named.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::CertificateRegistry::CertificateInspected;
use chancery_primitives::{CertificateKind, CertificateStatus, OrganizationCode, Outcome, UnixSeconds, Validity};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, operation::ChainName,
    s2p::Retrieval,
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context, InspectorCount, answer,
    history::{Histories, Told},
    names, parameters,
};
use crate::registry::{Blocks, Reading, Registry};

/// Who may ask.
pub(super) const ROLES: [Role; 2] = [Role::Operator, Role::Supervisor];

const DAY_MS: u64 = 86_400_000;

/// Which period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ActivityQuery {
    /// From this time on, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<u64>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<u64>,
}

/// What happened to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateChange {
    /// It was issued; a renewal issues a new one.
    Issued,
    /// Another one took its place.
    Renewed,
    /// It was put on hold.
    Suspended,
    /// It is in force again.
    Resumed,
    /// It was revoked.
    Revoked,
}

impl CertificateChange {
    /// How a certificate stands after it.
    pub(super) const fn status(self) -> CertificateStatus {
        match self {
            Self::Issued | Self::Resumed => CertificateStatus::Valid,
            Self::Renewed => CertificateStatus::Renewed,
            Self::Suspended => CertificateStatus::Suspended,
            Self::Revoked => CertificateStatus::Revoked,
        }
    }
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In force.
    Valid,
    /// On hold.
    Suspended,
    /// Out of force for ever.
    Revoked,
    /// Another one has taken its place.
    Renewed,
    /// Past its end.
    Expired,
    /// Not yet in force.
    NotYetValid,
}

/// How often something happened to certificates of a kind on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCount {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// The kind.
    pub kind: CertificateKind,
    /// What happened.
    pub change: CertificateChange,
    /// How often.
    pub count: u64,
}

/// How many certificates of a kind stand so at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingCount {
    /// The kind.
    pub kind: CertificateKind,
    /// How they stand.
    pub standing: Standing,
    /// How many.
    pub count: u64,
}

/// How many inspections of a kind had this outcome on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCount {
    /// Days since 1970-01-01, UTC.
    pub day: u32,
    /// The kind.
    pub kind: CertificateKind,
    /// What was found.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// By day, kind and change.
    pub changes: Vec<ChangeCount>,
    /// By kind and standing; those that were issued before the period count too.
    pub standing: Vec<StandingCount>,
    /// By day, kind and outcome.
    pub inspections: Vec<OutcomeCount>,
    /// By inspector and organization (C-FEE).
    pub inspectors: Vec<InspectorCount>,
    /// Chains that did not answer: what is recorded there is not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<ChainName>,
}

pub(super) struct ActivityService {
    context: Context,
    histories: Histories,
}

impl ActivityService {
    pub(super) fn new(context: Context) -> Self {
        Self { context, histories: Histories::default() }
    }
}

#[async_trait]
impl Service for ActivityService {
    fn name(&self) -> &'static str {
        names::ACTIVITY
    }

    fn description(&self) -> &'static str {
        "Counts what happened to certificates in a period, day by day, and how they stand at its end."
    }

    async fn answer(&self, actor: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: ActivityQuery = parameters(self.name(), value)?;
        super::require_role(actor, &ROLES)?;
        let now_ms = (self.context.clock)();
        let period = Period { from_ms: query.from_ms.unwrap_or(0), to_ms: query.to_ms.unwrap_or(u64::MAX), now_ms };
        if period.from_ms >= period.to_ms {
            return Err(DoorError::new(Code::MalformedRequest, "`from` must be before `to`"));
        }
        let registry = Registry::new(chains, &self.context.directory);
        let kinds = registry.directory().kinds();
        let counted = join_all(kinds.iter().map(|kind| counted(&registry, *kind, period, &self.histories))).await;
        let (mut activity, mut inspectors) = (Activity::default(), BTreeMap::new());
        for (kind, counted) in kinds.into_iter().zip(counted) {
            match Reading::of(counted, &registry.directory().chain_of(kind)?)? {
                Reading::Read(tally) => tally.add_to(&mut activity, &mut inspectors),
                Reading::Unreachable(chain) => activity.unreachable.push(chain),
            }
        }
        let named = |((inspector, organization), count)| InspectorCount { inspector, organization, count };
        activity.inspectors = inspectors.into_iter().map(named).collect();
        answer(&activity)
    }

    fn subject(&self, _: &Value) -> Option<String> {
        None
    }
}

#[derive(Clone, Copy)]
struct Period {
    from_ms: u64,
    to_ms: u64,
    now_ms: u64,
}

impl Period {
    /// The day of a time that lies in it.
    fn day_of(self, time_ms: u64) -> Option<u32> {
        if (self.from_ms..self.to_ms).contains(&time_ms) { u32::try_from(time_ms / DAY_MS).ok() } else { None }
    }

    /// When the standing is looked at: the end of the period, or now if that is still to come.
    fn end(self) -> UnixSeconds {
        UnixSeconds(self.to_ms.min(self.now_ms) / 1000)
    }
}

async fn counted(
    registry: &Registry<'_>,
    kind: CertificateKind,
    period: Period,
    histories: &Histories,
) -> DoorResult<Tally> {
    let mut tally = Tally::of(kind, period);
    let history = histories.of(kind);
    let mut history = history.lock().await;
    history.go_on(registry, kind).await?;
    history.certificates().for_each(|told| tally.count(told));
    drop(history);
    let blocks = Blocks { from_ms: Some(period.from_ms), to_ms: Some(period.to_ms), ..Blocks::default() };
    let signatures = [CertificateInspected::SIGNATURE_HASH];
    registry.each_event(kind, &signatures, Default::default(), blocks, |event| tally.inspect(event)).await?;
    Ok(tally)
}

/// What is counted of one kind.
struct Tally {
    kind: CertificateKind,
    period: Period,
    standing: BTreeMap<Standing, u64>,
    changes: BTreeMap<(u32, CertificateChange), u64>,
    outcomes: BTreeMap<(u32, Outcome), u64>,
    inspectors: BTreeMap<(Address, OrganizationCode), u64>,
}

impl Tally {
    fn of(kind: CertificateKind, period: Period) -> Self {
        let (standing, changes, outcomes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { kind, period, standing, changes, outcomes, inspectors: BTreeMap::new() }
    }

    /// What became of a certificate in the period, and how it stands at its end.
    fn count(&mut self, told: &Told) {
        for (time_ms, change) in &told.changes {
            if let Some(day) = self.period.day_of(*time_ms) {
                *self.changes.entry((day, *change)).or_default() += 1;
            }
        }
        if let Some(status) = told.status_before(self.period.to_ms) {
            let standing = standing_of(status, told.validity, self.period.end());
            *self.standing.entry(standing).or_default() += 1;
        }
    }

    /// An inspection. An event that no registry writes counts for nothing.
    fn inspect(&mut self, event: &EventRecord) {
        if let Some(((inspector, organization), outcome)) = inspected(event)
            && let Some(day) = self.period.day_of(event.block_time_ms)
        {
            *self.outcomes.entry((day, outcome)).or_default() += 1;
            *self.inspectors.entry((inspector, organization)).or_default() += 1;
        }
    }

    fn add_to(self, activity: &mut Activity, inspectors: &mut BTreeMap<(Address, OrganizationCode), u64>) {
        let kind = self.kind;
        let changes = self.changes.into_iter();
        activity.changes.extend(changes.map(|((day, change), count)| ChangeCount { day, kind, change, count }));
        let outcomes = self.outcomes.into_iter();
        activity.inspections.extend(outcomes.map(|((day, outcome), count)| OutcomeCount { day, kind, outcome, count }));
        let standing = self.standing.into_iter();
        activity.standing.extend(standing.map(|(standing, count)| StandingCount { kind, standing, count }));
        for (who, count) in self.inspectors {
            *inspectors.entry(who).or_default() += count;
        }
    }
}

fn inspected(event: &EventRecord) -> Option<((Address, OrganizationCode), Outcome)> {
    let found = CertificateInspected::decode_raw_log(event.topics.iter().copied(), &event.data).ok()?;
    let organization = OrganizationCode::from_bytes32(found.organization).ok()?;
    Some(((found.inspector, organization), Outcome::try_from(found.operation.outcome).ok()?))
}

fn standing_of(status: CertificateStatus, validity: Validity, time: UnixSeconds) -> Standing {
    if status == CertificateStatus::Renewed {
        return Standing::Renewed;
    }
    match validity.outcome(status, time) {
        Outcome::Valid | Outcome::CannotDetermine => Standing::Valid,
        Outcome::Suspended => Standing::Suspended,
        Outcome::Revoked => Standing::Revoked,
        Outcome::Expired => Standing::Expired,
        Outcome::Refused => Standing::NotYetValid,
    }
}
