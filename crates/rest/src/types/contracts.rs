//! `/v1/contracts`: contracts that operators release, each step signed by one of them (O2C, `docs/specs/contract-release.md`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address, example_hash, example_signature, example_time};
use crate::values::{HexAddress, HexBytes, HexHash, Timestamp};

/// How far a contract is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContractStatus {
    /// Waits for its review.
    Proposed,
    /// May be deployed.
    Approved,
    /// Its review said no; for ever.
    Rejected,
    /// Stands at its address.
    Deployed,
    /// Is meant to be used.
    Released,
    /// Is not meant to be used; for ever.
    Withdrawn,
}

/// A compiled contract for a chain: `POST /v1/contracts/simulations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractArtifact {
    /// The chain.
    #[schema(example = "main", min_length = 1, max_length = 32)]
    pub chain: String,
    /// What it is called, from release to release.
    #[schema(example = "counter", pattern = "^[a-z0-9-]{1,32}$")]
    pub name: String,
    /// Higher than the version that was released last.
    #[schema(example = 1, minimum = 1)]
    pub version: u32,
    /// What makes it, without arguments; with them at most 49,152 bytes (EIP-3860).
    pub creation_code: HexBytes,
    /// The constructor's arguments, ABI-encoded.
    #[serde(default)]
    pub arguments: HexBytes,
    /// Its ABI: the text of a JSON array, at most 65,536 bytes. Exactly this text is hashed.
    #[schema(example = "[]", min_length = 2, max_length = 65_536)]
    pub interface: String,
    /// keccak256 of its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_hash: Option<HexHash>,
    /// Of its address (EIP-1014); zero when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<HexHash>,
}

/// What deploying a contract would leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractSimulation {
    /// EIP-155 id of the chain: `chainId` of the EIP-712 domain of what is signed.
    #[schema(example = 7100)]
    pub chain_id: u64,
    /// `verifyingContract` of that domain.
    pub verifying_contract: HexAddress,
    /// Where it would stand.
    pub address: HexAddress,
    /// keccak256 of creation code and arguments.
    pub init_code_hash: HexHash,
    /// keccak256 of the code that would stand there.
    pub runtime_code_hash: HexHash,
    /// Its length.
    #[schema(example = 420)]
    pub runtime_code_bytes: u64,
    /// keccak256 of the ABI.
    pub interface_hash: HexHash,
    /// The constructor's arguments as the ABI reads them.
    pub arguments: Vec<String>,
}

/// `POST /v1/contracts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposeContract {
    /// What is proposed.
    pub artifact: ContractArtifact,
    /// As the simulation gave it.
    pub runtime_code_hash: HexHash,
    /// Last second at which the chain records it, Unix seconds.
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// The operator's EIP-712 signature of `ProposeContract`, 65 bytes. With `?check=true` it may be `0x`: so nothing is handed out that could be sent.
    pub signature: HexBytes,
}

/// `POST /v1/contracts/{chain}/{release}/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeContract {
    /// What it becomes.
    pub status: ContractStatus,
    /// Why; needed for `rejected` and `withdrawn`.
    #[serde(default)]
    #[schema(example = "Reviewed with the source at its hash.", max_length = 512)]
    pub reason: String,
    /// Last second at which the chain records it, Unix seconds.
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// The operator's EIP-712 signature of `ChangeRelease`, 65 bytes. With `?check=true` it may be `0x`: so nothing is handed out that could be sent.
    pub signature: HexBytes,
}

/// Who took a step, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractStep {
    /// The operator who signed it.
    pub operator: HexAddress,
    /// Time of the block that recorded it.
    pub time: Timestamp,
}

/// A contract on its way, as its chain records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// The chain.
    #[schema(example = "main")]
    pub chain: String,
    /// Digest of the proposal: the name of the release.
    pub release: HexHash,
    /// What the contract is called.
    #[schema(example = "counter")]
    pub name: String,
    /// Its version.
    #[schema(example = 1)]
    pub version: u32,
    /// How far it is.
    pub status: ContractStatus,
    /// Where it stands, or will.
    pub address: HexAddress,
    /// keccak256 of creation code and arguments.
    pub init_code_hash: HexHash,
    /// keccak256 of the code that stands there, or will.
    pub runtime_code_hash: HexHash,
    /// keccak256 of the ABI.
    pub interface_hash: HexHash,
    /// keccak256 of the source; zero when none was given.
    pub source_hash: HexHash,
    /// Of its address.
    pub salt: HexHash,
    /// Who proposed it.
    pub proposed: ContractStep,
    /// Who approved or rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<ContractStep>,
    /// Who deployed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<ContractStep>,
    /// Who released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<ContractStep>,
    /// Who withdrew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<ContractStep>,
}

/// A step with its place on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedContractStep {
    /// What it became.
    pub status: ContractStatus,
    /// Who signed it.
    pub operator: HexAddress,
    /// Why; may be empty.
    pub reason: String,
    /// Last second at which it could be recorded, Unix seconds: with it the digest is computed anew.
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// The EIP-712 digest that was signed.
    pub digest: HexHash,
    /// The signature.
    pub signature: HexBytes,
    /// Where it is recorded.
    pub recorded: Recorded,
}

/// The answer of `GET /v1/contracts/{chain}/{release}`: all that a reviewer has to see, from the events of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractReview {
    /// The contract.
    pub contract: Contract,
    /// What makes it, without arguments.
    pub creation_code: HexBytes,
    /// The constructor's arguments, ABI-encoded.
    pub arguments: HexBytes,
    /// The same as the ABI reads them.
    pub decoded_arguments: Vec<String>,
    /// Its ABI, as a JSON text.
    pub interface: String,
    /// Deadline of the proposal, Unix seconds: with it the digest is computed anew.
    #[schema(example = 1_795_233_600)]
    pub deadline: u64,
    /// Every step in its order, the proposal first.
    pub steps: Vec<RecordedContractStep>,
}

impl Example for ContractArtifact {
    fn example() -> Self {
        Self {
            chain: "main".into(),
            name: "counter".into(),
            version: 1,
            creation_code: HexBytes(vec![0x60, 0x00].into()),
            arguments: HexBytes::default(),
            interface: "[]".into(),
            source_hash: Some(example_hash(0x50)),
            salt: None,
        }
    }
}

impl Example for ContractSimulation {
    fn example() -> Self {
        Self {
            chain_id: 7100,
            verifying_contract: example_address(),
            address: example_address(),
            init_code_hash: example_hash(0x1c),
            runtime_code_hash: example_hash(0x2c),
            runtime_code_bytes: 420,
            interface_hash: example_hash(0xab),
            arguments: vec!["uint256 first = 7".into()],
        }
    }
}

impl Example for ProposeContract {
    fn example() -> Self {
        Self {
            artifact: ContractArtifact::example(),
            runtime_code_hash: example_hash(0x2c),
            deadline: 1_795_233_600,
            signature: example_signature(),
        }
    }
}

impl Example for ChangeContract {
    fn example() -> Self {
        Self {
            status: ContractStatus::Approved,
            reason: "Reviewed with the source at its hash.".into(),
            deadline: 1_795_233_600,
            signature: example_signature(),
        }
    }
}

impl Example for ContractStep {
    fn example() -> Self {
        Self { operator: example_address(), time: example_time() }
    }
}

impl Example for Contract {
    fn example() -> Self {
        Self {
            chain: "main".into(),
            release: example_hash(0xce),
            name: "counter".into(),
            version: 1,
            status: ContractStatus::Approved,
            address: example_address(),
            init_code_hash: example_hash(0x1c),
            runtime_code_hash: example_hash(0x2c),
            interface_hash: example_hash(0xab),
            source_hash: example_hash(0x50),
            salt: example_hash(0),
            proposed: ContractStep::example(),
            reviewed: Some(ContractStep::example()),
            deployed: None,
            released: None,
            withdrawn: None,
        }
    }
}

impl Example for ContractReview {
    fn example() -> Self {
        Self {
            contract: Contract::example(),
            creation_code: HexBytes(vec![0x60, 0x00].into()),
            arguments: HexBytes::default(),
            decoded_arguments: Vec::new(),
            interface: "[]".into(),
            deadline: 1_795_233_600,
            steps: vec![RecordedContractStep {
                status: ContractStatus::Proposed,
                operator: example_address(),
                reason: String::new(),
                deadline: 1_795_233_600,
                digest: example_hash(0xce),
                signature: example_signature(),
                recorded: Recorded::example(),
            }],
        }
    }
}
