//! The gateway's ports over the certificates application. Both sides write the same JSON (`docs/specs/rest.md`), so requests and answers cross as JSON.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_certificates::{
    applications::ApplicationDesk, presentations::PresentationDesk, registration::Registration, roles::RoleResolver,
};
use chancery_gateway::doors::{
    ApplicationFilter, Applications, DatabaseProbe, PageRequest, Presentations, Registration as RegistrationDoor, Roles,
};
use chancery_reference_points::{Actor, DoorError, DoorResult, Role};
use chancery_rest::types::{
    Page,
    applications::{Application, ApplicationReceipt, Decision, SubmitApplication},
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
    users::{Confirmation, Confirmed, RegisterUser, Registered, User, UserStatus},
};
use serde::{Serialize, de::DeserializeOwned};

/// The same JSON in the other side's type.
fn translate<T: DeserializeOwned>(value: &impl Serialize) -> DoorResult<T> {
    serde_json::to_value(value).and_then(serde_json::from_value).map_err(DoorError::internal)
}

/// Real-name registration.
pub(crate) struct RegistrationPort(pub(crate) Registration);

#[async_trait]
impl RegistrationDoor for RegistrationPort {
    async fn register(&self, actor: &Actor, request: RegisterUser) -> DoorResult<Registered> {
        translate(&self.0.register(actor, translate(&request)?).await?)
    }

    async fn users(&self, actor: &Actor, status: UserStatus, page: PageRequest) -> DoorResult<Page<User>> {
        translate(&self.0.users(actor, translate(&status)?, page.limit, page.cursor.as_deref()).await?)
    }

    async fn user(&self, actor: &Actor, address: Address) -> DoorResult<User> {
        translate(&self.0.user(actor, address).await?)
    }

    async fn confirm(&self, actor: &Actor, address: Address, confirmation: Confirmation) -> DoorResult<Confirmed> {
        translate(&self.0.confirm(actor, address, translate(&confirmation)?).await?)
    }
}

/// Applications for certificates.
pub(crate) struct ApplicationPort(pub(crate) ApplicationDesk);

#[async_trait]
impl Applications for ApplicationPort {
    async fn submit(&self, actor: &Actor, application: SubmitApplication) -> DoorResult<ApplicationReceipt> {
        translate(&self.0.submit(actor, translate(&application)?).await?)
    }

    async fn list(&self, actor: &Actor, filter: ApplicationFilter, page: PageRequest) -> DoorResult<Page<Application>> {
        let filter = chancery_certificates::applications::ApplicationFilter {
            status: filter.status.map(|status| translate(&status)).transpose()?,
            kind: filter.kind,
        };
        translate(&self.0.list(actor, filter, page.limit, page.cursor.as_deref()).await?)
    }

    async fn decide(&self, actor: &Actor, id: &str, decision: Decision) -> DoorResult<Application> {
        translate(&self.0.decide(actor, id, translate(&decision)?).await?)
    }
}

/// Presentations that wait for their inspector; and whether the database behind them answers.
pub(crate) struct PresentationPort(pub(crate) PresentationDesk);

#[async_trait]
impl Presentations for PresentationPort {
    async fn keep(&self, actor: &Actor, presentation: CreatePresentation) -> DoorResult<PresentationReceipt> {
        translate(&self.0.keep(actor, &presentation.ciphertext, presentation.expires_at.unix_milliseconds()).await?)
    }

    async fn fetch(&self, id: &str) -> DoorResult<Presentation> {
        translate(&self.0.fetch(id).await?)
    }
}

#[async_trait]
impl DatabaseProbe for PresentationPort {
    async fn answers(&self) -> bool {
        self.0.database_answers().await
    }
}

/// Roles of addresses.
pub(crate) struct RolePort(pub(crate) RoleResolver);

#[async_trait]
impl Roles for RolePort {
    async fn roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.0.roles_of(address).await
    }
}
