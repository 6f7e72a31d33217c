//! Applications: a citizen asks for a certificate of a kind, an office of that kind issues or refuses (C-LIFE).

use std::{collections::BTreeSet, sync::Arc};

use alloy_primitives::{Address, B256};
use chancery_identity::{
    ApplicationDecision, ApplicationQuery, ApplicationRecord, ApplicationStatus, Happening, IdentityDatabase,
    JournalEntry, Keeper, MAX_REASON_CHARS, Page, is_application_id,
};
use chancery_primitives::{CertificateId, CertificateKind, UnixSeconds};
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, Role, right::Right, s2p::Retrieval};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Clock,
    directory::CityDirectory,
    identity_errors::door_error,
    kinds,
    registration::{parse_cursor, require},
    registry::Registry,
    roles::RoleResolver,
    services::rfc3339,
};

/// `POST /v1/applications`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitApplication {
    /// The kind.
    pub kind: String,
    /// By the kind's schema for applications. Personal data.
    pub details: Value,
}

/// The answer of `POST /v1/applications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationReceipt {
    /// Its identifier.
    pub id: String,
    /// The kind.
    pub kind: String,
    /// How far it is.
    pub status: ApplicationStatus,
}

/// Which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// Only of this status.
    pub status: Option<ApplicationStatus>,
    /// Only for this kind.
    pub kind: Option<String>,
}

/// An application, for its applicant and the offices of its kind.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    /// Its identifier.
    pub id: String,
    /// The kind.
    pub kind: String,
    /// Who asks.
    pub applicant: Address,
    /// By the kind's schema for applications. Personal data.
    pub details: Value,
    /// How far it is.
    pub status: ApplicationStatus,
    /// RFC 3339.
    pub submitted_at: String,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The certificate that was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_id: Option<B256>,
}

/// A page of applications.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationPage {
    /// Newest first.
    pub items: Vec<ApplicationView>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `POST /v1/applications/{id}/decision`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Decision {
    /// Nothing is issued.
    Reject {
        /// Why, for the applicant.
        reason: String,
    },
    /// This certificate was issued for it.
    Issued {
        /// Which.
        certificate_id: CertificateId,
    },
}

/// The desk for applications.
#[derive(Clone)]
pub struct ApplicationDesk {
    database: IdentityDatabase,
    directory: Arc<CityDirectory>,
    roles: RoleResolver,
    s2p: Arc<dyn Retrieval>,
    clock: Clock,
}

impl ApplicationDesk {
    /// A desk over the identity database; the kinds that somebody may issue come from the roles' resolver.
    #[must_use]
    pub const fn new(
        database: IdentityDatabase,
        directory: Arc<CityDirectory>,
        roles: RoleResolver,
        s2p: Arc<dyn Retrieval>,
        clock: Clock,
    ) -> Self {
        Self { database, directory, roles, s2p, clock }
    }

    /// Sends an application.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownKind`, `SchemaViolation`, `TooManyRequests`, `DatabaseUnreachable`.
    pub async fn submit(&self, actor: &Actor, application: SubmitApplication) -> DoorResult<ApplicationReceipt> {
        let applicant = require(actor, Role::Citizen)?;
        let kind = self.directory.parse_kind(&application.kind)?;
        kinds::check_application(kind, &application.details)?;
        let record = self
            .database
            .apply(applicant, kind.as_str(), &application.details, (self.clock)())
            .await
            .map_err(door_error)?;
        Ok(ApplicationReceipt { id: record.id, kind: record.kind, status: record.status })
    }

    /// The actor's own applications, and those for the kinds that it may issue, newest first. Looks at those of others are recorded.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `UnknownKind`, `MalformedRequest`, `ChainUnreachable`, `DatabaseUnreachable`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: ApplicationFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> DoorResult<ApplicationPage> {
        let own = actor.address.ok_or_else(|| DoorError::new(Code::AuthenticationRequired, "sign in first"))?;
        let kind = filter.kind.as_deref().map(|kind| self.directory.parse_kind(kind)).transpose()?;
        let query = ApplicationQuery {
            applicant: Some(own),
            kinds: Some(self.issuing_kinds(actor).await?.iter().map(|kind| kind.as_str().to_owned()).collect()),
            only_kind: kind.map(|kind| kind.as_str().to_owned()),
            status: filter.status,
            page: Page { limit, cursor: parse_cursor(cursor)? },
        };
        let (records, next) = self.database.applications(&query).await.map_err(door_error)?;
        for record in records.iter().filter(|record| record.applicant != own) {
            self.record_look(own, record).await?;
        }
        let items = records.into_iter().map(view).collect();
        Ok(ApplicationPage { items, next_cursor: next.map(|cursor| cursor.to_string()) })
    }

    /// An office decides. What it says was issued must be there, of this kind and for this applicant.
    ///
    /// # Errors
    /// `UnknownApplication`, `IssuerNotAuthorized`, `UnknownCertificate`, `AlreadyDecided`, `MalformedRequest`, `ChainUnreachable`,
    /// `DatabaseUnreachable`.
    pub async fn decide(&self, actor: &Actor, id: &str, decision: Decision) -> DoorResult<ApplicationView> {
        let by = require(actor, Role::Issuer)?;
        if !is_application_id(id) {
            return Err(DoorError::new(Code::MalformedRequest, "id: an application has 32 hexadecimal digits"));
        }
        let unknown = || DoorError::new(Code::UnknownApplication, "there is no such application");
        let record = self.database.application(id).await.map_err(door_error)?.ok_or_else(unknown)?;
        let kind = self.directory.parse_kind(&record.kind)?;
        if !self.issuing_kinds(actor).await?.contains(&kind) {
            let detail = format!("the key may not decide about {kind}");
            return Err(DoorError::new(Code::IssuerNotAuthorized, detail));
        }
        let decision = match decision {
            Decision::Reject { reason } => rejection(reason)?,
            Decision::Issued { certificate_id } => {
                self.check_issued(kind, certificate_id, record.applicant).await?;
                ApplicationDecision::Issued { certificate_id: certificate_id.to_bytes32() }
            }
        };
        let decided = self.database.decide_application(id, &decision, by, (self.clock)()).await.map_err(door_error)?;
        decided.map(view).ok_or_else(unknown)
    }

    async fn issuing_kinds(&self, actor: &Actor) -> DoorResult<BTreeSet<CertificateKind>> {
        match actor.address {
            Some(address) if actor.is(Role::Issuer) => self.roles.issuing_kinds(address).await,
            _ => Ok(BTreeSet::new()),
        }
    }

    async fn check_issued(&self, kind: CertificateKind, id: CertificateId, applicant: Address) -> DoorResult<()> {
        let certificate = Registry::new(self.s2p.as_ref(), &self.directory).certificate(kind, id).await?;
        match certificate {
            Some(certificate) if certificate.holder == applicant => Ok(()),
            Some(_) => Err(DoorError::new(Code::MalformedRequest, "certificateId: it was issued to somebody else")),
            None => {
                let detail = format!("the chain of {kind} knows no certificate {id}");
                Err(DoorError::new(Code::UnknownCertificate, detail))
            }
        }
    }

    async fn record_look(&self, by: Address, record: &ApplicationRecord) -> DoorResult<()> {
        let entry = JournalEntry {
            time_ms: (self.clock)(),
            keeper: Keeper::Provisioning,
            happening: Happening::Accessed,
            name: "applications.list".to_owned(),
            actor: Some(by),
            subject: record.id.clone(),
            facts: "personal data shown".to_owned(),
            right: Some(Right::Role.name().to_owned()),
        };
        self.database.record(&entry).await.map_err(door_error)
    }
}

fn rejection(reason: String) -> DoorResult<ApplicationDecision> {
    if reason.trim().is_empty() || reason.chars().count() > MAX_REASON_CHARS {
        let detail = format!("reason: say why in 1 to {MAX_REASON_CHARS} characters, the applicant is shown it");
        return Err(DoorError::new(Code::MalformedRequest, detail));
    }
    Ok(ApplicationDecision::Rejected { reason })
}

fn view(record: ApplicationRecord) -> ApplicationView {
    let time = |milliseconds: u64| rfc3339(UnixSeconds(milliseconds / 1000));
    ApplicationView {
        id: record.id,
        kind: record.kind,
        applicant: record.applicant,
        details: record.details,
        status: record.status,
        submitted_at: time(record.created_at_ms),
        decided_at: record.decided_at_ms.map(time),
        reason: record.reason,
        certificate_id: record.certificate_id,
    }
}

#[cfg(test)]
mod tests;
