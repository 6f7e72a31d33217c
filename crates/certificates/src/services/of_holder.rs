//! `certificates.of-holder`: a holder's certificates over all chains, newest first.

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_primitives::CertificateKind;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, application::Service, chain_records::EventRecord, operation::ChainName,
    s2p::Retrieval,
};
use futures::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    CertificateView, Context, answer, names, page, page_rows, page_start, parameters, require_role, status::view,
    subject_member,
};
use crate::registry::{IssuedCertificate, Reading, Registry};

/// Who may ask; a holder for its own only.
pub(super) const ROLES: [Role; 3] = [Role::Registered, Role::Citizen, Role::Supervisor];

/// Whose certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HolderQuery {
    /// The holder: whoever asks, except for supervisors.
    pub holder: Address,
    /// Rows, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderCertificates {
    /// Newest first.
    pub items: Vec<CertificateView>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Chains that did not answer: there may be more certificates on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<ChainName>,
}

pub(super) struct OfHolderService(pub(super) Context);

#[async_trait]
impl Service for OfHolderService {
    fn name(&self) -> &'static str {
        names::OF_HOLDER
    }

    fn description(&self) -> &'static str {
        "The certificates of a holder over all chains, newest first; for the holder."
    }

    async fn answer(&self, actor: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: HolderQuery = parameters(self.name(), value)?;
        if actor.address != Some(query.holder) {
            require_role(actor, &[Role::Supervisor])
                .map_err(|_| DoorError::new(Code::NotYourCertificate, "a holder sees its own certificates"))?;
        }
        let start = page_start(query.cursor.as_deref())?;
        let registry = Registry::new(chains, &self.0.directory);
        let (events, unreachable) = issued_events(&registry, query.holder).await?;
        let (rows, next_cursor) = page(events, start, page_rows(query.limit));
        let now = self.0.now();
        let items = try_join_all(rows.iter().map(|(kind, event)| one(&registry, *kind, event, now))).await?;
        answer(&HolderCertificates { items: items.into_iter().flatten().collect(), next_cursor, unreachable })
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "holder")
    }
}

/// What was issued to a holder, newest first, and the chains that did not answer.
async fn issued_events(
    registry: &Registry<'_>,
    holder: Address,
) -> DoorResult<(Vec<(CertificateKind, EventRecord)>, Vec<ChainName>)> {
    let kinds = registry.directory().kinds();
    let answers = join_all(kinds.iter().map(|kind| registry.issued_to(*kind, holder))).await;
    let (mut found, mut unreachable) = (Vec::new(), Vec::new());
    for (kind, answer) in kinds.into_iter().zip(answers) {
        match Reading::of(answer, &registry.directory().chain_of(kind)?)? {
            Reading::Read(events) => found.extend(events.into_iter().map(|event| (kind, event))),
            Reading::Unreachable(chain) => unreachable.push(chain),
        }
    }
    found.sort_by(|(_, one), (_, other)| {
        let key = |event: &EventRecord| (event.block_time_ms, event.locator.block_number, event.log_index);
        key(other).cmp(&key(one))
    });
    Ok((found, unreachable))
}

async fn one(
    registry: &Registry<'_>,
    kind: CertificateKind,
    event: &EventRecord,
    now: chancery_primitives::UnixSeconds,
) -> DoorResult<Option<CertificateView>> {
    let Some(issued) = IssuedCertificate::from_log(&event.topics, &event.data) else { return Ok(None) };
    let Some(certificate) = registry.certificate(kind, issued.operation.certificate_id).await? else { return Ok(None) };
    view(registry, &certificate, event, now).await.map(Some)
}
