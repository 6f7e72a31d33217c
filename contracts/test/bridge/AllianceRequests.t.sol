// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAlliance} from "../../src/interfaces/IAlliance.sol";
import {IAllianceMembership} from "../../src/interfaces/IAllianceMembership.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {RequestState} from "../../src/types/AllianceTypes.sol";
import {AllianceState, Ballot, BallotKind, Endorser, Requirement} from "../../src/types/MembershipTypes.sol";
import {Endorsement, PartReference, Request, RequestRecord, SignatureFault} from "../../src/types/RequestTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {Vm, vm} from "../support/Vm.sol";

/// A-SEQ, A-END: what is sequenced, what is invalid, and who is named.
contract AllianceRequestsTest is Partnership {
    function test_an_endorsed_request_is_sequenced_with_a_deadline() public {
        Request memory request = _request("k", 2);
        Endorsement[] memory endorsements = _endorseAll(request);
        vm.expectEmit(address(alliance));
        emit IAlliance.Sequenced(1, this.hashOf(request), "k", request.certificate, NOW + 60, request.parts);
        uint64 number = _submit(request, endorsements);
        RequestRecord memory record = alliance.requestAt(number);
        vm.assertTrue(record.state == RequestState.Sequenced, "sequenced");
        vm.assertEq(uint256(record.deadline), NOW + 60, "deadline");
        vm.assertEq(alliance.partHashOf(number, LAND), request.parts[1].partHash, "part");
        vm.assertEq(alliance.parties(number)[1], LAND, "party");
    }

    /// ALLIANCE-10.
    function test_exactly_half_of_the_weight_is_invalid_and_one_unit_more_is_sequenced() public {
        Request memory request = _request("half", 1);
        Endorsement[] memory endorsements = new Endorsement[](1);
        endorsements[0] = _endorse(request, BANK, A);
        vm.expectEmit(address(alliance));
        emit IAlliance.WeightMissing(1, BANK, 50, 100);
        _assertState(_submit(request, endorsements), RequestState.Invalid);
        request = _request("more", 1);
        endorsements = new Endorsement[](2);
        endorsements[0] = _endorse(request, BANK, A);
        endorsements[1] = _endorse(request, BANK, C);
        _assertState(_submit(request, endorsements), RequestState.Sequenced);
    }

    /// ALLIANCE-10.
    function test_an_endorser_counts_once_however_many_certificates_it_has() public {
        uint64 first = certificates[BANK][B];
        uint64 second = _certify(BANK, B, 2);
        Request memory request = _request("twice", 1);
        Endorsement[] memory endorsements = new Endorsement[](3);
        endorsements[0] = _endorseUnder(request, BANK, first, _key(BANK, B));
        endorsements[1] = _endorseUnder(request, BANK, second, _key(BANK, B));
        endorsements[2] = endorsements[0];
        vm.expectEmit(address(alliance));
        emit IAlliance.WeightMissing(1, BANK, 49, 100);
        _assertState(_submit(request, endorsements), RequestState.Invalid);
    }

    /// ALLIANCE-11, ALLIANCE-12: all are named, and one is enough to make it invalid.
    function test_every_bad_signer_is_named_with_its_fault_and_the_request_is_invalid() public {
        uint64 revoked = certificates[BANK][A];
        vm.prank(_authority(BANK));
        alliance.revokeTransaction(revoked);
        Request memory request = _request("k", 2);
        Endorsement[] memory good = _endorseAll(request);
        Endorsement[] memory endorsements = new Endorsement[](8);
        for (uint256 i = 0; i < 4; ++i) {
            endorsements[i] = good[i];
        }
        endorsements[4] = _endorse(request, LAND, B);
        endorsements[4].signature[3] ^= 0x01;
        endorsements[5] = _endorseUnder(request, LAND, 999, _key(LAND, B));
        endorsements[6] = _endorseUnder(request, LAND, certificates[BANK][C], _key(BANK, C));
        endorsements[7] = _endorseUnder(request, LAND, certificates[BANK][CLERK], _key(BANK, CLERK));
        vm.recordLogs();
        uint64 number = _submit(request, endorsements);
        _assertState(number, RequestState.Invalid);
        vm.assertEq(alliance.partHashOf(number, LAND), 0, "there is nothing to show to a member");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _assertBad(logs[0], BANK, revoked, SignatureFault.CertificateRevoked);
        vm.assertEq(logs[1].topics[0], IAlliance.WeightMissing.selector, "the bank's weight is missing");
        _assertBad(logs[2], LAND, certificates[LAND][B], SignatureFault.SignatureWrong);
        _assertBad(logs[3], LAND, 999, SignatureFault.CertificateUnknown);
        _assertBad(logs[4], LAND, certificates[BANK][C], SignatureFault.NotAnEndorser);
        _assertBad(logs[5], LAND, certificates[BANK][CLERK], SignatureFault.ScopeMissing);
        vm.assertEq(logs.length, 7, "and nothing else but the outcome");
    }

    /// ALLIANCE-11: the requester could have left it out.
    function test_one_bad_signature_makes_a_request_invalid_though_its_weight_is_enough() public {
        Request memory request = _request("k", 1);
        Endorsement[] memory endorsements = new Endorsement[](3);
        endorsements[0] = _endorse(request, BANK, A);
        endorsements[1] = _endorse(request, BANK, C);
        endorsements[2] = _endorse(request, BANK, B);
        endorsements[2].signature[3] ^= 0x01;
        vm.expectEmit(address(alliance));
        emit IAlliance.BadSignature(1, BANK, certificates[BANK][B], SignatureFault.SignatureWrong);
        uint64 number = _submit(request, endorsements);
        _assertState(number, RequestState.Invalid);
        vm.assertEq(alliance.partHashOf(number, BANK), 0, "there is nothing to show to a member");
    }

    function test_a_certificate_counts_until_its_last_second() public {
        Request memory request = _request("k", 1);
        request.validUntil = NOW + 8 days;
        Endorsement[] memory endorsements = _endorseAll(request);
        bytes memory signature = _sequenced(request, endorsements);
        vm.warp(NOW + 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAlliance.RequesterRefused.selector, request.certificate, SignatureFault.CertificateExpired
            )
        );
        alliance.submit(request, endorsements, signature);
        vm.warp(NOW + 7 days - 1);
        _assertState(alliance.submit(request, endorsements, signature), RequestState.Sequenced);
    }

    function test_a_revoked_identity_and_a_member_that_left_endorse_no_more() public {
        uint64 identity = alliance.transactionCertificate(certificates[BANK][C]).identity;
        vm.prank(_authority(BANK));
        alliance.revokeIdentity(identity);
        vm.prank(_authority(TAX));
        alliance.leave(TAX);
        Request memory request = _request("k", 1);
        Endorsement[] memory endorsements = new Endorsement[](3);
        endorsements[0] = _endorse(request, BANK, A);
        endorsements[1] = _endorse(request, BANK, C);
        endorsements[2] = _endorseUnder(request, BANK, certificates[TAX][A], _key(TAX, A));
        vm.recordLogs();
        _assertState(_submit(request, endorsements), RequestState.Invalid);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _assertBad(logs[0], BANK, certificates[BANK][C], SignatureFault.IdentityRevoked);
        _assertBad(logs[1], BANK, certificates[TAX][A], SignatureFault.MemberInactive);
    }

    /// ALLIANCE-11: a relay cannot spoil what the requester has put together.
    function test_endorsements_that_the_requester_did_not_sign_change_nothing() public {
        Request memory request = _request("k", 1);
        Endorsement[] memory endorsements = _endorseAll(request);
        bytes memory signature = _sequenced(request, endorsements);
        Endorsement[] memory fewer = new Endorsement[](1);
        fewer[0] = endorsements[0];
        vm.expectRevert(
            abi.encodeWithSelector(
                IAlliance.RequesterRefused.selector, request.certificate, SignatureFault.SignatureWrong
            )
        );
        alliance.submit(request, fewer, signature);
        vm.assertEq(uint256(alliance.requestCount()), 0, "no number was given");
    }

    function test_an_endorser_puts_no_request_together() public {
        Request memory request = _request("k", 1);
        request.certificate = certificates[BANK][A];
        vm.expectRevert(
            abi.encodeWithSelector(
                IAlliance.RequesterRefused.selector, request.certificate, SignatureFault.ScopeMissing
            )
        );
        alliance.submit(request, new Endorsement[](0), "");
    }

    /// ALLIANCE-13.
    function test_the_same_request_again_has_the_same_number_even_when_its_certificate_is_gone() public {
        Request memory request = _request("k", 1);
        Endorsement[] memory endorsements = _endorseAll(request);
        bytes memory signature = _sequenced(request, endorsements);
        uint64 number = alliance.submit(request, endorsements, signature);
        uint64 certificate = certificates[BANK][CLERK];
        vm.prank(_authority(BANK));
        alliance.revokeTransaction(certificate);
        vm.warp(NOW + 30 days);
        vm.recordLogs();
        vm.assertEq(uint256(alliance.submit(request, endorsements, signature)), uint256(number), "the number it got");
        vm.assertEq(vm.getRecordedLogs().length, 0, "and nothing happens");
        vm.assertEq(uint256(alliance.numberOf(BANK, CLERK, "k")), uint256(number), "it can be asked for");
        request.window = 61;
        vm.expectRevert(abi.encodeWithSelector(IAlliance.IdempotencyKeyUsed.selector, number));
        alliance.submit(request, endorsements, signature);
    }

    function test_a_request_out_of_form_is_refused() public {
        _expectForm(_request("k", 0), abi.encodeWithSelector(IAlliance.PartCount.selector, 0));
        Request memory request = _request("k", 2);
        (request.parts[0], request.parts[1]) = (request.parts[1], request.parts[0]);
        _expectForm(request, abi.encodeWithSelector(IAlliance.PartOrder.selector));
        request.parts[0] = request.parts[1];
        _expectForm(request, abi.encodeWithSelector(IAlliance.PartOrder.selector));
        request = _request("k", 1);
        request.window = 86_401;
        _expectForm(request, abi.encodeWithSelector(IAlliance.Window.selector, 86_401));
        request.window = 0;
        _expectForm(request, abi.encodeWithSelector(IAlliance.Window.selector, 0));
        request.window = 86_400;
        request.validUntil = NOW - 1;
        _expectForm(request, abi.encodeWithSelector(IAlliance.RequestLapsed.selector, NOW - 1));
        request.validUntil = NOW;
        request.parts[0].member = "court";
        _expectForm(request, abi.encodeWithSelector(IAllianceMembership.NotAMember.selector, bytes32("court")));
        request.parts = new PartReference[](17);
        _expectForm(request, abi.encodeWithSelector(IAlliance.PartCount.selector, 17));
    }

    function test_an_endorsement_of_no_part_and_too_many_of_them_are_refused() public {
        Request memory request = _request("k", 1);
        Endorsement[] memory endorsements = _endorseAll(request);
        endorsements[1] = _endorse(request, LAND, A);
        bytes memory signature = _sequenced(request, endorsements);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.EndorsementsMalformed.selector));
        alliance.submit(request, endorsements, signature);
        vm.expectRevert(abi.encodeWithSelector(IAlliance.EndorsementsMalformed.selector));
        alliance.submit(request, new Endorsement[](65), signature);
    }

    function test_an_alliance_that_is_not_active_sequences_nothing() public {
        Ballot memory dissolution = Ballot(BallotKind.Dissolve, 0, 0, IAnchor(address(0)));
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(_authority(_names()[i]));
            alliance.vote(_names()[i], dissolution);
        }
        _expectForm(
            _request("k", 1),
            abi.encodeWithSelector(IAllianceMembership.StateMismatch.selector, AllianceState.Dissolved)
        );
    }

    /// ALLIANCE-10, for any weights: more than half of the sum, exactly.
    function testFuzz_a_part_passes_with_more_than_half_of_the_weight(uint64[6] calldata weights, uint8 chosen) public {
        Requirement memory renewed = _requirement(LAND);
        renewed.endorsers = new Endorser[](6);
        (uint256 total, uint256 signed, uint256 count) = (0, 0, 0);
        for (uint256 i = 0; i < 6; ++i) {
            uint64 weight = weights[i] == 0 ? 1 : weights[i];
            renewed.endorsers[i] = Endorser(bytes32(i + 1), weight);
            total += weight;
            if (chosen >> i & 1 == 1) (signed, count) = (signed + weight, count + 1);
        }
        vm.prank(_authority(LAND));
        Ballot memory ballot =
            Ballot(BallotKind.Admit, 0, requirements.declare(renewed), IAnchor(address(anchors[LAND])));
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(_authority(_names()[i]));
            alliance.vote(_names()[i], ballot);
        }
        Request memory request = _request("k", 1);
        request.parts[0].member = LAND;
        Endorsement[] memory endorsements = new Endorsement[](count);
        for (uint256 i = 0; i < 6; ++i) {
            if (chosen >> i & 1 == 0) continue;
            _certify(LAND, bytes32(i + 1), 2);
            endorsements[--count] = _endorse(request, LAND, bytes32(i + 1));
        }
        bool passes = signed > total - signed;
        _assertState(_submit(request, endorsements), passes ? RequestState.Sequenced : RequestState.Invalid);
    }

    function _expectForm(Request memory request, bytes memory refusal) private {
        Endorsement[] memory none = new Endorsement[](0);
        bytes memory signature = _sequenced(request, none);
        vm.expectRevert(refusal);
        alliance.submit(request, none, signature);
    }

    function _assertState(uint64 number, RequestState expected) private view {
        vm.assertEq(uint256(alliance.requestAt(number).state), uint256(expected), "state");
    }

    function _assertBad(Vm.Log memory log, bytes32 member, uint64 certificate, SignatureFault fault) private pure {
        vm.assertEq(log.topics[0], IAlliance.BadSignature.selector, "a bad signature");
        vm.assertEq(log.topics[2], member, "member");
        vm.assertEq(uint256(log.topics[3]), uint256(certificate), "certificate");
        vm.assertEq(abi.decode(log.data, (uint256)), uint256(fault), "fault");
    }
}
