// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {OpenAnchor} from "../support/OpenAnchor.sol";
import {City} from "../support/City.sol";
import {Consortium} from "../support/Consortium.sol";
import {vm} from "../support/Vm.sol";
import {AnchorHandler} from "./AnchorHandler.sol";

/// docs/specs/anchor.md, whatever is shown and voted in whatever order. Certificates cost time, so fewer campaigns than elsewhere.
/// forge-config: default.invariant.runs = 16
contract AnchorsInvariants is Consortium {
    AnchorHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _consortium(4);
        _handler = new AnchorHandler();
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
        selectors[1] = AnchorHandler.prepare.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    // ANCHOR-4
    function invariant_what_is_frozen_stays_so_until_a_vote_and_takes_nothing() external view {
        vm.assertFalse(_handler.thawedByItself(), "without a vote");
        vm.assertFalse(_handler.tookWhileFrozen(), "while frozen");
    }

    // ANCHOR-3, ANCHOR-5
    function invariant_a_number_has_one_hash_in_a_generation_and_none_of_another() external view {
        vm.assertFalse(_handler.tookTwo(), "two headers of one number");
        if (_handler.isFrozen()) return;
        OpenAnchor anchor = _handler.anchor();
        for (uint64 number = 1; number <= _handler.highest(); ++number) {
            bytes32 taken = _handler.taken(anchor.generation(), number);
            try anchor.record(number) {
                vm.assertEq(anchor.record(number).hash, taken, "as it was taken");
            } catch {
                vm.assertEq(taken, bytes32(0), "what was taken is answered");
            }
        }
    }

    function invariant_the_newest_number_only_grows() external view {
        vm.assertFalse(_handler.fell(), "within a generation");
        if (_handler.isFrozen()) return;
        OpenAnchor anchor = _handler.anchor();
        for (uint64 number = anchor.latest() + 1; number <= _handler.highest(); ++number) {
            vm.assertEq(_handler.taken(anchor.generation(), number), bytes32(0), "nothing is newer");
        }
    }

    /// The handler is not idle: everything that the campaign is about happens in it.
    function test_the_handler_freezes_thaws_and_goes_on() external {
        OpenAnchor anchor = _handler.anchor();
        _handler.keep(3, false);
        _handler.keep(1, false);
        vm.assertEq(uint256(anchor.latest()), 5, "an older one comes later");
        _handler.submit(2);
        _handler.submit(0);
        vm.assertTrue(_handler.taken(0, 1) != 0, "with a certificate");
        _handler.submit(1);
        vm.assertTrue(_handler.isFrozen(), "two of number 1");
        _handler.submit(0);
        vm.assertFalse(_handler.tookWhileFrozen(), "refused");
        for (uint8 i = 0; i < 3; ++i) {
            _handler.vote(i, true);
        }
        vm.assertFalse(_handler.isFrozen(), "by a vote");
        vm.assertFalse(_handler.thawedByItself(), "and not by itself");
        _handler.submit(1);
        vm.assertTrue(_handler.taken(1, 1) != 0, "of epoch 5");
        vm.assertEq(uint256(anchor.latest()), 1, "in a generation of its own");
    }
}
