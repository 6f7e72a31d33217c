// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ProposalState} from "./ValidatorTypes.sol";

/// What a list is about. Nodes read the lists by these numbers (`docs/specs/permissions.md`).
enum PermissionList {
    /// Nodes that may connect; a subject is an Ed25519 peer key.
    Connect,
    /// Accounts whose transactions are taken; a subject is an address, padded left with zeros.
    Send,
    /// Accounts that may create contracts; a subject is an address, padded left with zeros.
    Deploy
}

/// What a proposal would do.
enum PermissionChange {
    /// Puts a subject on a list.
    Permit,
    /// Takes a subject off a list.
    Forbid,
    /// Allows all, listed or not.
    Open,
    /// Allows those alone who are listed.
    Close
}

/// A subject on a list.
struct PermissionEntry {
    bytes32 subject;
    /// Whose it is.
    bytes32 organization;
}

/// An entry of the genesis.
struct GenesisPermission {
    PermissionList list;
    bytes32 subject;
    bytes32 organization;
}

/// A proposal to the organizations.
struct PermissionProposal {
    PermissionChange change;
    PermissionList list;
    ProposalState state;
    /// Last second in which votes are taken.
    uint64 expiresAt;
    /// Zero where the whole list is opened or closed.
    bytes32 subject;
    /// For `Permit`: whose it is.
    bytes32 organization;
}
