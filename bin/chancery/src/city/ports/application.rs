//! The gateway's ports over the certificates application. Both sides write the same JSON (`docs/specs/rest.md`), so requests and answers cross as JSON.

mod translation;

use std::collections::BTreeSet;

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_certificates::{
    applications::{ApplicationDesk, Decision as DeskDecision},
    presentations::PresentationDesk,
    registration::Registration,
    roles::RoleResolver,
};
use chancery_gateway::doors::{
    ApplicationFilter, Applications, DatabaseProbe, PageRequest, Presentations, Registration as RegistrationDoor, Roles,
};
use chancery_identity::Openings;
use chancery_primitives::CertificateId;
use chancery_reference_points::{Actor, Code, DoorError, DoorResult, Role};
use chancery_rest::types::{
    Page,
    applications::{Application, ApplicationReceipt, Decision, SubmitApplication},
    presentations::{CreatePresentation, Presentation, PresentationReceipt},
    users::{Confirmation, Confirmed, RegisterUser, Registered, User, UserStatus},
};

use translation::{answer, request};

/// Real-name registration.
pub(crate) struct RegistrationPort(pub(crate) Registration);

#[async_trait]
impl RegistrationDoor for RegistrationPort {
    async fn register(&self, actor: &Actor, registration: RegisterUser) -> DoorResult<Registered> {
        answer(&self.0.register(actor, request(&registration)?).await?)
    }

    async fn users(&self, actor: &Actor, status: UserStatus, page: PageRequest) -> DoorResult<Page<User>> {
        answer(&self.0.users(actor, request(&status)?, page.limit, page.cursor.as_deref()).await?)
    }

    async fn user(&self, actor: &Actor, address: Address) -> DoorResult<User> {
        answer(&self.0.user(actor, address).await?)
    }

    async fn confirm(&self, actor: &Actor, address: Address, confirmation: Confirmation) -> DoorResult<Confirmed> {
        answer(&self.0.confirm(actor, address, request(&confirmation)?).await?)
    }
}

/// Applications for certificates.
pub(crate) struct ApplicationPort(pub(crate) ApplicationDesk);

#[async_trait]
impl Applications for ApplicationPort {
    async fn submit(&self, actor: &Actor, application: SubmitApplication) -> DoorResult<ApplicationReceipt> {
        answer(&self.0.submit(actor, request(&application)?).await?)
    }

    async fn list(&self, actor: &Actor, filter: ApplicationFilter, page: PageRequest) -> DoorResult<Page<Application>> {
        let filter = chancery_certificates::applications::ApplicationFilter {
            status: filter.status.map(|status| request(&status)).transpose()?,
            kind: filter.kind,
        };
        answer(&self.0.list(actor, filter, page.limit, page.cursor.as_deref()).await?)
    }

    async fn decide(&self, actor: &Actor, id: &str, decision: Decision) -> DoorResult<Application> {
        answer(&self.0.decide(actor, id, desk_decision(decision)?).await?)
    }
}

/// The desk's decision: what the gateway reads as a hash may name no certificate.
fn desk_decision(decision: Decision) -> DoorResult<DeskDecision> {
    Ok(match decision {
        Decision::Reject { reason } => DeskDecision::Reject { reason },
        Decision::Issued { certificate_id } => {
            let malformed = |error| DoorError::new(Code::MalformedRequest, format!("certificateId: {error}"));
            DeskDecision::Issued { certificate_id: CertificateId::new(certificate_id.0).map_err(malformed)? }
        }
    })
}

/// Presentations that wait for their inspector; and whether the database behind them answers.
pub(crate) struct PresentationPort(pub(crate) PresentationDesk);

#[async_trait]
impl Presentations for PresentationPort {
    async fn keep(&self, actor: &Actor, presentation: CreatePresentation) -> DoorResult<PresentationReceipt> {
        let openings = if presentation.once { Openings::One } else { Openings::Any };
        let expires_at_ms = presentation.expires_at.unix_milliseconds();
        answer(&self.0.keep(actor, &presentation.ciphertext, openings, expires_at_ms).await?)
    }

    async fn fetch(&self, id: &str) -> DoorResult<Presentation> {
        answer(&self.0.fetch(id).await?)
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

    async fn ended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.0.ended_roles_of(address).await
    }

    async fn suspended_roles_of(&self, address: Address) -> DoorResult<BTreeSet<Role>> {
        self.0.suspended_roles_of(address).await
    }

    async fn is_suspended(&self, address: Address) -> DoorResult<bool> {
        self.0.is_suspended(address).await
    }

    async fn is_known(&self, address: Address) -> DoorResult<bool> {
        self.0.is_known(address).await
    }

    async fn organizations_of(&self, address: Address) -> DoorResult<BTreeSet<String>> {
        self.0.organizations_of(address).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_rest::values::HexHash;

    use super::*;

    // bad input: a decision that names no certificate
    #[test]
    fn a_decision_for_certificate_zero_is_malformed() {
        let refused = desk_decision(Decision::Issued { certificate_id: HexHash(B256::ZERO) }).unwrap_err();
        assert_eq!(refused.code(), Code::MalformedRequest);
        assert!(refused.detail().starts_with("certificateId:") && refused.cause().is_none(), "{refused:?}");
        let one = desk_decision(Decision::Issued { certificate_id: HexHash(B256::with_last_byte(1)) }).unwrap();
        assert!(matches!(one, DeskDecision::Issued { certificate_id } if certificate_id.to_bytes32()[31] == 1));
    }
}
