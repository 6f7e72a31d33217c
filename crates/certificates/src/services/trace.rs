//! `certificates.trace`: where a certificate comes from, whose it is, who may do what with it and by which rule, why it never has another owner and what follows it instead,
//! and who has inspected it (M-APP). From the chains alone; for the holder, keys of the issuing organization and supervisors.

mod told;

use std::collections::VecDeque;

use alloy_primitives::Address;
use alloy_sol_types::SolEvent as _;
use async_trait::async_trait;
use chancery_contracts::CertificateRegistry::CertificateInspected;
use chancery_primitives::{CertificateId, CertificateStatus};
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role,
    application::Service,
    chain_records::EventRecord,
    right::Right,
    s2p::Retrieval,
    trace::{Transfers, UseRight},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    CertificateById, CertificateView, Context, InspectionEntry, answer, inspections, names, parameters, rfc3339,
    status::view, subject_member,
};
use crate::registry::{Blocks, RegisteredCertificate, Registry};

/// Who may ask; of certificates that are neither its own nor of its organization nobody but a supervisor.
pub(super) const ROLES: [Role; 4] = [Role::Registered, Role::Citizen, Role::Issuer, Role::Supervisor];
/// Most certificates before it, and after it, that one trace shows.
pub const MAX_SUCCESSION: usize = 32;
/// Most inspections that one trace shows: the newest.
pub const MAX_TRACED_INSPECTIONS: usize = 1000;

/// A certificate in the line of renewals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Successor {
    /// Its identifier.
    pub certificate_id: CertificateId,
    /// Whose it is.
    pub holder: Address,
    /// Its status as recorded.
    pub status: CertificateStatus,
    /// When it was recorded, RFC 3339.
    pub issued_at: String,
}

/// The trace of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateTrace {
    /// Its source (organization, key, block and transaction), its owner (the holder), and what it amounts to now.
    pub certificate: CertificateView,
    /// Who may do what with it now, and by which rule.
    pub rights: Vec<UseRight>,
    /// Whether it changes hands: it does not; and in whose hands the holder's identity was.
    pub transfers: Transfers,
    /// What it renewed, oldest first.
    pub before: Vec<Successor>,
    /// What took its place, oldest first.
    pub after: Vec<Successor>,
    /// Recorded inspections, oldest first.
    pub accesses: Vec<InspectionEntry>,
    /// Whether more certificates or inspections are there than are shown.
    pub cut: bool,
}

pub(super) struct TraceService(pub(super) Context);

#[async_trait]
impl Service for TraceService {
    fn name(&self) -> &'static str {
        names::TRACE
    }

    fn description(&self) -> &'static str {
        "Traces a certificate: its source, its owner, rights of use, renewals and inspections, as a list and as a graph."
    }

    async fn answer(&self, actor: &Actor, value: Value, chains: &dyn Retrieval) -> DoorResult<Value> {
        let query: CertificateById = parameters(self.name(), value)?;
        let registry = Registry::new(chains, &self.0.directory);
        let certificate = registry.find_certificate(query.certificate_id).await?;
        self.check_concerned(&registry, actor, &certificate).await?;
        let trace = self.trace(&registry, &certificate).await?;
        let graph = trace.graph();
        answer(&json!({"trace": trace, "graph": graph, "mermaid": graph.mermaid()}))
    }

    fn subject(&self, parameters: &Value) -> Option<String> {
        subject_member(parameters, "certificateId")
    }

    /// As [`TraceService::check_concerned`] has it: supervisors by office, keys of the issuing organization by that, anybody else as the holder.
    fn right(&self, actor: &Actor, _: &Value) -> Option<Right> {
        Some(if actor.is(Role::Supervisor) {
            Right::Role
        } else if actor.is(Role::Issuer) {
            Right::SameOrganization
        } else {
            Right::OwnData
        })
    }
}

impl TraceService {
    /// Who sees it: the holder, keys in force of the organization that issued it, supervisors.
    async fn check_concerned(
        &self,
        registry: &Registry<'_>,
        actor: &Actor,
        certificate: &RegisteredCertificate,
    ) -> DoorResult<()> {
        if actor.is(Role::Supervisor) || actor.address == Some(certificate.holder) {
            return Ok(());
        }
        let key = actor.address.filter(|_| actor.is(Role::Issuer));
        let is_of_issuer = match key {
            Some(key) => !registry.rights_in_force(key, certificate.organization, self.0.now()).await?.is_empty(),
            None => false,
        };
        let others =
            || DoorError::new(Code::NotYourCertificate, "its trace is for its holder, its issuer and supervisors");
        if is_of_issuer { Ok(()) } else { Err(others()) }
    }

    async fn trace(
        &self,
        registry: &Registry<'_>,
        certificate: &RegisteredCertificate,
    ) -> DoorResult<CertificateTrace> {
        let event = registry.issuing_event(certificate).await?;
        let (mut before, cut_before) = line(registry, certificate, |one| one.previous).await?;
        before.reverse();
        let (after, cut_after) = line(registry, certificate, |one| one.renewed_by).await?;
        let (accesses, cut_accesses) = inspected(registry, certificate).await?;
        let (path, cut_path) = registry.identity_owners(certificate.holder).await?;
        Ok(CertificateTrace {
            certificate: view(registry, certificate, &event, self.0.now()).await?,
            rights: told::rights(certificate),
            transfers: told::transfers(path, cut_path),
            before,
            after,
            accesses,
            cut: cut_before || cut_after || cut_accesses,
        })
    }
}

/// The line of renewals in one direction, the nearest first; and whether it goes on.
async fn line(
    registry: &Registry<'_>,
    certificate: &RegisteredCertificate,
    next: impl Fn(&RegisteredCertificate) -> Option<CertificateId> + Send,
) -> DoorResult<(Vec<Successor>, bool)> {
    let (mut line, mut following) = (Vec::new(), next(certificate));
    while let Some(id) = following {
        if line.len() >= MAX_SUCCESSION {
            return Ok((line, true));
        }
        // A renewal is of the same kind, so on the same chain (CERT-6).
        let Some(one) = registry.certificate(certificate.kind, id).await? else { break };
        following = next(&one);
        line.push(Successor {
            certificate_id: one.id,
            holder: one.holder,
            status: one.status,
            issued_at: rfc3339(one.issued_at),
        });
    }
    Ok((line, false))
}

/// The newest inspections of a certificate that are recorded, oldest first; and whether there are older ones.
async fn inspected(
    registry: &Registry<'_>,
    certificate: &RegisteredCertificate,
) -> DoorResult<(Vec<InspectionEntry>, bool)> {
    let (mut newest, mut cut) = (VecDeque::new(), false);
    let signatures = [CertificateInspected::SIGNATURE_HASH];
    let topics = [vec![certificate.id.to_bytes32()], Vec::new(), Vec::new()];
    let since = Blocks { from_block: certificate.issued_block, ..Blocks::default() };
    let each = |event: &EventRecord| {
        let Some((_, entry)) = inspections::entry(certificate.kind, event) else { return };
        if newest.len() == MAX_TRACED_INSPECTIONS {
            newest.pop_front();
            cut = true;
        }
        newest.push_back(entry);
    };
    registry.each_event(certificate.kind, &signatures, topics, since, each).await?;
    Ok((newest.into(), cut))
}
