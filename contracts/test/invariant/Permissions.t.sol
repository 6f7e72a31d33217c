// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {PermissionEntry, PermissionList} from "../../src/types/PermissionTypes.sol";
import {ProposalState} from "../../src/types/ValidatorTypes.sol";
import {City} from "../support/City.sol";
import {Consortium} from "../support/Consortium.sol";
import {vm} from "../support/Vm.sol";
import {PermissionHandler} from "./PermissionHandler.sol";

/// The lists, whatever is proposed and voted in whatever order (PERMIT-7 to PERMIT-9).
contract PermissionsInvariants is Consortium {
    PermissionHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _consortium(3);
        _handler = new PermissionHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = City.setUp.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    function invariant_nothing_changes_without_a_vote_that_passed() external view {
        uint256 passed = 0;
        uint256 count = permissions.proposalCount();
        for (uint256 id = 0; id < count; ++id) {
            if (permissions.proposal(id).state != ProposalState.Passed) continue;
            ++passed;
            vm.assertEq(permissions.votes(id).length, 3, "three of three: two are not more than two thirds");
        }
        vm.assertEq(uint256(permissions.revision()), passed, "a change for each");
    }

    function invariant_every_entry_is_found_by_its_subject() external view {
        for (uint256 list = 0; list < 3; ++list) {
            PermissionEntry[] memory page = permissions.entries(PermissionList(list), 0, 100);
            vm.assertEq(page.length, permissions.entryCount(PermissionList(list)), "counted");
            for (uint256 i = 0; i < page.length; ++i) {
                vm.assertTrue(page[i].subject != 0 && page[i].organization != 0, "named");
                bytes32 slot = keccak256(abi.encode(page[i].subject, 3 * list + 3));
                vm.assertEq(vm.load(Predeploys.PERMISSIONS, slot), page[i].organization, "where nodes look");
                vm.assertTrue(permissions.isAllowed(PermissionList(list), page[i].subject), "allowed");
            }
        }
    }

    function invariant_voters_can_always_change_the_lists() external {
        // What counts as open is bounded; whose time is over is cleared by anybody.
        vm.warp(block.timestamp + permissions.VOTING_PERIOD() + 1);
        uint256 count = permissions.proposalCount();
        for (uint256 id = 0; id < count; ++id) {
            try permissions.clear(id) {} catch {}
        }
        for (uint256 list = 0; list < 3; ++list) {
            bool closed = permissions.isClosed(PermissionList(list));
            vm.prank(_voter(list));
            permissions.proposeMode(PermissionList(list), !closed);
        }
    }
}
