// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IAccessRuleRegistry} from "./interfaces/IAccessRuleRegistry.sol";
import {Pages} from "./libraries/Pages.sol";
import {Roles} from "./libraries/Roles.sol";
import {AccessRule} from "./types/AccessTypes.sol";

/// Access rules of services; see {IAccessRuleRegistry}.
contract AccessRuleRegistry is IAccessRuleRegistry {
    /// Longest rule.
    uint256 public constant MAX_RULE_BYTES = 4096;

    IAccessManager private immutable _authority;

    bytes32[] private _services;
    mapping(bytes32 service => uint32) private _latestVersion;
    mapping(bytes32 service => mapping(uint32 version => AccessRule)) private _versions;

    constructor(IAccessManager authority) {
        _authority = authority;
    }

    /// @inheritdoc IAccessRuleRegistry
    function configure(bytes32 service, uint32 version, address by, bytes calldata rule) external {
        (bool isMember, uint32 delay) = _authority.hasRole(Roles.OPERATOR, msg.sender);
        if (!isMember || delay != 0) revert NotOperator(msg.sender);
        if (service == 0) revert ServiceZero();
        uint32 expected = _latestVersion[service] + 1;
        if (version != expected) revert VersionOutOfOrder(expected, version);
        if (rule.length > MAX_RULE_BYTES) revert RuleLength(rule.length, MAX_RULE_BYTES);

        if (version == 1) _services.push(service);
        _latestVersion[service] = version;
        _versions[service][version] =
            AccessRule({service: service, version: version, configuredAt: uint64(block.timestamp), by: by, rule: rule});
        emit AccessRuleConfigured(service, version, by, rule);
    }

    /// @inheritdoc IAccessRuleRegistry
    function latest(bytes32 service) external view returns (AccessRule memory) {
        return _versions[service][_latestVersion[service]];
    }

    /// @inheritdoc IAccessRuleRegistry
    function ruleVersion(bytes32 service, uint32 version) external view returns (AccessRule memory) {
        return _versions[service][version];
    }

    /// @inheritdoc IAccessRuleRegistry
    function serviceCount() external view returns (uint256) {
        return _services.length;
    }

    /// @inheritdoc IAccessRuleRegistry
    function rules(uint256 offset, uint256 limit) external view returns (AccessRule[] memory page) {
        page = new AccessRule[](Pages.rows(_services.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            bytes32 service = _services[offset + i];
            page[i] = _versions[service][_latestVersion[service]];
        }
    }
}
