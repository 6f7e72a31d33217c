// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessRuleRegistry} from "../src/interfaces/IAccessRuleRegistry.sol";
import {Roles} from "../src/libraries/Roles.sol";
import {AccessRule} from "../src/types/AccessTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

/// docs/specs/access.md, M-CON-3
contract AccessRuleRegistryTest is City {
    bytes32 private constant SERVICE = "certificates.query";
    bytes private constant RULE = "{\"role:inspector\":\"deny\"}";

    // ACCESS-5
    function test_versions_follow_one_another_and_stay_readable() public {
        vm.expectEmit(address(accessRules));
        emit IAccessRuleRegistry.AccessRuleConfigured(SERVICE, 1, HOLDER, RULE);
        _configure(SERVICE, 1, RULE);
        vm.warp(block.timestamp + 10);
        _configure(SERVICE, 2, "{}");
        _configure("other", 1, RULE);

        AccessRule memory latest = accessRules.latest(SERVICE);
        vm.assertEq(latest.version, 2, "version");
        vm.assertEq(latest.configuredAt, block.timestamp, "configuredAt");
        vm.assertEq(latest.by, HOLDER, "who has asked");
        vm.assertEq(latest.rule, bytes("{}"), "rule");
        vm.assertEq(accessRules.ruleVersion(SERVICE, 1).rule, RULE, "the first can be restored");
        vm.assertEq(accessRules.ruleVersion(SERVICE, 3).version, 0, "no third version");
        vm.assertEq(accessRules.serviceCount(), 2, "count");
        AccessRule[] memory rules = accessRules.rules(0, 100);
        vm.assertEq(rules.length, 2, "rows");
        vm.assertEq(rules[0].version, 2, "the latest of each");
        vm.assertEq(rules[1].service, "other", "in the order of the first");
        vm.assertEq(accessRules.rules(2, 100).length, 0, "no more");
    }

    function test_a_lost_update_is_refused() public {
        _expect(abi.encodeWithSelector(IAccessRuleRegistry.VersionOutOfOrder.selector, 1, 2));
        accessRules.configure(SERVICE, 2, HOLDER, RULE);
        _configure(SERVICE, 1, RULE);
        _expect(abi.encodeWithSelector(IAccessRuleRegistry.VersionOutOfOrder.selector, 2, 1));
        accessRules.configure(SERVICE, 1, HOLDER, "{}");
        vm.assertEq(accessRules.latest(SERVICE).rule, RULE, "unchanged");
    }

    function test_malformed_rules_are_refused_by_name() public {
        _expect(abi.encodeWithSelector(IAccessRuleRegistry.ServiceZero.selector));
        accessRules.configure(0, 1, HOLDER, RULE);
        _expect(abi.encodeWithSelector(IAccessRuleRegistry.RuleLength.selector, 4097, 4096));
        accessRules.configure(SERVICE, 1, HOLDER, new bytes(4097));
        _configure(SERVICE, 1, new bytes(4096));
    }

    function test_only_operators_without_delay_configure() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessRuleRegistry.NotOperator.selector, STRANGER));
        vm.prank(STRANGER);
        accessRules.configure(SERVICE, 1, HOLDER, RULE);
        vm.prank(ADMINISTRATOR);
        manager.grantRole(Roles.OPERATOR, STRANGER, 60);
        vm.expectRevert(abi.encodeWithSelector(IAccessRuleRegistry.NotOperator.selector, STRANGER));
        vm.prank(STRANGER);
        accessRules.configure(SERVICE, 1, HOLDER, RULE);
    }

    function _configure(bytes32 service, uint32 version, bytes memory rule) private {
        vm.prank(OPERATOR);
        accessRules.configure(service, version, HOLDER, rule);
    }

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
    }
}
