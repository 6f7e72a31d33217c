//! Between contracts on the wire and contracts of the doors.

use alloy_primitives::B256;
use chancery_reference_points::{
    Code,
    contract_release::{
        ContractArtifact as DoorArtifact, ContractName, ContractRelease, ContractReview as DoorReview,
        ContractSimulation as DoorSimulation, RecordedStep, ReleaseStatus, ReleaseStep,
    },
    operation::ChainName,
};
use chancery_rest::{
    types::contracts::{
        Contract, ContractArtifact, ContractReview, ContractSimulation, ContractStatus, ContractStep,
        RecordedContractStep,
    },
    values::{HexAddress, HexBytes, HexHash, Timestamp},
};

use super::super::map;
use crate::problem::{ApiError, ApiResult};

/// `member`: where the name stands.
pub(super) fn artifact(artifact: ContractArtifact, member: &str) -> ApiResult<DoorArtifact> {
    let name = ContractName::parse(&artifact.name)
        .map_err(|error| ApiError::new(Code::MalformedRequest, format!("{member}: {error}")).with("member", member))?;
    Ok(DoorArtifact {
        chain: ChainName(artifact.chain),
        name,
        version: artifact.version,
        creation_code: artifact.creation_code.0,
        arguments: artifact.arguments.0,
        interface: artifact.interface,
        source_hash: artifact.source_hash.map_or(B256::ZERO, |hash| hash.0),
        salt: artifact.salt.map_or(B256::ZERO, |salt| salt.0),
    })
}

pub(super) fn simulation(simulation: DoorSimulation) -> ContractSimulation {
    ContractSimulation {
        chain_id: simulation.chain_id,
        verifying_contract: HexAddress(simulation.verifying_contract),
        address: HexAddress(simulation.address),
        init_code_hash: HexHash(simulation.init_code_hash),
        runtime_code_hash: HexHash(simulation.runtime_code_hash),
        runtime_code_bytes: simulation.runtime_code_bytes,
        interface_hash: HexHash(simulation.interface_hash),
        arguments: simulation.arguments,
    }
}

pub(super) fn contract(release: ContractRelease) -> Contract {
    Contract {
        chain: release.chain.0,
        release: HexHash(release.release),
        name: release.name.to_string(),
        version: release.version,
        status: status(release.status),
        address: HexAddress(release.address),
        init_code_hash: HexHash(release.init_code_hash),
        runtime_code_hash: HexHash(release.runtime_code_hash),
        interface_hash: HexHash(release.interface_hash),
        source_hash: HexHash(release.source_hash),
        salt: HexHash(release.salt),
        proposed: step(release.proposed),
        reviewed: release.reviewed.map(step),
        deployed: release.deployed.map(step),
        released: release.released.map(step),
        withdrawn: release.withdrawn.map(step),
    }
}

pub(super) fn review(review: DoorReview) -> ContractReview {
    ContractReview {
        contract: contract(review.release),
        creation_code: HexBytes(review.creation_code),
        arguments: HexBytes(review.arguments),
        decoded_arguments: review.decoded_arguments,
        interface: review.interface,
        deadline: review.deadline,
        steps: review.steps.into_iter().map(recorded).collect(),
    }
}

fn step(step: ReleaseStep) -> ContractStep {
    ContractStep { operator: HexAddress(step.operator), time: Timestamp::from_unix_seconds(step.time) }
}

fn recorded(step: RecordedStep) -> RecordedContractStep {
    RecordedContractStep {
        status: status(step.status),
        operator: HexAddress(step.operator),
        reason: step.reason,
        deadline: step.deadline,
        digest: HexHash(step.digest),
        signature: HexBytes(step.signature),
        recorded: map::recorded(step.recorded),
    }
}

const fn status(status: ReleaseStatus) -> ContractStatus {
    match status {
        ReleaseStatus::Proposed => ContractStatus::Proposed,
        ReleaseStatus::Approved => ContractStatus::Approved,
        ReleaseStatus::Rejected => ContractStatus::Rejected,
        ReleaseStatus::Deployed => ContractStatus::Deployed,
        ReleaseStatus::Released => ContractStatus::Released,
        ReleaseStatus::Withdrawn => ContractStatus::Withdrawn,
    }
}

pub(super) const fn status_of(status: ContractStatus) -> ReleaseStatus {
    match status {
        ContractStatus::Proposed => ReleaseStatus::Proposed,
        ContractStatus::Approved => ReleaseStatus::Approved,
        ContractStatus::Rejected => ReleaseStatus::Rejected,
        ContractStatus::Deployed => ReleaseStatus::Deployed,
        ContractStatus::Released => ReleaseStatus::Released,
        ContractStatus::Withdrawn => ReleaseStatus::Withdrawn,
    }
}
