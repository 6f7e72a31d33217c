// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {INodeContract} from "../../src/interfaces/INodeContract.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {
    Entry,
    Outcome,
    OutcomeRecord,
    Part,
    Read,
    Reason,
    RequestState,
    Write
} from "../../src/types/AllianceTypes.sol";
import {AccountsNode} from "../support/AccountsNode.sol";
import {Member} from "../support/Member.sol";
import {vm} from "../support/Vm.sol";

/// The rules of `crates/bridge/src/alliance/store.rs`, with proofs from an anchor.
contract NodeContractTest is Member {
    bytes32 private constant ANA = "ana";
    bytes32 private constant BEN = "ben";

    function test_a_committed_part_is_written_and_its_keys_are_free() public {
        Part memory part = _changing(ANA, 0, 7);
        vm.assertTrue(_reserve(1, part) == Outcome.Reserved, "reserved");
        vm.assertEq(uint256(node.entry(ANA).writer), 1, "held");
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 105);
        vm.expectEmit(address(node));
        emit INodeContract.Applied(1);
        node.applyDecision(1, part, block_, proof);
        _assertEntry(ANA, Entry(1, 0, 0, 0, bytes32(uint256(7))));
        node.applyDecision(1, part, block_, proof);
        vm.assertEq(uint256(node.entry(ANA).version), 1, "again changes nothing");
    }

    /// ALLIANCE-4: the member's own clock decides nothing.
    function test_a_reservation_outlasts_its_deadline_until_a_later_header_shows_no_commit() public {
        Part memory part = _writing(ANA, 7);
        _reserve(1, part);
        vm.warp(1_000_000);
        _expectOpen(1, part, 109);
        _expectOpen(1, part, 110);
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Sequenced, 111);
        node.release(1, part, block_, proof);
        vm.assertTrue(node.outcome(1).outcome == Outcome.Released, "released");
        _assertEntry(ANA, Entry(0, 0, 0, 0, 0));
    }

    function test_a_commit_is_never_released_however_late() public {
        Part memory part = _writing(ANA, 7);
        _reserve(1, part);
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 5_000);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.IsCommitted.selector, 1));
        node.release(1, part, block_, proof);
        node.applyDecision(1, part, block_, proof);
    }

    function test_a_block_before_the_request_releases_nothing() public {
        Part memory part = _writing(ANA, 7);
        _reserve(1, part);
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Unknown, 5_000);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.RequestNotShown.selector, 1));
        node.release(1, part, block_, proof);
    }

    function test_an_abort_releases_at_once_and_the_number_is_never_reserved_again() public {
        Part memory part = _changing(ANA, 0, 7);
        _reserve(1, part);
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Aborted, 101);
        node.release(1, part, block_, proof);
        node.release(1, part, block_, proof);
        vm.assertTrue(_reserve(1, part) == Outcome.Released, "it stays released");
        _assertEntry(ANA, Entry(0, 0, 0, 0, 0));
        (block_, proof) = _decided(1, RequestState.Committed, 105);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.NotReserved.selector, 1, Outcome.Released));
        node.applyDecision(1, part, block_, proof);
    }

    function test_only_a_commit_applies() public {
        Part memory part = _writing(ANA, 7);
        _reserve(1, part);
        RequestState[4] memory states =
            [RequestState.Unknown, RequestState.Sequenced, RequestState.Aborted, RequestState.Invalid];
        for (uint256 i = 0; i < states.length; ++i) {
            (uint64 block_, bytes[] memory proof) = _decided(1, states[i], 105);
            vm.expectRevert(abi.encodeWithSelector(INodeContract.NotCommitted.selector, 1, states[i]));
            node.applyDecision(1, part, block_, proof);
        }
    }

    function test_what_the_alliance_has_not_sequenced_is_not_reserved() public {
        Part memory part = _writing(ANA, 7);
        Part memory other = _writing(ANA, 8);
        (uint64 block_, bytes[] memory proof) = _sequenced(1, part);
        bytes memory refusal =
            abi.encodeWithSelector(INodeContract.PartNotSequenced.selector, 1, this.hashOf(part), this.hashOf(other));
        vm.expectRevert(refusal);
        node.reserve(1, other, block_, proof);
        // The path to number 1 shows that nothing stands under number 2.
        vm.expectPartialRevert(INodeContract.PartNotSequenced.selector);
        node.reserve(2, part, block_, proof);
        vm.expectPartialRevert(IFinalityErrors.StorageNotProven.selector);
        node.reserve(1, part, block_, new bytes[](0));
        vm.expectPartialRevert(IAnchor.AccountNotAnchored.selector);
        node.reserve(1, part, block_ + 1, proof);
        vm.assertTrue(node.outcome(1).outcome == Outcome.Open, "nothing was recorded");
    }

    function test_another_part_than_the_reserved_one_does_nothing() public {
        Part memory part = _writing(ANA, 7);
        Part memory other = _writing(ANA, 8);
        _reserve(1, part);
        bytes memory refusal =
            abi.encodeWithSelector(INodeContract.PartDiffers.selector, this.hashOf(part), this.hashOf(other));
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 105);
        vm.expectRevert(refusal);
        node.applyDecision(1, other, block_, proof);
        vm.expectRevert(refusal);
        node.release(1, other, block_, proof);
    }

    function test_a_stale_version_is_refused_for_ever_with_both_versions() public {
        node.deposit(ANA, 5);
        Part memory part = _changing(ANA, 0, 7);
        vm.assertTrue(_reserve(1, part) == Outcome.Refused, "refused");
        OutcomeRecord memory record = node.outcome(1);
        vm.assertTrue(record.reason == Reason.Stale, "stale");
        vm.assertEq(uint256(record.expected), 0, "expected");
        vm.assertEq(uint256(record.actual), 1, "actual");
        vm.assertEq(node.refusedKey(1), ANA, "which key");
        vm.assertTrue(_reserve(1, _changing(ANA, 1, 7)) == Outcome.Refused, "for ever");
    }

    function test_of_two_requests_over_one_version_the_second_fails() public {
        Part memory part = _changing(ANA, 0, 7);
        _reserve(1, part);
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 105);
        node.applyDecision(1, part, block_, proof);
        vm.assertTrue(_reserve(2, part) == Outcome.Refused, "refused");
        vm.assertTrue(node.outcome(2).reason == Reason.Stale, "stale");
    }

    /// A-ERR: all of it in one block, in whatever order its transactions stand.
    function test_of_two_requests_over_one_version_in_one_block_the_second_is_refused_by_name() public {
        uint256 height = block.number;
        Part memory part = _changing(ANA, 0, 7);
        Part memory other = _changing(ANA, 0, 8);
        (uint64 block_, bytes[] memory proof) = _sequenced(2, other);
        vm.assertTrue(_reserve(1, part) == Outcome.Reserved, "the first");
        vm.expectEmit(address(node));
        emit INodeContract.Refused(2, Reason.Conflict, ANA, 0, 1);
        vm.assertTrue(node.reserve(2, other, block_, proof) == Outcome.Refused, "the second");
        vm.assertEq(node.refusedKey(2), ANA, "which key");
        // What the first writes is in force in the same block: now the version is another.
        (block_, proof) = _decided(1, RequestState.Committed, 105);
        node.applyDecision(1, part, block_, proof);
        (block_, proof) = _sequenced(3, other);
        vm.expectEmit(address(node));
        emit INodeContract.Refused(3, Reason.Stale, ANA, 0, 1);
        vm.assertTrue(node.reserve(3, other, block_, proof) == Outcome.Refused, "the third");
        vm.assertEq(block.number, height, "one block");
        _assertEntry(ANA, Entry(1, 0, 0, 0, bytes32(uint256(7))));
    }

    /// ALLIANCE-8.
    function test_the_younger_dies_and_the_older_waits() public {
        _reserve(5, _writing(ANA, 7));
        vm.assertTrue(_reserve(6, _reading(ANA, 0)) == Outcome.Refused, "the younger is refused");
        vm.assertEq(uint256(node.outcome(6).actual), 5, "by whom");
        _expectHeld(4, _reading(ANA, 0), 5);
        vm.assertTrue(node.outcome(4).outcome == Outcome.Open, "it may try again");
    }

    function test_readers_share_and_a_writer_is_alone() public {
        _reserve(3, _reading(ANA, 0));
        vm.assertTrue(_reserve(5, _reading(ANA, 0)) == Outcome.Reserved, "shared");
        _assertEntry(ANA, Entry(0, 0, 3, 2, 0));
        vm.assertTrue(_reserve(4, _writing(ANA, 1)) == Outcome.Refused, "the younger writer is refused");
        _expectHeld(2, _writing(ANA, 1), 3);
        _release(3, _reading(ANA, 0));
        _expectHeld(2, _writing(ANA, 1), 3);
        _release(5, _reading(ANA, 0));
        vm.assertTrue(_reserve(2, _writing(ANA, 1)) == Outcome.Reserved, "nobody reads");
    }

    function test_the_organization_itself_does_not_write_what_is_held() public {
        _reserve(1, _reading(ANA, 0));
        _reserve(2, _writing(BEN, 1));
        vm.expectRevert(abi.encodeWithSelector(INodeContract.KeyHeld.selector, ANA, 1));
        node.deposit(ANA, 1);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.KeyHeld.selector, BEN, 2));
        node.deposit(BEN, 1);
    }

    function test_the_organizations_own_rule_is_asked_before_anything_is_held() public {
        vm.assertTrue(_reserve(1, _writing(ANA, 1_000_001)) == Outcome.Refused, "refused");
        vm.assertTrue(node.outcome(1).reason == Reason.Rejected, "by its rule");
        _assertEntry(ANA, Entry(0, 0, 0, 0, 0));
    }

    function test_a_malformed_part_is_refused() public {
        Part memory part = _writing(ANA, 7);
        part.member = "another";
        _expectMalformed(1, part);
        part = _writing(ANA, 7);
        part.call = new bytes(4097);
        _expectMalformed(2, part);
        part = _writing(ANA, 7);
        part.reads = new Read[](2);
        (part.reads[0].key, part.reads[1].key) = (BEN, ANA);
        _expectMalformed(3, part);
        part = _writing(ANA, 7);
        part.writes = new Write[](2);
        (part.writes[0].key, part.writes[1].key) = (ANA, ANA);
        _expectMalformed(4, part);
        part.writes = new Write[](33);
        for (uint256 i = 0; i < 33; ++i) {
            part.writes[i].key = bytes32(i);
        }
        _expectMalformed(5, part);
    }

    function test_a_suggestion_has_the_versions_and_values_that_a_part_needs() public {
        node.deposit(ANA, 5);
        (Read[] memory reads, Write[] memory writes) = node.suggest(abi.encode(ANA, int256(-3)));
        Part memory part = Part(BANK, abi.encode(ANA, int256(-3)), reads, writes);
        vm.assertTrue(_reserve(1, part) == Outcome.Reserved, "reserved as suggested");
        (uint64 block_, bytes[] memory proof) = _decided(1, RequestState.Committed, 105);
        node.applyDecision(1, part, block_, proof);
        vm.assertEq(uint256(node.entry(ANA).value), 2, "paid");
        vm.expectRevert(abi.encodeWithSelector(AccountsNode.Overdrawn.selector, ANA));
        node.suggest(abi.encode(ANA, int256(-3)));
    }

    /// Where the specification says that the words stand which the alliance is shown.
    function test_outcomes_and_entries_stand_where_the_specification_says() public {
        node.deposit(ANA, 5);
        _reserve(1, _changing(ANA, 0, 7));
        bytes32 outcomeSlot = keccak256(abi.encode(1, 0));
        uint256 word = uint256(vm.load(address(node), outcomeSlot));
        vm.assertEq(word, 2 | 1 << 8 | 0 << 16 | 1 << 80, "refused, stale, expected 0, actual 1");
        _reserve(2, _changing(ANA, 1, 7));
        _reserve(3, _reading(BEN, 0));
        uint256 entrySlot = uint256(keccak256(abi.encode(ANA, 1)));
        vm.assertEq(uint256(vm.load(address(node), bytes32(entrySlot))), 1 | 2 << 64, "version 1, writer 2");
        vm.assertEq(uint256(vm.load(address(node), bytes32(entrySlot + 1))), 5, "value");
        entrySlot = uint256(keccak256(abi.encode(BEN, 1)));
        vm.assertEq(uint256(vm.load(address(node), bytes32(entrySlot))), 3 << 128 | 1 << 192, "oldest reader, readers");
    }

    function test_gas_of_a_part_with_one_key() public {
        Part memory part = _changing(ANA, 0, 7);
        (uint64 block_, bytes[] memory proof) = _sequenced(1, part);
        node.reserve(1, part, block_, proof);
        vm.snapshotGasLastCall("bridge", "node contract: reserve, 1 key, a proof of 1 node");
        (block_, proof) = _decided(1, RequestState.Committed, 105);
        node.applyDecision(1, part, block_, proof);
        vm.snapshotGasLastCall("bridge", "node contract: apply, 1 key, a proof of 1 node");
    }

    function _expectOpen(uint64 number, Part memory part, uint64 time) private {
        (uint64 block_, bytes[] memory proof) = _decided(number, RequestState.Sequenced, time);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.DecisionOpen.selector, number, DEADLINE, time));
        node.release(number, part, block_, proof);
    }

    function _expectHeld(uint64 number, Part memory part, uint64 holder) private {
        (uint64 block_, bytes[] memory proof) = _sequenced(number, part);
        vm.expectRevert(abi.encodeWithSelector(INodeContract.KeyHeld.selector, ANA, holder));
        node.reserve(number, part, block_, proof);
    }

    function _expectMalformed(uint64 number, Part memory part) private {
        vm.assertTrue(_reserve(number, part) == Outcome.Refused, "refused");
        vm.assertTrue(node.outcome(number).reason == Reason.Malformed, "malformed");
    }

    function _release(uint64 number, Part memory part) private {
        (uint64 block_, bytes[] memory proof) = _decided(number, RequestState.Aborted, 105);
        node.release(number, part, block_, proof);
    }

    function _assertEntry(bytes32 key, Entry memory expected) private view {
        vm.assertEq(keccak256(abi.encode(node.entry(key))), keccak256(abi.encode(expected)), "entry");
    }
}
