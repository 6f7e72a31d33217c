// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAlliance} from "../../src/interfaces/IAlliance.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {Outcome, Reason, RequestState} from "../../src/types/AllianceTypes.sol";
import {Attestation, Request, SignatureFault} from "../../src/types/RequestTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";

/// The rules of `crates/bridge/src/alliance/decision.rs`, with proofs from anchors.
contract AllianceDecisionsTest is Partnership {
    string private constant GROUP = "bridge";

    /// ALLIANCE-2.
    function test_the_last_reservation_commits() public {
        uint64 number = _start("k", 2);
        _prove(number, 0, BANK, Outcome.Reserved);
        _assertState(number, RequestState.Sequenced);
        (uint64 block_, bytes[] memory proof) = _shown(number, LAND, Outcome.Reserved, Reason.NoReason, 0, 0);
        vm.expectEmit(address(alliance));
        emit IAlliance.Proven(number, LAND, Outcome.Reserved);
        vm.expectEmit(address(alliance));
        emit IAlliance.Committed(number);
        alliance.prove(number, 1, block_, proof);
        _assertState(number, RequestState.Committed);
    }

    function test_a_refusal_aborts_and_says_why() public {
        uint64 number = _start("k", 2);
        (uint64 block_, bytes[] memory proof) = _shown(number, LAND, Outcome.Refused, Reason.Stale, 4, 5);
        vm.expectEmit(address(alliance));
        emit IAlliance.Aborted(number, LAND, Reason.Stale, 4, 5);
        alliance.prove(number, 1, block_, proof);
        _assertState(number, RequestState.Aborted);
    }

    /// ALLIANCE-1.
    function test_a_decision_is_written_once() public {
        uint64 number = _start("k", 1);
        _prove(number, 0, BANK, Outcome.Reserved);
        (uint64 block_, bytes[] memory proof) = _shown(number, BANK, Outcome.Refused, Reason.Rejected, 0, 0);
        vm.recordLogs();
        alliance.prove(number, 0, block_, proof);
        vm.warp(NOW + 1000);
        alliance.prove(number, 0, block_, proof);
        alliance.expire(number);
        vm.assertEq(vm.getRecordedLogs().length, 0, "nothing happened");
        _assertState(number, RequestState.Committed);
    }

    function test_a_part_that_is_known_to_be_reserved_counts_once() public {
        uint64 number = _start("k", 2);
        _prove(number, 0, BANK, Outcome.Reserved);
        _prove(number, 0, BANK, Outcome.Reserved);
        _assertState(number, RequestState.Sequenced);
        vm.assertEq(uint256(alliance.requestAt(number).prepared), 1, "one of two");
    }

    /// ALLIANCE-2.
    function test_the_last_second_still_commits_and_the_next_does_not() public {
        uint64 number = _start("k", 1);
        uint64 late = _start("late", 1);
        vm.warp(NOW + 60);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.DeadlineAhead.selector, NOW + 60));
        alliance.expire(number);
        _prove(number, 0, BANK, Outcome.Reserved);
        _assertState(number, RequestState.Committed);
        vm.warp(NOW + 61);
        (uint64 block_, bytes[] memory proof) = _shown(late, BANK, Outcome.Reserved, Reason.NoReason, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.DeadlinePassed.selector, NOW + 60));
        alliance.prove(late, 0, block_, proof);
        vm.expectEmit(address(alliance));
        emit IAlliance.Aborted(late, 0, Reason.NoReason, 0, 0);
        alliance.expire(late);
        _assertState(late, RequestState.Aborted);
    }

    function test_an_open_or_impossible_outcome_decides_nothing() public {
        uint64 number = _start("k", 1);
        (uint64 block_, bytes[] memory proof) = _shown(number, BANK, Outcome.Open, Reason.NoReason, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.OutcomeOpen.selector, number, BANK));
        alliance.prove(number, 0, block_, proof);
        (block_, proof) = _shown(number, BANK, Outcome.Released, Reason.NoReason, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.OutcomeImpossible.selector, number, Outcome.Released));
        alliance.prove(number, 0, block_, proof);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.PartyUnknown.selector, 1, 1));
        alliance.prove(number, 1, block_, proof);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.RequestUnknown.selector, 9));
        alliance.prove(9, 0, block_, proof);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.RequestUnknown.selector, 9));
        alliance.expire(9);
        _assertState(number, RequestState.Sequenced);
    }

    function test_an_outcome_is_proven_from_the_members_own_contract_and_for_this_number() public {
        uint64 number = _start("k", 2);
        (uint64 block_, bytes[] memory proof) = _shown(number, BANK, Outcome.Reserved, Reason.NoReason, 0, 0);
        vm.expectPartialRevert(IAnchor.AccountNotAnchored.selector);
        alliance.prove(number, 1, block_, proof);
        vm.expectPartialRevert(IFinalityErrors.StorageNotProven.selector);
        alliance.prove(number, 0, block_, new bytes[](0));
        uint64 other = _start("other", 2);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.OutcomeOpen.selector, other, BANK));
        alliance.prove(other, 0, block_, proof);
    }

    function test_a_foreign_members_outcome_is_attested_by_more_than_half() public {
        uint64 number = _start("k", 3);
        _prove(number, 0, BANK, Outcome.Reserved);
        _prove(number, 1, LAND, Outcome.Reserved);
        Attestation[] memory half = new Attestation[](2);
        half[0] = _attest(number, TAX, Outcome.Reserved, A);
        half[1] = half[0];
        vm.expectRevert(abi.encodeWithSelector(IAlliance.AttestationTooLight.selector, 50, 100));
        alliance.attest(number, 2, Outcome.Reserved, half);
        half[1] = _attest(number, TAX, Outcome.Reserved, C);
        vm.expectEmit(address(alliance));
        emit IAlliance.Attested(number, TAX, Outcome.Reserved);
        alliance.attest(number, 2, Outcome.Reserved, half);
        _assertState(number, RequestState.Committed);
    }

    function test_an_attested_refusal_aborts() public {
        uint64 number = _start("k", 3);
        Attestation[] memory all = new Attestation[](2);
        (all[0], all[1]) = (_attest(number, TAX, Outcome.Refused, A), _attest(number, TAX, Outcome.Refused, B));
        alliance.attest(number, 2, Outcome.Refused, all);
        _assertState(number, RequestState.Aborted);
    }

    function test_a_bad_attestation_is_named_and_decides_nothing() public {
        uint64 number = _start("k", 3);
        Attestation[] memory all = new Attestation[](2);
        (all[0], all[1]) = (_attest(number, TAX, Outcome.Reserved, A), _attest(number, TAX, Outcome.Refused, B));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAlliance.AttestationRefused.selector, certificates[TAX][B], SignatureFault.SignatureWrong
            )
        );
        alliance.attest(number, 2, Outcome.Reserved, all);
        all[1] = Attestation(certificates[BANK][B], "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAlliance.AttestationRefused.selector, certificates[BANK][B], SignatureFault.NotAnEndorser
            )
        );
        alliance.attest(number, 2, Outcome.Reserved, all);
    }

    function test_what_can_be_proven_is_not_attested_and_what_cannot_is_not_proven() public {
        uint64 number = _start("k", 3);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.EvidenceMismatch.selector, BANK));
        alliance.attest(number, 0, Outcome.Reserved, new Attestation[](0));
        vm.expectRevert(abi.encodeWithSelector(IAlliance.EvidenceMismatch.selector, TAX));
        alliance.prove(number, 2, 1, new bytes[](0));
    }

    function test_requests_that_were_sequenced_go_on_to_their_decision_when_members_leave() public {
        uint64 number = _start("k", 2);
        vm.prank(_authority(LAND));
        alliance.leave(LAND);
        _prove(number, 0, BANK, Outcome.Reserved);
        _prove(number, 1, LAND, Outcome.Reserved);
        _assertState(number, RequestState.Committed);
    }

    /// Where the specification says that the words stand which members are shown.
    function test_requests_and_parts_stand_where_the_specification_says() public {
        uint64 number = _start("k", 2);
        _prove(number, 1, LAND, Outcome.Reserved);
        uint256 word = uint256(vm.load(address(alliance), keccak256(abi.encode(number, 0))));
        vm.assertEq(word, 1 | uint256(NOW + 60) << 8 | 2 << 72 | 2 << 88, "sequenced, deadline, two parts, the second");
        bytes32 slot = keccak256(abi.encode(LAND, keccak256(abi.encode(number, 1))));
        vm.assertEq(vm.load(address(alliance), slot), alliance.partHashOf(number, LAND), "part");
    }

    function test_gas_of_a_request_over_two_members() public {
        Request memory request = _request("k", 2);
        uint64 number = _submit(request, _endorseAll(request));
        vm.snapshotGasLastCall(GROUP, "alliance: sequence, 2 parts, 4 endorsements");
        _prove(number, 0, BANK, Outcome.Reserved);
        vm.snapshotGasLastCall(GROUP, "alliance: an outcome, a proof of 1 node");
        _prove(number, 1, LAND, Outcome.Reserved);
        vm.snapshotGasLastCall(GROUP, "alliance: the outcome that commits, a proof of 1 node");
    }

    function _assertState(uint64 number, RequestState expected) private view {
        vm.assertEq(uint256(alliance.requestAt(number).state), uint256(expected), "state");
    }
}
