// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// How far a contract is on its way to a release (`docs/specs/contract-release.md`).
library ReleaseStatus {
    uint8 internal constant UNKNOWN = 0;
    uint8 internal constant PROPOSED = 1;
    uint8 internal constant APPROVED = 2;
    uint8 internal constant REJECTED = 3;
    uint8 internal constant DEPLOYED = 4;
    uint8 internal constant RELEASED = 5;
    uint8 internal constant WITHDRAWN = 6;
}

/// An operator proposes a contract (EIP-712). Its digest names the release from then on.
struct ProposeContract {
    bytes32 name;
    uint32 version;
    /// `keccak256` of the creation code followed by the constructor's arguments.
    bytes32 initCodeHash;
    /// `keccak256` of the constructor's arguments: where the code ends and they begin.
    bytes32 argumentsHash;
    /// `keccak256` of the code that stands at the address once it is deployed, as a simulation gave it.
    bytes32 runtimeCodeHash;
    /// `keccak256` of the text of its ABI.
    bytes32 interfaceHash;
    /// `keccak256` of its source; zero when none is given.
    bytes32 sourceHash;
    /// Of its address (EIP-1014).
    bytes32 salt;
    /// Last second at which the chain records it.
    uint64 deadline;
}

/// An operator takes a release a step further (EIP-712). No step can be taken twice, so no counter is needed.
struct ChangeRelease {
    bytes32 release;
    /// What it becomes.
    uint8 status;
    /// Why; needed for a rejection and a withdrawal.
    string reason;
    /// Last second at which the chain records it.
    uint64 deadline;
}

/// Who took a step, and in which block's time; zeros when nobody has.
struct ReleaseStep {
    address operator;
    uint64 time;
}

/// A release as it is recorded.
struct ContractRelease {
    bytes32 name;
    uint32 version;
    uint8 status;
    /// The block that recorded the proposal: there its code and its ABI are found.
    uint64 proposedBlock;
    bytes32 initCodeHash;
    bytes32 runtimeCodeHash;
    bytes32 interfaceHash;
    bytes32 sourceHash;
    bytes32 salt;
    /// Where it stands, or will.
    address deployed;
    ReleaseStep proposal;
    ReleaseStep review;
    ReleaseStep deployment;
    ReleaseStep release;
    ReleaseStep withdrawal;
}
