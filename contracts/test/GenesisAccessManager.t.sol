// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {GenesisAccessManager} from "../src/GenesisAccessManager.sol";
import {Roles} from "../src/libraries/Roles.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

contract GenesisAccessManagerTest is City {
    function test_roles_are_in_force_from_the_genesis_on() public view {
        _assertRole(Roles.ADMINISTRATOR, ADMINISTRATOR, true);
        _assertRole(Roles.OPERATOR, OPERATOR, true);
        _assertRole(Roles.SUBMITTER, SUBMITTER, true);
        _assertRole(Roles.CONTRACT_OPERATOR, vm.addr(FIRST_OPERATOR_KEY), true);
        _assertRole(Roles.CONTRACT_OPERATOR, OPERATOR, false);
        _assertRole(Roles.CONTRACT_OPERATOR, SUBMITTER, false);
        _assertRole(Roles.OPERATOR, ADMINISTRATOR, false);
        _assertRole(Roles.ADMINISTRATOR, OPERATOR, false);
        _assertRole(Roles.ADMINISTRATOR, address(this), false);
    }

    function test_a_genesis_at_time_zero_is_refused() public {
        vm.warp(0);
        vm.expectRevert(GenesisAccessManager.GenesisTimeIsZero.selector);
        new GenesisAccessManager(ADMINISTRATOR, new address[](0), new address[](0), new address[](0));
    }

    function test_the_administrator_hands_out_roles_later() public {
        vm.prank(ADMINISTRATOR);
        manager.grantRole(Roles.SUBMITTER, STRANGER, 0);
        vm.prank(STRANGER);
        blocks.record(keccak256("root"), 1, START, START);
        vm.prank(ADMINISTRATOR);
        manager.revokeRole(Roles.SUBMITTER, STRANGER);
        vm.expectPartialRevert(IAccessManaged.AccessManagedUnauthorized.selector);
        vm.prank(STRANGER);
        blocks.record(keccak256("other root"), 1, START, START);
    }

    function _assertRole(uint64 role, address account, bool expected) private view {
        (bool member, uint32 delay) = manager.hasRole(role, account);
        vm.assertEq(member, expected, "member");
        vm.assertEq(delay, 0, "delay");
    }
}
