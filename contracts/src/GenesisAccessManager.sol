// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IDataBlockRegistry} from "./interfaces/IDataBlockRegistry.sol";
import {IDataFormatRegistry} from "./interfaces/IDataFormatRegistry.sol";
import {IOrganizationRegistry} from "./interfaces/IOrganizationRegistry.sol";
import {Predeploys} from "./libraries/Predeploys.sol";
import {Roles} from "./libraries/Roles.sol";

/// OpenZeppelin's access manager with the roles of the predeployed contracts wired by its constructor, so that they are
/// in force from the genesis on. What is not wired here is the administrator's alone.
contract GenesisAccessManager is AccessManager {
    /// Make the genesis with a time after 1970: roles granted at time zero would count as not granted.
    error GenesisTimeIsZero();

    constructor(
        address administrator,
        address[] memory operators,
        address[] memory submitters,
        address[] memory contractOperators
    ) AccessManager(administrator) {
        if (block.timestamp == 0) revert GenesisTimeIsZero();

        emit RoleLabel(Roles.OPERATOR, "operator");
        emit RoleLabel(Roles.SUBMITTER, "submitter");
        emit RoleLabel(Roles.CONTRACT_OPERATOR, "contract-operator");
        for (uint256 i = 0; i < operators.length; ++i) {
            _grantRole(Roles.OPERATOR, operators[i], 0, 0);
        }
        for (uint256 i = 0; i < submitters.length; ++i) {
            _grantRole(Roles.SUBMITTER, submitters[i], 0, 0);
        }
        for (uint256 i = 0; i < contractOperators.length; ++i) {
            _grantRole(Roles.CONTRACT_OPERATOR, contractOperators[i], 0, 0);
        }

        address target = Predeploys.ORGANIZATION_REGISTRY;
        _setTargetFunctionRole(target, IOrganizationRegistry.registerOrganization.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.updateOrganization.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.changeAdministrator.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.suspendOrganization.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.resumeOrganization.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.grantRight.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.revokeRight.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.authorizeKey.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.revokeKey.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IOrganizationRegistry.rotateKey.selector, Roles.OPERATOR);

        target = Predeploys.DATA_FORMAT_REGISTRY;
        _setTargetFunctionRole(target, IDataFormatRegistry.configure.selector, Roles.OPERATOR);
        _setTargetFunctionRole(target, IDataFormatRegistry.withdraw.selector, Roles.OPERATOR);

        target = Predeploys.DATA_BLOCK_REGISTRY;
        _setTargetFunctionRole(target, IDataBlockRegistry.record.selector, Roles.SUBMITTER);
    }
}
