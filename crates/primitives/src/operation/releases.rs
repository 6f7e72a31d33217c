//! The operations on contracts that operators release (`docs/specs/contract-release.md`). Checked by `ContractReleases`.

use super::{SignedOperation, typed};
use crate::{
    UnixSeconds,
    ascii32::{Alphabet, MAX_NAME_BYTES, ascii_name},
    status::coded,
};
use alloy_primitives::B256;
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

/// Names of contracts.
const CONTRACT_NAMES: Alphabet = Alphabet {
    what: "name of the contract",
    class: "[a-z0-9-]",
    allows: |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
};

/// What a contract is called from release to release.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContractName([u8; MAX_NAME_BYTES]);

ascii_name!(ContractName, CONTRACT_NAMES);

coded! {
    /// How far a contract is on its way to a release.
    ReleaseStatus("release status") {
        /// Waits for its review.
        Proposed = 1 => "proposed",
        /// May be deployed.
        Approved = 2 => "approved",
        /// Its review said no; for ever.
        Rejected = 3 => "rejected",
        /// Stands at its address.
        Deployed = 4 => "deployed",
        /// Is meant to be used.
        Released = 5 => "released",
        /// Is not meant to be used; for ever.
        Withdrawn = 6 => "withdrawn",
    }
}

/// An operator proposes a contract. The digest names the release from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposeContract {
    /// What it is called.
    pub name: ContractName,
    /// Higher than the version that was released last.
    pub version: u32,
    /// `keccak256` of the creation code followed by the constructor's arguments.
    pub init_code_hash: B256,
    /// `keccak256` of the constructor's arguments: where the code ends and they begin.
    pub arguments_hash: B256,
    /// `keccak256` of the code that a simulation leaves at the address.
    pub runtime_code_hash: B256,
    /// `keccak256` of the text of the ABI.
    pub interface_hash: B256,
    /// `keccak256` of the source; zero when none is given.
    pub source_hash: B256,
    /// Of the address (EIP-1014).
    pub salt: B256,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl SignedOperation for ProposeContract {
    fn struct_hash(&self) -> B256 {
        typed::ProposeContract {
            name: self.name.to_bytes32(),
            version: self.version,
            initCodeHash: self.init_code_hash,
            argumentsHash: self.arguments_hash,
            runtimeCodeHash: self.runtime_code_hash,
            interfaceHash: self.interface_hash,
            sourceHash: self.source_hash,
            salt: self.salt,
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}

/// An operator takes a release a step further. No step can be taken twice, so a signature cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRelease {
    /// Digest of the proposal.
    pub release: B256,
    /// What it becomes; never [`ReleaseStatus::Proposed`].
    pub status: ReleaseStatus,
    /// Why; needed for a rejection and a withdrawal.
    pub reason: String,
    /// Last second at which the chain records it.
    pub deadline: UnixSeconds,
}

impl SignedOperation for ChangeRelease {
    fn struct_hash(&self) -> B256 {
        typed::ChangeRelease {
            release: self.release,
            status: self.status.code(),
            reason: self.reason.clone(),
            deadline: self.deadline.get(),
        }
        .eip712_hash_struct()
    }
}
