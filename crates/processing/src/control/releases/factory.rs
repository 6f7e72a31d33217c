//! The factory that makes released contracts, and what it would make.

use alloy::sol_types::{SolCall, SolError};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use chancery_contracts::{ContractFactory, ContractReleases};
use chancery_ledger::{Call, Chain, LedgerError};
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    contract_release::{ContractArtifact, ContractSimulation, MAX_RUNTIME_CODE_BYTES},
};

use super::{super::organizations::invalid, RELEASES, artifact, ask_releases};
use crate::{Processing, error::door_error};

/// Gas that a simulated deployment may use: that of a transaction (EIP-7825, 2^24), less what its code takes as call data and what the registry does.
const MAX_DEPLOYMENT_GAS: u64 = 14_000_000;

impl Processing {
    /// What deploying an artifact would leave. The first time on a chain the factory is put there.
    pub(in crate::control) async fn simulate(&self, artifact: &ContractArtifact) -> DoorResult<ContractSimulation> {
        let chain = self.chain(&artifact.chain)?;
        artifact::check(artifact)?;
        self.provide_factory(chain).await?;
        self.simulation(chain, artifact).await
    }

    /// What deploying an artifact would leave, on a chain that has its factory.
    pub(super) async fn simulation(
        &self,
        chain: &Chain,
        artifact: &ContractArtifact,
    ) -> DoorResult<ContractSimulation> {
        let arguments = artifact::check(artifact)?;
        let init_code_hash = artifact::init_code_hash(artifact);
        let simulated = self.simulated_code(chain, artifact.salt, artifact::init_code(artifact)).await?;
        let runtime_code_bytes = u64::try_from(simulated.runtimeCodeBytes).unwrap_or(u64::MAX);
        if runtime_code_bytes == 0 || runtime_code_bytes > MAX_RUNTIME_CODE_BYTES {
            return Err(invalid(format!(
                "it leaves {runtime_code_bytes} bytes of code: a contract has 1 to {MAX_RUNTIME_CODE_BYTES} (EIP-170)"
            )));
        }
        Ok(ContractSimulation {
            chain_id: chain.config().chain_id,
            verifying_contract: RELEASES,
            address: simulated.created,
            init_code_hash,
            runtime_code_hash: simulated.runtimeCodeHash,
            runtime_code_bytes,
            interface_hash: keccak256(&artifact.interface),
            arguments,
        })
    }

    /// Runs the constructor at the newest final block where it would run, and takes it back.
    pub(super) async fn simulated_code(
        &self,
        chain: &Chain,
        salt: B256,
        init_code: Bytes,
    ) -> DoorResult<ContractFactory::Simulated> {
        let Some(factory) = factory(chain).await? else {
            return Err(invalid(format!(
                "{} has no factory of contracts yet: simulate the contract first",
                chain.name()
            )));
        };
        let address = factory.create2(salt, keccak256(&init_code));
        let call = ContractFactory::simulateCall { salt, initCode: init_code };
        let call = Call { to: Some(factory), data: call.abi_encode().into() };
        match chain.simulate_within(self.config.operator.address(), &call, MAX_DEPLOYMENT_GAS).await {
            Err(LedgerError::Reverted { reason, .. }) => ContractFactory::Simulated::abi_decode(&reason.data)
                .ok()
                // A constructor can refuse with the factory's words.
                .filter(|simulated| simulated.created == address)
                .ok_or_else(|| invalid(format!("the constructor refuses: {reason}"))),
            Err(error) => Err(door_error(error)),
            // The factory always takes back what it has made.
            Ok(_) => Err(no_registry(chain)),
        }
    }

    /// Puts the factory on a chain that has none. It serves the registry alone, so nobody gains anything by it but this.
    async fn provide_factory(&self, chain: &Chain) -> DoorResult<()> {
        if factory(chain).await?.is_some() {
            return Ok(());
        }
        let operator = &self.config.operator;
        let made = chain.deploy(operator, ContractFactory::BYTECODE.clone()).await.map_err(door_error)?;
        let call = ContractReleases::appointFactoryCall { factory_: made };
        let call = Call { to: Some(RELEASES), data: call.abi_encode().into() };
        match chain.submit(operator, call).await {
            Ok(_) => Ok(()),
            // Somebody else was first.
            Err(LedgerError::Reverted { reason, .. }) if reason.name == "FactoryKnown" => Ok(()),
            Err(error) => Err(door_error(error)),
        }
    }
}

/// The factory that the registry of releases knows.
async fn factory(chain: &Chain) -> DoorResult<Option<Address>> {
    let found = ask_releases(chain, ContractReleases::factoryCall {}).await?;
    Ok((!found.is_zero()).then_some(found))
}

pub(super) fn no_registry(chain: &Chain) -> DoorError {
    let detail = format!("chain {}: its registry of releases does not answer as it should", chain.name());
    DoorError::new(Code::ChainUnreachable, detail).with("chain", chain.name())
}
