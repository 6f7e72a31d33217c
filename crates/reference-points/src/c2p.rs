//! C2P (D3.7 7.3.8)

use alloy_primitives::B256;
use async_trait::async_trait;

use crate::{
    DoorResult,
    change_approval::{Approvals, ChangeReview},
    contract_release::{ContractArtifact, ContractRelease, ContractReview, ContractSimulation},
    mandate::Mandate,
    o2c::{Change, ChangeResult, Mode},
    operation::ChainName,
    organization::Organization,
};

/// The door between controlling and processing.
#[async_trait]
pub trait C2p: Send + Sync {
    /// Checks or applies the part of a change that concerns processing. A change that does not concern it has no effects and is no error.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`; `ConfigurationInvalid` with the rule that it breaks; `ChainUnreachable`.
    async fn control(&self, by: &Mandate, change: &Change, mode: Mode) -> DoorResult<ChangeResult>;

    /// All organizations as the main chain records them.
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn organizations(&self) -> DoorResult<Vec<Organization>>;

    /// What deploying a contract would leave.
    ///
    /// # Errors
    /// `NotCovered`, `RoleRequired`; `ConfigurationInvalid` with the rule that it breaks; `UnknownChain`, `ChainUnreachable`.
    async fn simulate_contract(&self, by: &Mandate, artifact: &ContractArtifact) -> DoorResult<ContractSimulation>;

    /// The contracts of a chain in the order of their proposals, a page from `offset` on.
    ///
    /// # Errors
    /// `UnknownChain`, `ChainUnreachable`.
    async fn contracts(&self, chain: &ChainName, offset: u64) -> DoorResult<Vec<ContractRelease>>;

    /// One release with all that a reviewer has to see.
    ///
    /// # Errors
    /// `UnknownContract`, `UnknownChain`, `ChainUnreachable`.
    async fn contract(&self, chain: &ChainName, release: B256) -> DoorResult<ContractReview>;

    /// Which kinds of changes need two operators, and what was proposed, in the order of the proposals from `offset` on, at most
    /// [`MAX_CHANGES`](crate::change_approval::MAX_CHANGES).
    ///
    /// # Errors
    /// `ChainUnreachable`.
    async fn approvals(&self, offset: u64) -> DoorResult<Approvals>;

    /// One change with all that a second operator has to see.
    ///
    /// # Errors
    /// `UnknownChange`, `ChainUnreachable`.
    async fn change(&self, change: B256) -> DoorResult<ChangeReview>;
}
