//! O2C, with the word to whoever remembers rights that they may have changed.

use std::sync::Arc;

use alloy_primitives::B256;
use async_trait::async_trait;
use chancery_certificates::roles::RoleResolver;
use chancery_reference_points::{
    Actor, DoorResult,
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    o2c::{Change, ChangeResult, Mode, O2c},
    operation::ChainName,
    organization::Organization,
};

/// Controlling, after whose changes the roles are read anew: a key that is retired here is retired at once.
pub(crate) struct ControlPort {
    controlling: Arc<dyn O2c>,
    roles: RoleResolver,
}

impl ControlPort {
    pub(crate) const fn new(controlling: Arc<dyn O2c>, roles: RoleResolver) -> Self {
        Self { controlling, roles }
    }
}

#[async_trait]
impl O2c for ControlPort {
    async fn control(&self, actor: &Actor, change: Change, mode: Mode) -> DoorResult<ChangeResult> {
        let result = self.controlling.control(actor, change, mode).await;
        // After a failure too: it may have come half-way.
        if mode == Mode::Apply {
            self.roles.forget();
        }
        result
    }

    async fn organizations(&self) -> DoorResult<Vec<Organization>> {
        self.controlling.organizations().await
    }

    async fn organization(&self, code: &str) -> DoorResult<Organization> {
        self.controlling.organization(code).await
    }

    async fn simulate_contract(&self, actor: &Actor, artifact: ContractArtifact) -> DoorResult<ContractSimulation> {
        self.controlling.simulate_contract(actor, artifact).await
    }

    async fn contracts(&self, chain: &ChainName, offset: u64) -> DoorResult<Vec<ContractRelease>> {
        self.controlling.contracts(chain, offset).await
    }

    async fn contract(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview> {
        self.controlling.contract(chain, release).await
    }

    async fn changes(&self, offset: u64) -> DoorResult<Approvals> {
        self.controlling.changes(offset).await
    }

    async fn change(&self, change: B256) -> DoorResult<ChangeReview> {
        self.controlling.change(change).await
    }
}
