// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRequirementRegistry} from "../interfaces/IRequirementRegistry.sol";
import {Policies} from "../libraries/Policies.sol";
import {Requirement} from "../types/MembershipTypes.sol";

/// Requirements of chains; see {IRequirementRegistry}.
contract RequirementRegistry is IRequirementRegistry {
    /// Most members that an alliance begins with.
    uint256 public constant MAX_MEMBERS = 16;

    struct Declaration {
        address authority;
        bool isWithdrawn;
        Requirement requirement;
    }

    Declaration[] private _declarations;

    /// @inheritdoc IRequirementRegistry
    function declare(Requirement calldata requirement) external returns (uint256 id) {
        if (
            requirement.purpose == 0 || requirement.name == 0 || requirement.chainId == 0
                || requirement.nodeContract == address(0) || requirement.openUntil <= block.timestamp
        ) revert RequirementMalformed();
        _checkPartners(requirement);
        Policies.check(requirement.endorsers);
        id = _declarations.length;
        Declaration storage made = _declarations.push();
        made.authority = msg.sender;
        made.requirement = requirement;
        emit Declared(id, msg.sender, requirement.purpose, requirement.name, requirement.openUntil);
    }

    /// @inheritdoc IRequirementRegistry
    function withdraw(uint256 id) external {
        Declaration storage found = _open(id);
        if (found.authority != msg.sender) revert NotTheAuthority(msg.sender);
        found.isWithdrawn = true;
        emit Withdrawn(id);
    }

    /// @inheritdoc IRequirementRegistry
    function open(uint256 id) external view returns (Requirement memory requirement, address authority) {
        Declaration storage found = _open(id);
        return (found.requirement, found.authority);
    }

    /// @inheritdoc IRequirementRegistry
    function declared(uint256 id) external view returns (Requirement memory requirement, address authority) {
        if (id >= _declarations.length) revert RequirementUnknown(id);
        return (_declarations[id].requirement, _declarations[id].authority);
    }

    /// @inheritdoc IRequirementRegistry
    function belongTogether(uint256[] calldata ids) external view returns (bool) {
        if (ids.length < 2 || ids.length > MAX_MEMBERS) return false;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (!_isOpen(ids[i])) return false;
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            Requirement storage its = _declarations[ids[i]].requirement;
            if (its.purpose != _declarations[ids[0]].requirement.purpose) return false;
            // Its partners are distinct and not itself, so as many as the others are exactly the others.
            if (its.partners.length != ids.length - 1) return false;
            for (uint256 j = 0; j < ids.length; ++j) {
                if (i != j && !_names(its.partners, _declarations[ids[j]].requirement.name)) return false;
            }
        }
        return true;
    }

    /// @inheritdoc IRequirementRegistry
    function requirementCount() external view returns (uint256) {
        return _declarations.length;
    }

    function _open(uint256 id) private view returns (Declaration storage) {
        if (id >= _declarations.length) revert RequirementUnknown(id);
        if (!_isOpen(id)) revert RequirementClosed(id);
        return _declarations[id];
    }

    function _isOpen(uint256 id) private view returns (bool) {
        if (id >= _declarations.length) return false;
        Declaration storage found = _declarations[id];
        return !found.isWithdrawn && block.timestamp <= found.requirement.openUntil;
    }

    function _names(bytes32[] storage partners, bytes32 name) private view returns (bool) {
        for (uint256 i = 0; i < partners.length; ++i) {
            if (partners[i] == name) return true;
        }
        return false;
    }

    function _checkPartners(Requirement calldata requirement) private pure {
        bytes32[] calldata partners = requirement.partners;
        if (partners.length == 0 || partners.length >= MAX_MEMBERS) revert PartnersMalformed();
        bytes32 before = 0;
        for (uint256 i = 0; i < partners.length; ++i) {
            if (partners[i] <= before || partners[i] == requirement.name) revert PartnersMalformed();
            before = partners[i];
        }
    }
}
