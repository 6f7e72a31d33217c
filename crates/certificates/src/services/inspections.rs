//! `certificates.inspections`: recorded inspections and how many of each inspector, from the chains: what checks are charged by (C-FEE).

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use async_trait::async_trait;
use chancery_contracts::CertificateRegistry;
use chancery_primitives::{CertificateId, CertificateKind, OrganizationCode, Outcome};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, operation::ChainName,
    s2p::Retrieval,
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context, answer, names, page, page_rows, page_start, parameters, subject_member, timestamp::rfc3339_of_ms,
};
use crate::registry::{Blocks, Reading, Registry};

/// Who may ask; an inspector for its own only.
pub(super) const ROLES: [Role; 2] = [Role::Inspector, Role::Supervisor];

/// Which inspections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InspectionQuery {
    /// Only of this inspector. An inspector asks for its own, also when it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspector: Option<Address>,
    /// From this time on, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<u64>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<u64>,
    /// Rows, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One recorded inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectionEntry {
    /// The certificate.
    pub certificate_id: CertificateId,
    /// Its kind.
    pub kind: CertificateKind,
    /// Who inspected.
    pub inspector: Address,
    /// For whom.
    pub inspecting_organization: OrganizationCode,
    /// What was found.
    pub outcome: Outcome,
    /// Time of the block, RFC 3339.
    pub inspected_at: String,
    /// The chain.
    pub chain: ChainName,
    /// The transaction.
    pub tx_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
}

/// How many inspections one inspector has recorded in the time that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectorCount {
    /// Who.
    pub inspector: Address,
    /// For whom.
    pub organization: OrganizationCode,
    /// How many.
    pub count: u64,
}

/// A page of inspections, and the counts over all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspections {
    /// Newest first.
    pub items: Vec<InspectionEntry>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// By inspector and organization, over all pages.
    pub counts: Vec<InspectorCount>,
    /// Chains that did not answer: what is recorded there is not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<ChainName>,
}

pub(super) struct InspectionsService(pub(super) Context);

#[async_trait]
impl Service for InspectionsService {
    fn name(&self) -> &'static str {
        names::INSPECTIONS
    }

    fn description(&self) -> &'static str {
        "Recorded inspections and how many of each inspector; an inspector sees its own."
    }

    async fn answer(&self, actor: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: InspectionQuery = parameters(self.name(), value)?;
        let inspector = if actor.is(Role::Supervisor) { query.inspector } else { Some(own(actor, &query)?) };
        let start = page_start(query.cursor.as_deref())?;
        let registry = Registry::new(chains, &self.0.directory);
        let period = Blocks { from_ms: query.from_ms, to_ms: query.to_ms, ..Blocks::default() };
        let (mut entries, unreachable) = recorded(&registry, inspector, period).await?;
        entries.sort_by_key(|(time_ms, entry)| std::cmp::Reverse((*time_ms, entry.block_number, entry.tx_hash)));
        let counts = count(&entries);
        let (rows, next_cursor) = page(entries, start, page_rows(query.limit));
        let items = rows.into_iter().map(|(_, entry)| entry).collect();
        answer(&Inspections { items, next_cursor, counts, unreachable })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "inspector")
    }
}

fn own(actor: &Actor, query: &InspectionQuery) -> DoorResult<Address> {
    match (actor.address, query.inspector) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(asked)) if own == asked => Ok(own),
        _ => Err(DoorError::new(Code::RoleRequired, "the inspections of others are for supervisors")
            .with("required", vec![Role::Supervisor.name()])),
    }
}

pub(super) type Timed = (u64, InspectionEntry);

async fn recorded(
    registry: &Registry<'_>,
    inspector: Option<Address>,
    period: Blocks,
) -> DoorResult<(Vec<Timed>, Vec<ChainName>)> {
    let kinds = registry.directory().kinds();
    let answers = join_all(kinds.iter().map(|kind| of_kind(registry, *kind, inspector, period))).await;
    let (mut entries, mut unreachable) = (Vec::new(), Vec::new());
    for (kind, answer) in kinds.into_iter().zip(answers) {
        match Reading::of(answer, &registry.directory().chain_of(kind)?)? {
            Reading::Read(found) => entries.extend(found),
            Reading::Unreachable(chain) => unreachable.push(chain),
        }
    }
    Ok((entries, unreachable))
}

async fn of_kind(
    registry: &Registry<'_>,
    kind: CertificateKind,
    inspector: Option<Address>,
    period: Blocks,
) -> DoorResult<Vec<Timed>> {
    let mut found = Vec::new();
    let by = inspector.map(|address| address.into_word()).into_iter().collect();
    let signatures = [CertificateRegistry::CertificateInspected::SIGNATURE_HASH];
    let each = |event: &EventRecord| found.extend(entry(kind, event));
    registry.each_event(kind, &signatures, [Vec::new(), Vec::new(), by], period, each).await?;
    Ok(found)
}

/// An inspection that an event records, with the time of its block.
pub(super) fn entry(kind: CertificateKind, event: &EventRecord) -> Option<Timed> {
    let decoded =
        CertificateRegistry::CertificateInspected::decode_raw_log(event.topics.iter().copied(), &event.data).ok()?;
    let entry = InspectionEntry {
        certificate_id: CertificateId::new(decoded.certificateId).ok()?,
        kind,
        inspector: decoded.inspector,
        inspecting_organization: OrganizationCode::from_bytes32(decoded.organization).ok()?,
        outcome: Outcome::try_from(decoded.operation.outcome).ok()?,
        inspected_at: rfc3339_of_ms(event.block_time_ms),
        chain: event.locator.chain.clone(),
        tx_hash: event.locator.tx_hash,
        block_number: event.locator.block_number,
        block_hash: event.locator.block_hash,
    };
    Some((event.block_time_ms, entry))
}

fn count(entries: &[Timed]) -> Vec<InspectorCount> {
    let mut counts: BTreeMap<(Address, OrganizationCode), u64> = BTreeMap::new();
    for (_, entry) in entries {
        *counts.entry((entry.inspector, entry.inspecting_organization)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((inspector, organization), count)| InspectorCount { inspector, organization, count })
        .collect()
}
