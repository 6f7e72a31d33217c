// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {PermissionChange, PermissionEntry, PermissionList, PermissionProposal} from "../types/PermissionTypes.sol";
import {IConsortiumVoting} from "./IConsortiumVoting.sol";

/// Who may connect to this chain, send transactions, and create contracts (PERMIT-1 to PERMIT-9 of `docs/specs/permissions.md`).
///
/// Three lists, each open (to all) or closed (to all but those listed), changed by vote of the organizations alone. The contract keeps
/// the lists; nodes read its slots and enforce them. What a list cannot take away: validators may connect, and whoever votes for an
/// organization may send to this contract and to the validator registry.
interface IPermissions is IConsortiumVoting {
    event Proposed(
        uint256 indexed id,
        bytes32 indexed proposer,
        PermissionChange change,
        PermissionList list,
        bytes32 subject,
        bytes32 organization,
        uint64 expiresAt
    );
    event Permitted(PermissionList indexed list, bytes32 indexed subject, bytes32 indexed organization);
    event Forbidden(PermissionList indexed list, bytes32 indexed subject, bytes32 indexed organization);
    event Opened(PermissionList indexed list);
    event Closed(PermissionList indexed list);

    /// Use 1 to 32 bytes of UTF-8, padded right with zeros.
    error OrganizationNameMalformed(bytes32 organization);
    /// Give a peer key, or an address padded left with zeros; not zero.
    error SubjectMalformed(PermissionList list, bytes32 subject);
    /// It is listed already.
    error AlreadyPermitted(PermissionList list, bytes32 subject);
    /// It is not listed.
    error NotPermitted(PermissionList list, bytes32 subject);
    /// Forbid somebody first: a list has at most `maximum` entries.
    error ListFull(PermissionList list, uint256 maximum);
    /// The list is open, or closed, already.
    error ModeUnchanged(PermissionList list, bool closed);

    /// Proposes that a subject is put on a list, whether the list is open or closed. A voter.
    /// @param organization whose node or account it is, for those who read the list; need not have a vote.
    function proposePermit(PermissionList list, bytes32 subject, bytes32 organization) external returns (uint256 id);

    /// Proposes that a subject is taken off a list. A voter.
    function proposeForbid(PermissionList list, bytes32 subject) external returns (uint256 id);

    /// Proposes that a list is closed (to all but those listed) or opened (to all). A voter.
    function proposeMode(PermissionList list, bool closed) external returns (uint256 id);

    /// Changes ever made; each adds one.
    function revision() external view returns (uint64);

    /// Whether only those are allowed who are listed.
    function isClosed(PermissionList list) external view returns (bool);

    /// Whether a subject is allowed now: the list is open, or it is listed. Exceptions for validators and voters are the nodes'.
    function isAllowed(PermissionList list, bytes32 subject) external view returns (bool);

    /// Whose a listed subject is; zero where it is not listed.
    function organizationOf(PermissionList list, bytes32 subject) external view returns (bytes32);

    /// How many are listed.
    function entryCount(PermissionList list) external view returns (uint256);

    /// Entries in no order that lasts, at most 100.
    function entries(PermissionList list, uint256 offset, uint256 limit)
        external
        view
        returns (PermissionEntry[] memory);

    /// A proposal as it stands now.
    function proposal(uint256 id) external view returns (PermissionProposal memory);
}
