// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ReleaseStep} from "./ReleaseTypes.sol";

/// What a change of the configuration is about (`docs/specs/access.md`). Its bit in the requirement is `1 << kind`.
library ChangeKind {
    /// Organizations: registered, suspended, resumed.
    uint8 internal constant ORGANIZATIONS = 0;
    /// Rights of keys: authorized, retired, revoked.
    uint8 internal constant KEYS = 1;
    /// Data formats.
    uint8 internal constant FORMATS = 2;
    /// Services: offered, withdrawn.
    uint8 internal constant SERVICES = 3;
    /// Access rules.
    uint8 internal constant ACCESS = 4;
    /// Quotas.
    uint8 internal constant QUOTAS = 5;
    /// How many there are.
    uint8 internal constant COUNT = 6;
}

/// How far a change is.
library ApprovalStatus {
    uint8 internal constant UNKNOWN = 0;
    uint8 internal constant PROPOSED = 1;
    uint8 internal constant APPROVED = 2;
    uint8 internal constant REJECTED = 3;
    uint8 internal constant WITHDRAWN = 4;
    uint8 internal constant APPLIED = 5;
}

/// An operator proposes a change (EIP-712). Its digest names the change from then on.
struct ProposeChange {
    /// What it is about ({ChangeKind}).
    uint8 kind;
    /// `keccak256` of the change's text: exactly this is what a second operator approves.
    bytes32 changeHash;
    /// So that the same change can be proposed again.
    bytes32 salt;
    /// Last second at which it may be approved and applied.
    uint64 expiresAt;
    /// Last second at which the chain records the proposal.
    uint64 deadline;
}

/// An operator decides on a change (EIP-712). No step can be taken twice, so no counter is needed.
struct DecideChange {
    bytes32 change;
    /// What it becomes ({ApprovalStatus}).
    uint8 status;
    /// Why; needed for a rejection and a withdrawal.
    string reason;
    /// Last second at which the chain records it.
    uint64 deadline;
}

/// A change as it is recorded.
struct ProposedChange {
    uint8 kind;
    uint8 status;
    uint64 expiresAt;
    /// The block that recorded the proposal: there its text is found.
    uint64 proposedBlock;
    bytes32 changeHash;
    ReleaseStep proposal;
    /// Who approved or rejected it.
    ReleaseStep decision;
    ReleaseStep withdrawal;
    /// Whose key applied it.
    ReleaseStep application;
}
