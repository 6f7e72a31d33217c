//! The services of the catalogue (D3.7 8.3) that this application offers at U2S. Each answers from the chains alone, so that any gateway
//! answers the same; names and shapes of parameters and answers are those of `docs/specs/rest.md`.

mod activity;
mod check;
mod conditions;
mod history;
mod inspections;
mod of_holder;
mod public_key;
mod query;
mod staple;
mod status;
mod timestamp;
mod trace;

use std::sync::Arc;

use alloy_primitives::Address;
use chancery_contracts::predeploys;
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, Role, application::Service};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use activity::{Activity, ActivityQuery, CertificateChange, ChangeCount, OutcomeCount, Standing, StandingCount};
pub use conditions::{ConditionsAnswer, KindQuery};
pub use inspections::{InspectionEntry, InspectionQuery, Inspections, InspectorCount};
pub use of_holder::{HolderCertificates, HolderQuery};
pub use public_key::{EncryptionKey, PublicKeyAnswer, PublicKeyQuery, ReadAtAnswer};
pub use query::{CertificateQuery, QueriedCertificate};
pub use status::{CertificateById, CertificateView};
pub use timestamp::rfc3339;
pub use trace::{CertificateTrace, MAX_SUCCESSION, MAX_TRACED_INSPECTIONS, Successor};

use crate::{Clock, directory::CityDirectory};

/// Names of the services.
pub mod names {
    /// [`super::CertificateQuery`] -> [`super::QueriedCertificate`] (C-API-5).
    pub const QUERY: &str = "certificates.query";
    /// [`super::CertificateById`] -> the file of [`crate::stapled`].
    pub const STAPLE: &str = "certificates.staple";
    /// [`super::CertificateById`] -> [`super::CertificateView`].
    pub const STATUS: &str = "certificates.status";
    /// [`super::CertificateById`] -> [`super::CertificateTrace`] with its graph (M-APP).
    pub const TRACE: &str = "certificates.trace";
    /// [`super::HolderQuery`] -> [`super::HolderCertificates`].
    pub const OF_HOLDER: &str = "certificates.of-holder";
    /// [`crate::inspection::CheckCertificate`] -> [`crate::inspection::Findings`] (C-API-3, C-AUTO).
    pub const CHECK: &str = "certificates.check";
    /// [`super::ActivityQuery`] -> [`super::Activity`] (S-APP).
    pub const ACTIVITY: &str = "certificates.activity";
    /// [`super::InspectionQuery`] -> [`super::Inspections`] (C-FEE).
    pub const INSPECTIONS: &str = "certificates.inspections";
    /// [`super::KindQuery`] -> [`super::ConditionsAnswer`] (C-CHAINS).
    pub const CONDITIONS: &str = "certificates.conditions";
    /// [`super::PublicKeyQuery`] -> [`super::PublicKeyAnswer`] (C-API-4).
    pub const PUBLIC_KEY: &str = "users.public-key";
}

/// The contracts that these services read.
pub const READ_CONTRACTS: &[Address] = &[
    predeploys::CERTIFICATE_REGISTRY,
    predeploys::ORGANIZATION_REGISTRY,
    predeploys::ETHEREUM_DID_REGISTRY,
    predeploys::TRUST_REGISTRY,
];

/// Most rows of a page.
pub const MAX_PAGE_ROWS: usize = 100;
/// Rows of a page when nothing is said.
pub const DEFAULT_PAGE_ROWS: usize = 20;

/// A service with the roles that may ask for it; `None`: anybody.
pub struct Offer {
    /// The service.
    pub service: Arc<dyn Service>,
    /// Who may ask.
    pub roles: Option<&'static [Role]>,
}

/// All services of this application.
#[must_use]
pub fn services(directory: &Arc<CityDirectory>, clock: &Clock) -> Vec<Offer> {
    let context = Context { directory: directory.clone(), clock: clock.clone() };
    let anybody = |service| Offer { service, roles: None };
    vec![
        anybody(Arc::new(query::QueryService(context.clone()))),
        anybody(Arc::new(staple::StapleService(context.clone()))),
        anybody(Arc::new(status::StatusService(context.clone()))),
        anybody(Arc::new(conditions::ConditionsService(context.clone()))),
        anybody(Arc::new(public_key::PublicKeyService(context.clone()))),
        Offer { service: Arc::new(of_holder::OfHolderService(context.clone())), roles: Some(&of_holder::ROLES) },
        Offer { service: Arc::new(trace::TraceService(context.clone())), roles: Some(&trace::ROLES) },
        Offer { service: Arc::new(check::CheckService(context.clone())), roles: Some(&check::ROLES) },
        Offer { service: Arc::new(activity::ActivityService::new(context.clone())), roles: Some(&activity::ROLES) },
        Offer { service: Arc::new(inspections::InspectionsService(context)), roles: Some(&inspections::ROLES) },
    ]
}

/// What every service has.
#[derive(Clone)]
struct Context {
    directory: Arc<CityDirectory>,
    clock: Clock,
}

impl Context {
    fn now(&self) -> chancery_primitives::UnixSeconds {
        chancery_primitives::UnixSeconds((self.clock)() / 1000)
    }
}

fn parameters<T: DeserializeOwned>(service: &str, value: Value) -> DoorResult<T> {
    serde_json::from_value(value).map_err(|error| DoorError::new(Code::MalformedRequest, format!("{service}: {error}")))
}

fn answer(value: &impl Serialize) -> DoorResult<Value> {
    serde_json::to_value(value).map_err(DoorError::internal)
}

/// A member of the parameters as the subject of a journal entry.
fn subject_member(parameters: &Value, member: &str) -> Option<String> {
    parameters.get(member).and_then(Value::as_str).map(|text| text.chars().take(80).collect())
}

/// One of the roles is needed.
fn require_role(actor: &Actor, roles: &[Role]) -> DoorResult<()> {
    if actor.is_any(roles) {
        return Ok(());
    }
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let actual: Vec<&str> = actor.roles.iter().map(|role| role.name()).collect();
    Err(DoorError::new(Code::RoleRequired, format!("one of these roles is needed: {}", names.join(", ")))
        .with("required", names)
        .with("actual", actual))
}

/// Where a page of rows that are newest first begins: after so many rows, as text.
fn page_start(cursor: Option<&str>) -> DoorResult<usize> {
    cursor
        .map_or(Ok(0), str::parse)
        .map_err(|_| DoorError::new(Code::MalformedRequest, "cursor: it is not one of ours"))
}

fn page_rows(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_PAGE_ROWS).clamp(1, MAX_PAGE_ROWS)
}

/// Cuts a page out, and says where the next begins.
fn page<T>(rows: Vec<T>, start: usize, limit: usize) -> (Vec<T>, Option<String>) {
    let next = (rows.len() > start.saturating_add(limit)).then(|| (start + limit).to_string());
    (rows.into_iter().skip(start).take(limit).collect(), next)
}

#[cfg(test)]
mod tests;
