// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RuleNode} from "../../src/bridge/RuleNode.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {Outcome, Part, Read, Reason, RequestState, Write} from "../../src/types/AllianceTypes.sol";
import {Member} from "../support/Member.sol";
import {vm} from "../support/Vm.sol";

/// A register's own rule holds whatever endorsers sign.
contract RuleNodeTest is Member {
    RuleNode private _register = new RuleNode(IAnchor(address(anchor)), ALLIANCE, BANK, address(this));
    bytes32 private _lien;

    function setUp() public {
        _register.defineRule("mortgage", RuleNode.Rule("lien", 0, "lien"));
        _register.defineRule("look", RuleNode.Rule("tax", "paid", 0));
        _register.defineRule("sell", RuleNode.Rule("lien", 0, "owner"));
        _lien = _register.keyOf("lien", "parcel 7");
    }

    function test_a_free_parcel_is_encumbered_once() public {
        Part memory part = _asked("mortgage", "parcel 7", "loan 1");
        vm.assertTrue(_reserveAtRegister(1, part) == Outcome.Reserved, "reserved");
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 105);
        _register.applyDecision(1, part, block_, proof);
        vm.assertEq(_register.entry(_lien).value, bytes32("loan 1"), "written");
        bytes memory call = abi.encode(bytes32("mortgage"), bytes32("parcel 7"), bytes32("loan 2"));
        bytes32 lien = _lien;
        vm.expectRevert(
            abi.encodeWithSelector(
                RuleNode.RuleBroken.selector, bytes32("mortgage"), lien, bytes32(0), bytes32("loan 1")
            )
        );
        _register.suggest(call);
    }

    function test_what_the_rule_does_not_give_is_refused_whoever_has_endorsed_it() public {
        Part memory part = _asked("mortgage", "parcel 7", "loan 1");
        part.writes[0].value = "another";
        vm.assertTrue(_reserveAtRegister(1, part) == Outcome.Refused, "another value");
        vm.assertTrue(_register.outcome(1).reason == Reason.Rejected, "by the rule");
        part = _asked("mortgage", "parcel 7", "loan 1");
        part.reads = new Read[](0);
        vm.assertTrue(_reserveAtRegister(2, part) == Outcome.Refused, "without what it rests on");
        part.call = abi.encode(bytes32("burn"), bytes32("parcel 7"), bytes32("loan 1"));
        vm.assertTrue(_reserveAtRegister(3, part) == Outcome.Refused, "an operation that is not defined");
        vm.assertEq(uint256(_register.entry(_lien).version), 0, "nothing was written");
    }

    function test_a_rule_that_was_broken_meanwhile_refuses() public {
        _register.set("tax", "parcel 7", "paid");
        Part memory part = _asked("look", "parcel 7", 0);
        vm.assertEq(part.writes.length, 0, "looks");
        _register.set("tax", "parcel 7", "due");
        vm.assertTrue(_reserveAtRegister(1, part) == Outcome.Refused, "stale");
        vm.assertTrue(_register.outcome(1).reason == Reason.Stale, "by its version");
    }

    function test_reads_ascend_whichever_key_is_written(bytes32 subject) public view {
        (Read[] memory reads, Write[] memory writes) =
            _register.suggest(abi.encode(bytes32("sell"), subject, bytes32("ana")));
        vm.assertTrue(reads[0].key < reads[1].key, "ascending");
        vm.assertEq(writes[0].key, _register.keyOf("owner", subject), "written");
    }

    function test_an_unknown_operation_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(RuleNode.OperationUnknown.selector, bytes32("burn")));
        _register.suggest(abi.encode(bytes32("burn"), bytes32("parcel 7"), bytes32("x")));
    }

    function _asked(bytes32 operation, bytes32 subject, bytes32 value) private view returns (Part memory part) {
        (part.member, part.call) = (BANK, abi.encode(operation, subject, value));
        (part.reads, part.writes) = _register.suggest(part.call);
    }

    function _reserveAtRegister(uint64 number, Part memory part) private returns (Outcome) {
        (uint64 block_, bytes[] memory proof) = _sequenced(number, part);
        return _register.reserve(number, part, block_, proof);
    }
}
