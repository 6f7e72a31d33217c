// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessRule} from "../types/AccessTypes.sol";

/// Who may ask for which service, version by version (D3.7 8.4, M-CON-3; `docs/specs/access.md`). It keeps the rules' text, which gateways read.
interface IAccessRuleRegistry {
    event AccessRuleConfigured(bytes32 indexed service, uint32 indexed version, address indexed by, bytes rule);

    /// An account with the role 1 of the access manager, without a delay, configures rules.
    error NotOperator(address account);
    /// Name the service.
    error ServiceZero();
    /// Read the rule again: the next version is `expected`.
    error VersionOutOfOrder(uint32 expected, uint32 actual);
    /// Shorten the rule to `maximum` bytes.
    error RuleLength(uint256 length, uint256 maximum);

    /// Configures the next version of a service's rule. Operator.
    /// @param version one more than the latest, 1 at first: protects against a lost update.
    /// @param by who has asked the operator for it.
    function configure(bytes32 service, uint32 version, address by, bytes calldata rule) external;

    /// The latest version; `version` is zero when the service has no rule.
    function latest(bytes32 service) external view returns (AccessRule memory);

    /// One version; `version` is zero when there is none.
    function ruleVersion(bytes32 service, uint32 version) external view returns (AccessRule memory);

    /// How many services have a rule.
    function serviceCount() external view returns (uint256);

    /// The latest rules in the order of the services' first, at most 100.
    function rules(uint256 offset, uint256 limit) external view returns (AccessRule[] memory);
}
