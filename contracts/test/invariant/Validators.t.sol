// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Seat, Validator} from "../../src/types/ValidatorTypes.sol";
import {City} from "../support/City.sol";
import {Consortium} from "../support/Consortium.sol";
import {vm} from "../support/Vm.sol";
import {ValidatorHandler} from "./ValidatorHandler.sol";

/// The set, whatever is proposed and voted in whatever order (MEMBER-2, MEMBER-6).
contract ValidatorsInvariants is Consortium {
    ValidatorHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _consortium(3);
        _handler = new ValidatorHandler();
        _handler.prepare();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = City.setUp.selector;
        selectors[1] = ValidatorHandler.prepare.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    function invariant_the_hash_is_that_of_the_set() external view {
        Validator[] memory set = members.validators(0, 100);
        bytes[] memory keys = new bytes[](set.length);
        for (uint256 i = 0; i < set.length; ++i) {
            keys[i] = set[i].blsKey;
        }
        vm.assertEq(members.setHash(), keccak256(abi.encode(bytes32("chancery-validators"), keys)), "hash");
    }

    function invariant_the_set_is_not_empty_ascending_and_seats_add_up() external view {
        Validator[] memory set = members.validators(0, 100);
        vm.assertTrue(set.length != 0, "somebody decides");
        for (uint256 i = 1; i < set.length; ++i) {
            vm.assertTrue(set[i - 1].peerKey < set[i].peerKey, "ascending");
        }
        bytes32[] memory organizations_ = members.organizations(0, 100);
        uint256 seated = 0;
        for (uint256 i = 0; i < organizations_.length; ++i) {
            Seat memory seat = members.seat(organizations_[i]);
            vm.assertTrue(seat.validators != 0, "an organization without a validator has no vote");
            vm.assertEq(uint256(seat.position), i, "position");
            vm.assertEq(members.organizationOf(seat.voter), organizations_[i], "voter");
            seated += seat.validators;
        }
        vm.assertEq(seated, set.length, "each validator is somebody's");
    }
}
