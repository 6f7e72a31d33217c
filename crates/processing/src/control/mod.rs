//! C2P: organizations, rights, keys and formats, on the main chain. A side chain takes them over by proof, or is told where it cannot (decision 0036).

mod formats;
mod organizations;
mod plan;
mod registry;
mod shown;

use async_trait::async_trait;
use chancery_reference_points::{
    DoorResult,
    c2p::C2p,
    o2c::{Change, ChangeResult, Mode},
    organization::Organization,
    quota::QuotaSubject,
};

pub(crate) use self::registry::ask_contract;

use self::plan::Plan;
use crate::Processing;

#[async_trait]
impl C2p for Processing {
    async fn control(&self, change: &Change, mode: Mode) -> DoorResult<ChangeResult> {
        let plan = self.plan(change).await?;
        match mode {
            Mode::Check => Ok(plan.effects()),
            Mode::Apply => self.carry_out(plan).await,
        }
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.all_organizations().await
    }
}

impl Processing {
    /// What has to be sent for a change, from what the chains record now (PROCESSING-4).
    async fn plan(&self, change: &Change) -> DoorResult<Plan> {
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
            Change::SetQuota { subject: QuotaSubject::Organization(code), quota: Some(_), .. } => {
                self.known_organization(code).await
            }
            Change::SetQuota { .. } | Change::OfferService { .. } => Ok(Plan::default()),
        }
    }
}
