//! C2P: organizations, rights, keys, formats and contracts, on the main chain and on the chains that they are for. A side chain of a city takes organizations over by
//! proof, or is told where it cannot (decision 0036).

mod access;
mod approvals;
mod conditions;
mod formats;
mod organizations;
mod plan;
mod registry;
mod releases;
mod shown;
mod suspensions;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_reference_points::{
    DoorResult, Role,
    c2p::C2p,
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    mandate::{Mandate, rights},
    o2c::{Change, ChangeResult, Mode},
    operation::ChainName,
    organization::Organization,
    price::PriceSubject,
    quota::QuotaSubject,
};

pub(crate) use self::{access::service_id, registry::ask_contract};

use self::plan::Plan;
use crate::Processing;

#[async_trait]
impl C2p for Processing {
    async fn control(&self, by: &Mandate, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        self.validity.only(rights::CONFIGURATION, Role::Operator, by)?;
        let plan = self.plan(change, mode).await?;
        match mode {
            Mode::Check => Ok(plan.effects()),
            Mode::Apply => {
                // Also when it failed, or whoever asked went away: part of it may be on the chain.
                let _forgets = self.validity.forgetting();
                self.carry_out(plan).await
            }
        }
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.all_organizations().await
    }

    async fn simulate_contract(&self, by: &Mandate, artifact: &ContractArtifact) -> DoorResult<ContractSimulation> {
        self.validity.only(rights::CONFIGURATION, Role::Operator, by)?;
        self.simulate(artifact).await
    }

    async fn contracts(&self, chain: &ChainName, offset: u64) -> DoorResult<Vec<ContractRelease>> {
        self.releases(chain, offset).await
    }

    async fn contract(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview> {
        self.review(chain, release).await
    }

    async fn approvals(&self, offset: u64) -> DoorResult<Approvals> {
        self.approvals_from(offset).await
    }

    async fn change(&self, change: B256) -> DoorResult<ChangeReview> {
        self.change_review(change).await
    }
}

impl Processing {
    /// What has to be sent for a change, from what the chains record now (PROCESSING-4).
    async fn plan(&self, change: &Change, mode: Mode) -> DoorResult<Plan> {
        match change {
            Change::RegisterOrganization { code, name, administrator } => {
                self.plan_registration(code, name, *administrator).await
            }
            Change::AuthorizeKey { organization, key } => self.plan_authorization(organization, key).await,
            Change::RetireKey { organization, address, right } => {
                self.plan_retirement(organization, *address, right.as_deref()).await
            }
            Change::RevokeKey { organization, address, from } => {
                self.plan_revocation(organization, *address, *from).await
            }
            Change::SuspendOrganization { organization, suspended } => {
                self.plan_suspension(organization, *suspended).await
            }
            Change::ConfigureFormat(format) => self.plan_format(format).await,
            Change::ConfigureAccess { service, version, entries, by } => {
                self.plan_access(service, *version, entries, *by).await
            }
            Change::SetConditions { kind, requires } => self.plan_conditions(kind, requires).await,
            Change::SetQuota { subject: QuotaSubject::Organization(code), quota: Some(_), .. } => {
                self.known_organization(code).await
            }
            Change::SetPrice { subject: PriceSubject::Organization(code), price: Some(_), .. } => {
                self.known_organization(code).await
            }
            Change::ProposeContract { proposal, by } => self.plan_proposal(proposal, *by, mode).await,
            Change::ChangeRelease { step, by } => self.plan_release_step(step, *by, mode).await,
            Change::ProposeChange { proposal, by } => self.plan_change_proposal(proposal, *by, mode).await,
            Change::DecideChange { decision, by } => self.plan_decision(decision, *by, mode).await,
            Change::ApplyChange { proposed, .. } => self.plan_application(*proposed).await,
            Change::ChangeSource { source, .. } => match source.organization() {
                Some(code) => self.known_organization(&code).await,
                None => Ok(Plan::default()),
            },
            Change::SetQuota { .. }
            | Change::SetPrice { .. }
            | Change::OfferService { .. }
            | Change::SuspendUser { .. }
            | Change::TellOfAlerts { .. } => Ok(Plan::default()),
        }
    }
}
