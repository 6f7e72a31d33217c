//! Plans for contracts that operators release (S-SVC, `docs/specs/contract-release.md`). Everything that the registry of releases would refuse is found out
//! before anything is sent; the registry decides all the same.

mod artifact;
mod factory;
mod reading;
mod shapes;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use chancery_contracts::{ContractReleases, GenesisAccessManager, predeploys, roles};
use chancery_ledger::Chain;
use chancery_primitives::{ChangeRelease, ReleaseStatus, SignedOperation, SigningDomain, UnixSeconds};
use chancery_reference_points::{
    Code, DoorError, DoorResult, Role,
    contract_release::{ContractRelease, MAX_REASON_BYTES, MAX_VALIDITY_S, SignedProposal, SignedStep},
    o2c::Mode,
};
use serde_json::json;

use self::shapes::{follows, needs_reason, needs_second_operator, taken_by};
use super::{organizations::invalid, plan::Plan, registry::ask_contract};
use crate::{Processing, error::door_error, processing::name_of};

const RELEASES: Address = predeploys::CONTRACT_RELEASES;

impl Processing {
    pub(super) async fn plan_proposal(&self, proposal: &SignedProposal, by: Address, mode: Mode) -> DoorResult<Plan> {
        let artifact = &proposal.artifact;
        let chain = self.chain(&artifact.chain)?;
        artifact::check(artifact)?;
        let operation = proposal.operation(artifact::init_code_hash(artifact), keccak256(&artifact.interface));
        self.check_signed(chain, &operation, proposal.deadline, &proposal.signature, by, mode).await?;
        let release = operation.digest(&domain(chain));
        let name = name_of(chain);
        let mut plan = Plan::default();
        if let Some(known) = self.release_of(chain, release).await? {
            plan.remark(&name, format!("contract {release} is {} already", known.status));
            return Ok(plan);
        }
        let simulation = self.simulation(chain, artifact).await?;
        if simulation.runtime_code_hash != proposal.runtime_code_hash {
            return Err(invalid(format!(
                "runtimeCodeHash is {}, but a simulation leaves {}: simulate it again, and sign that",
                proposal.runtime_code_hash, simulation.runtime_code_hash
            )));
        }
        self.check_version(chain, artifact.name.to_bytes32(), artifact.version).await?;
        let call = ContractReleases::proposeCall {
            operation: (&operation).into(),
            proposer: by,
            signature: proposal.signature.clone(),
            creationCode: artifact.creation_code.clone(),
            arguments: artifact.arguments.clone(),
            interfaceText: artifact.interface.clone().into_bytes().into(),
        };
        let effect = format!(
            "contract {} version {} is proposed as {release}, to stand at {}",
            artifact.name, artifact.version, simulation.address
        );
        plan.step(&name, RELEASES, &call, effect);
        Ok(plan)
    }

    pub(super) async fn plan_release_step(&self, step: &SignedStep, by: Address, mode: Mode) -> DoorResult<Plan> {
        let chain = self.chain(&step.chain)?;
        let known = self.known_release(chain, step.release).await?;
        let operation = ChangeRelease {
            release: step.release,
            status: step.status,
            reason: step.reason.clone(),
            deadline: UnixSeconds(step.deadline),
        };
        self.check_signed(chain, &operation, step.deadline, &step.signature, by, mode).await?;
        let mut plan = Plan::default();
        if known.status == step.status && taken_by(&known) == Some(by) {
            plan.remark(&name_of(chain), format!("contract {} is {} already", step.release, known.status));
            return Ok(plan);
        }
        if !follows(known.status, step.status) {
            let detail = format!("what is {} does not become {}", known.status, step.status);
            return Err(DoorError::new(Code::ReleaseConflict, detail).with("status", known.status.as_str()));
        }
        check_reason(step)?;
        if needs_second_operator(step.status) && by == known.proposed.operator {
            let detail = format!("{by} has proposed it: another operator makes it {}", step.status);
            return Err(DoorError::new(Code::SecondOperatorRequired, detail).with("proposer", json!(by)));
        }
        if step.status == ReleaseStatus::Released {
            self.check_version(chain, known.name.to_bytes32(), known.version).await?;
        }
        if matches!(step.status, ReleaseStatus::Deployed | ReleaseStatus::Released) {
            self.check_reviewer(chain, &known).await?;
        }
        let effect =
            format!("contract {} version {} at {} becomes {}", known.name, known.version, known.address, step.status);
        if step.status == ReleaseStatus::Deployed {
            let init_code = self.approved_code(chain, &known).await?;
            let signature = step.signature.clone();
            let call = ContractReleases::deployCall {
                operation: (&operation).into(),
                operator: by,
                signature,
                initCode: init_code,
            };
            plan.step(&name_of(chain), RELEASES, &call, effect);
        } else {
            if step.status == ReleaseStatus::Approved {
                // What would not be deployed is not approved.
                self.approved_code(chain, &known).await?;
            }
            let signature = step.signature.clone();
            let call = ContractReleases::changeReleaseCall { operation: (&operation).into(), operator: by, signature };
            plan.step(&name_of(chain), RELEASES, &call, effect);
        }
        Ok(plan)
    }

    /// The code that was proposed, as the chain has it, and still leaving what was proposed.
    async fn approved_code(&self, chain: &Chain, known: &ContractRelease) -> DoorResult<Bytes> {
        let proposed = self.proposed(chain, known).await?;
        let init_code = Bytes::from([proposed.creation_code.as_ref(), proposed.arguments.as_ref()].concat());
        if keccak256(&init_code) != known.init_code_hash {
            return Err(reading::withheld(chain));
        }
        let simulated = self.simulated_code(chain, known.salt, init_code.clone()).await?;
        if simulated.runtimeCodeHash != known.runtime_code_hash {
            return Err(invalid(format!(
                "deployed now it would leave {}, where {} was proposed: withdraw it, and propose it again",
                simulated.runtimeCodeHash, known.runtime_code_hash
            )));
        }
        if simulated.created != known.address {
            return Err(invalid(format!(
                "deployed now it would stand at {}, where {} was proposed: withdraw it, and propose it again",
                simulated.created, known.address
            )));
        }
        Ok(init_code)
    }

    /// That `by` signed it for this chain (or, to have it checked, nobody yet), that it is in time, and that the chain counts `by` among its operators of contracts.
    async fn check_signed(
        &self,
        chain: &Chain,
        operation: &(impl SignedOperation + Sync),
        deadline: u64,
        signature: &Bytes,
        by: Address,
        mode: Mode,
    ) -> DoorResult<()> {
        let now = self.now();
        if deadline < now {
            return Err(DoorError::new(Code::OperationExpired, "the operation is past its deadline"));
        }
        if deadline > now.saturating_add(MAX_VALIDITY_S) {
            return Err(invalid(format!("a deadline is at most {MAX_VALIDITY_S} seconds ahead")));
        }
        // A signature that is only looked at could be sent by whoever sees it.
        let is_question = mode == Mode::Check && signature.is_empty();
        if !is_question && let Err(error) = operation.verify(&domain(chain), signature, by) {
            return Err(DoorError::new(Code::SignatureInvalid, error.to_string()));
        }
        if is_contract_operator(chain, by).await? {
            return Ok(());
        }
        let detail = format!("{by} is no operator of contracts on {}", chain.name());
        Err(DoorError::new(Code::RoleRequired, detail).with("required", vec![Role::Operator.name()]))
    }

    /// An approval lasts as long as its reviewer is an operator of contracts.
    async fn check_reviewer(&self, chain: &Chain, known: &ContractRelease) -> DoorResult<()> {
        let Some(review) = &known.reviewed else { return Ok(()) };
        if is_contract_operator(chain, review.operator).await? {
            return Ok(());
        }
        let detail = format!(
            "{}, who approved it, is no operator of contracts any more: withdraw it, and propose it again",
            review.operator
        );
        Err(DoorError::new(Code::ReleaseConflict, detail).with("status", known.status.as_str()))
    }

    /// Versions of a name rise from release to release.
    async fn check_version(&self, chain: &Chain, name: B256, version: u32) -> DoorResult<()> {
        let latest = ask_releases(chain, ContractReleases::latestCall { name }).await?;
        let released = self.release_of(chain, latest).await?.map_or(0, |release| release.version);
        if version > released {
            return Ok(());
        }
        let detail = format!("version {released} was released: the next one is higher, not {version}");
        Err(DoorError::new(Code::ReleaseConflict, detail).with("released", released))
    }
}

/// Asks the registry of releases. A chain that was founded before there was one has none, now and later.
async fn ask_releases<C: SolCall>(chain: &Chain, call: C) -> DoorResult<C::Return> {
    let view = chain.view(RELEASES, &call.abi_encode().into()).await.map_err(door_error)?;
    if view.data.is_empty() {
        let detail = format!("chain {} was founded without a registry of releases", chain.name());
        return Err(DoorError::new(Code::UnknownContract, detail).with("chain", chain.name()));
    }
    C::abi_decode_returns(&view.data).map_err(|error| factory::no_registry(chain).caused_by(error))
}

/// Whether a chain counts an account among its operators of contracts. Who may act only after a delay is none.
pub(super) async fn is_contract_operator(chain: &Chain, account: Address) -> DoorResult<bool> {
    let call = GenesisAccessManager::hasRoleCall { roleId: roles::CONTRACT_OPERATOR, account };
    let role = ask_contract(chain, predeploys::ACCESS_MANAGER, call).await?;
    Ok(role.isMember && role.executionDelay == 0)
}

fn domain(chain: &Chain) -> SigningDomain {
    SigningDomain::new(chain.config().chain_id, RELEASES)
}

fn check_reason(step: &SignedStep) -> DoorResult<()> {
    if step.reason.len() > MAX_REASON_BYTES {
        return Err(invalid(format!("a reason has at most {MAX_REASON_BYTES} bytes")));
    }
    if needs_reason(step.status) && step.reason.is_empty() {
        return Err(invalid(format!("say why it becomes {}", step.status)));
    }
    Ok(())
}
