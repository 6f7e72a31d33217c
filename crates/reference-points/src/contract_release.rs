//! Contracts that operators release on a chain (S-SVC): proposed, reviewed by a second operator, deployed, released by a second operator, withdrawn.
//! Each step is an operator's own signature, recorded by the chain (`docs/specs/contract-release.md`).

use alloy_primitives::{Address, B256, Bytes, keccak256};
pub use chancery_primitives::{ContractName, ReleaseStatus};
use chancery_primitives::{ProposeContract, UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::{data_block::TransactionLocator, operation::ChainName};

/// Longest creation code with the constructor's arguments, in bytes (EIP-3860).
pub const MAX_INIT_CODE_BYTES: usize = 49_152;
/// Longest code that may stand at an address, in bytes (EIP-170).
pub const MAX_RUNTIME_CODE_BYTES: u64 = 24_576;
/// Longest ABI, in bytes of its text.
pub const MAX_INTERFACE_BYTES: usize = 65_536;
/// Longest reason, in bytes of UTF-8.
pub const MAX_REASON_BYTES: usize = 512;
/// Longest time from a signature to its deadline, in seconds.
pub const MAX_VALIDITY_S: u64 = 86_400;
/// Most releases of one page.
pub const MAX_RELEASES: u64 = 100;

/// A compiled contract for a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractArtifact {
    /// Where it is to stand.
    pub chain: ChainName,
    /// What it is called.
    pub name: ContractName,
    /// Higher than the version that was released last.
    pub version: u32,
    /// What makes it, without arguments.
    pub creation_code: Bytes,
    /// The constructor's arguments, ABI-encoded; empty when it takes none.
    pub arguments: Bytes,
    /// Its ABI: a JSON array, exactly these bytes.
    pub interface: String,
    /// keccak256 of its source; zero when none is given.
    pub source_hash: B256,
    /// Of its address (EIP-1014).
    pub salt: B256,
}

/// What deploying it would leave, found out without leaving anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractSimulation {
    /// EIP-155 id of the chain, and the contract that checks signatures: the EIP-712 domain of what is signed.
    pub chain_id: u64,
    /// See `chain_id`.
    pub verifying_contract: Address,
    /// Where it would stand.
    pub address: Address,
    /// keccak256 of creation code and arguments.
    pub init_code_hash: B256,
    /// keccak256 of the code that would stand there.
    pub runtime_code_hash: B256,
    /// Its length.
    pub runtime_code_bytes: u64,
    /// keccak256 of the ABI.
    pub interface_hash: B256,
    /// The constructor's arguments as the ABI reads them: `uint256 first = 7`.
    pub arguments: Vec<String>,
}

/// A proposal as its operator has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedProposal {
    /// What is proposed.
    pub artifact: ContractArtifact,
    /// As the simulation gave it.
    pub runtime_code_hash: B256,
    /// Last second at which the chain records it, Unix seconds.
    pub deadline: u64,
    /// 65 bytes, of the EIP-712 message `ProposeContract`; to have it checked only, it may be empty.
    pub signature: Bytes,
}

impl SignedProposal {
    /// What was signed, of the hashes of what is proposed.
    #[must_use]
    pub fn operation(&self, init_code_hash: B256, interface_hash: B256) -> ProposeContract {
        ProposeContract {
            name: self.artifact.name,
            version: self.artifact.version,
            init_code_hash,
            arguments_hash: keccak256(&self.artifact.arguments),
            runtime_code_hash: self.runtime_code_hash,
            interface_hash,
            source_hash: self.artifact.source_hash,
            salt: self.artifact.salt,
            deadline: UnixSeconds(self.deadline),
        }
    }
}

/// A step as its operator has signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedStep {
    /// The chain of the release.
    pub chain: ChainName,
    /// Digest of the proposal.
    pub release: B256,
    /// What it becomes.
    pub status: ReleaseStatus,
    /// Why; needed for a rejection and a withdrawal.
    pub reason: String,
    /// Last second at which the chain records it, Unix seconds.
    pub deadline: u64,
    /// 65 bytes, of the EIP-712 message `ChangeRelease`; to have it checked only, it may be empty.
    pub signature: Bytes,
}

/// Who took a step, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseStep {
    /// The operator who signed it.
    pub operator: Address,
    /// Time of the block that recorded it, Unix seconds.
    pub time: u64,
}

/// A release as its chain records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractRelease {
    /// The chain.
    pub chain: ChainName,
    /// Digest of the proposal: its name.
    pub release: B256,
    /// What the contract is called.
    pub name: ContractName,
    /// Its version.
    pub version: u32,
    /// How far it is.
    pub status: ReleaseStatus,
    /// Where it stands, or will.
    pub address: Address,
    /// keccak256 of creation code and arguments.
    pub init_code_hash: B256,
    /// keccak256 of the code that stands there, or will.
    pub runtime_code_hash: B256,
    /// keccak256 of the ABI.
    pub interface_hash: B256,
    /// keccak256 of the source; zero when none was given.
    pub source_hash: B256,
    /// Of its address.
    pub salt: B256,
    /// The block that recorded the proposal.
    pub proposed_block: u64,
    /// Who proposed it.
    pub proposed: ReleaseStep,
    /// Who approved or rejected it.
    pub reviewed: Option<ReleaseStep>,
    /// Who deployed it.
    pub deployed: Option<ReleaseStep>,
    /// Who released it.
    pub released: Option<ReleaseStep>,
    /// Who withdrew it.
    pub withdrawn: Option<ReleaseStep>,
}

/// A step with its place on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedStep {
    /// What the release became.
    pub status: ReleaseStatus,
    /// Who signed it.
    pub operator: Address,
    /// Why.
    pub reason: String,
    /// Last second at which it could be recorded, Unix seconds: with it the digest is computed anew.
    pub deadline: u64,
    /// The EIP-712 digest that was signed.
    pub digest: B256,
    /// The signature.
    pub signature: Bytes,
    /// Where it is recorded.
    pub recorded: TransactionLocator,
}

/// A release with what a reviewer has to see, from the events of its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractReview {
    /// The release.
    pub release: ContractRelease,
    /// What makes the contract, without arguments.
    pub creation_code: Bytes,
    /// The constructor's arguments, ABI-encoded.
    pub arguments: Bytes,
    /// The same as the ABI reads them.
    pub decoded_arguments: Vec<String>,
    /// Its ABI.
    pub interface: String,
    /// Last second at which the proposal could be recorded, Unix seconds: with it the digest is computed anew.
    pub deadline: u64,
    /// Every step in its order, the proposal first.
    pub steps: Vec<RecordedStep>,
}
