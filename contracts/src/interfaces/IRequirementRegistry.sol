// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {PolicyFault, Requirement} from "../types/MembershipTypes.sol";

/// Requirements of chains that want to communicate (`docs/specs/alliance.md`, "Establishing"; A-EST). Who declares one is the member's
/// authority: it issues the member's certificates and votes for it.
interface IRequirementRegistry {
    event Declared(
        uint256 indexed id, address indexed authority, bytes32 indexed purpose, bytes32 name, uint64 openUntil
    );
    event Withdrawn(uint256 indexed id);

    /// Ask for a requirement that exists.
    error RequirementUnknown(uint256 id);
    /// Its time is over, or it was withdrawn: have it declared again.
    error RequirementClosed(uint256 id);
    /// Only the account that has declared it may do this.
    error NotTheAuthority(address account);
    /// Give a purpose, a name, a chain id, a node contract, and a time that lies ahead.
    error RequirementMalformed();
    /// Give 1 to 15 names, ascending, none of them its own.
    error PartnersMalformed();
    /// @param node the one concerned; zero for `EndorserCount`.
    error PolicyMalformed(PolicyFault fault, bytes32 node);

    /// Declares what the caller's chain wants. Anybody: others decide whether they want the same.
    function declare(Requirement calldata requirement) external returns (uint256 id);

    /// Takes it back. Its authority. Alliances that were made of it stay.
    function withdraw(uint256 id) external;

    /// A requirement that stands, and who has declared it.
    function open(uint256 id) external view returns (Requirement memory requirement, address authority);

    /// A requirement as it was declared, whether it stands or not.
    function declared(uint256 id) external view returns (Requirement memory requirement, address authority);

    /// Whether the requirements stand, have the same purpose, and each names exactly the others.
    function belongTogether(uint256[] calldata ids) external view returns (bool);

    /// How many there ever were; they are numbered from zero.
    function requirementCount() external view returns (uint256);
}
