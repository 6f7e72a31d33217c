//! Contracts that operators release (O2C, S-SVC).

use alloy_primitives::B256;
use chancery_rest::types::{
    Page,
    contracts::{ChangeContract, Contract, ContractArtifact, ContractReview, ContractSimulation, ProposeContract},
    organizations::Changed,
};
use reqwest::Method;

use super::{PageQuery, Query, Result, checked, hash, paged};
use crate::{Client, request::Call};

impl Client {
    /// `GET /v1/contracts`: those of a chain, in the order of their proposals.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn contracts(&self, chain: &str, page: &PageQuery) -> Result<Page<Contract>> {
        let query = paged(vec![("chain", chain.to_owned())], page);
        self.send(Call::get(&["v1", "contracts"], query)).await
    }

    /// `POST /v1/contracts/simulations`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn simulate_contract(&self, request: &ContractArtifact) -> Result<ContractSimulation> {
        self.needs_key()?.send(Self::with_body(Method::POST, &["v1", "contracts", "simulations"], request)?).await
    }

    /// `POST /v1/contracts`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn propose_contract(&self, request: &ProposeContract, check: bool) -> Result<Changed> {
        let call = Self::with_body(Method::POST, &["v1", "contracts"], request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }

    /// `GET /v1/contracts/{chain}/{release}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn contract(&self, chain: &str, release: B256) -> Result<ContractReview> {
        self.send(Call::get(&["v1", "contracts", chain, &hash(release)], Query::new())).await
    }

    /// `POST /v1/contracts/{chain}/{release}/status`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_contract(
        &self,
        chain: &str,
        release: B256,
        request: &ChangeContract,
        check: bool,
    ) -> Result<Changed> {
        let release = hash(release);
        let path = ["v1", "contracts", chain, &release, "status"];
        let call = Self::with_body(Method::POST, &path, request)?;
        self.needs_key()?.send(Call { query: checked(check), ..call }).await
    }
}
