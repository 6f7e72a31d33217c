// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateRegistry} from "../src/CertificateRegistry.sol";
import {ICertificateRegistry} from "../src/interfaces/ICertificateRegistry.sol";
import {IOrganizationRegistry} from "../src/interfaces/IOrganizationRegistry.sol";
import {CertificateRules} from "../src/libraries/CertificateRules.sol";
import {
    CertificateRecord,
    CertificateStatus,
    ChangeStatus,
    Inspect,
    Issue,
    Outcome,
    Reason,
    StatusWord
} from "../src/types/CertificateTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

contract CertificateRegistryTest is City {
    bytes32 private constant FIRST = bytes32(uint256(0xa1));
    bytes32 private constant SECOND = bytes32(uint256(0xa2));

    function test_an_issued_certificate_is_valid_and_holds_what_was_signed() public {
        Issue memory operation = _issue(FIRST);
        _send(operation);

        CertificateRecord memory held = registry.certificate(FIRST);
        vm.assertEq(held.word.status, CertificateStatus.VALID, "status");
        vm.assertEq(held.word.revision, 0, "revision");
        vm.assertEq(held.word.validFrom, operation.validFrom, "validFrom");
        vm.assertEq(held.word.validUntil, operation.validUntil, "validUntil");
        vm.assertEq(held.word.changedAt, block.timestamp, "changedAt");
        vm.assertEq(held.kind, DEGREE, "kind");
        vm.assertEq(held.organization, UNIVERSITY, "organization");
        vm.assertEq(held.holder, HOLDER, "holder");
        vm.assertEq(held.issuer, ISSUER, "issuer");
        vm.assertEq(held.issuedAt, block.timestamp, "issuedAt");
        vm.assertEq(held.issuedBlock, block.number, "issuedBlock");
        vm.assertEq(held.contentHash, operation.contentHash, "contentHash");
        vm.assertEq(held.sealedHash, operation.sealedHash, "sealedHash");
        vm.assertEq(held.previous, bytes32(0), "previous");
        vm.assertEq(held.renewedBy, bytes32(0), "renewedBy");
        vm.assertEq(
            held.commitment,
            keccak256(abi.encode(registry.issueDigest(operation), ISSUER, uint64(block.timestamp))),
            "commitment"
        );
    }

    function test_the_event_carries_operation_signature_and_sealed_payload() public {
        Issue memory operation = _issue(FIRST);
        bytes32 digest = registry.issueDigest(operation);
        bytes memory signature = _signature(ISSUER_KEY, digest);
        vm.expectEmit(address(registry));
        emit ICertificateRegistry.CertificateIssued(
            FIRST, UNIVERSITY, HOLDER, operation, ISSUER, digest, signature, SEALED
        );
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    // CERT-1
    function testFuzz_anybody_may_relay(address relayer) public {
        vm.assume(relayer != address(0));
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.prank(relayer);
        registry.issue(operation, ISSUER, signature, SEALED);
        vm.assertEq(registry.statusOf(FIRST).status, CertificateStatus.VALID, "status");
    }

    // CERT-3: a signature is for every member of the operation.
    function testFuzz_an_altered_operation_is_refused(uint256 member, uint256 change) public {
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        change = change % 1000 + 1;
        member %= 5;
        if (member == 0) operation.certificateId = bytes32(uint256(operation.certificateId) + change);
        else if (member == 1) operation.holder = address(uint160(operation.holder) ^ uint160(change));
        else if (member == 2) operation.contentHash = bytes32(uint256(operation.contentHash) ^ change);
        else if (member == 3) operation.validUntil += uint64(change);
        else operation.deadline += uint64(change);
        vm.expectPartialRevert(ICertificateRegistry.SignatureInvalid.selector);
        registry.issue(operation, ISSUER, signature, SEALED);
        vm.assertEq(registry.statusOf(operation.certificateId).status, CertificateStatus.UNKNOWN, "nothing written");
    }

    // CERT-3
    function test_a_signature_for_another_chain_is_refused() public {
        Issue memory operation = _issue(FIRST);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.chainId(here);
        bytes32 digest = registry.issueDigest(operation);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.SignatureInvalid.selector, ISSUER, digest));
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    // CERT-3
    function test_an_expired_operation_is_refused() public {
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.warp(operation.deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICertificateRegistry.OperationExpired.selector, operation.deadline, operation.deadline + 1
            )
        );
        registry.issue(operation, ISSUER, signature, SEALED);
        vm.warp(operation.deadline);
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    // CERT-2
    function test_a_key_without_the_right_cannot_issue() public {
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(STRANGER_KEY, registry.issueDigest(operation));
        vm.expectRevert(_notAuthorized(STRANGER, UNIVERSITY, DEGREE));
        registry.issue(operation, STRANGER, signature, SEALED);
    }

    // CERT-2
    function test_an_issuer_of_another_organization_cannot_issue_in_its_name() public {
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(OTHER_ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(_notAuthorized(OTHER_ISSUER, UNIVERSITY, DEGREE));
        registry.issue(operation, OTHER_ISSUER, signature, SEALED);
    }

    // CERT-2
    function test_a_retired_key_cannot_issue_even_in_the_second_of_its_retirement() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, 0, Reason.SUPERSEDED);
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(_notAuthorized(ISSUER, UNIVERSITY, DEGREE));
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    // CERT-2
    function test_a_suspended_organization_cannot_issue() public {
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(_notAuthorized(ISSUER, UNIVERSITY, DEGREE));
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    // CERT-4
    function test_an_id_is_issued_once() public {
        Issue memory operation = _issue(FIRST);
        _send(operation);
        operation.holder = STRANGER;
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.CertificateAlreadyIssued.selector, FIRST));
        registry.issue(operation, ISSUER, signature, SEALED);
        vm.assertEq(registry.certificate(FIRST).holder, HOLDER, "holder unchanged");
    }

    // CERT-5
    function testFuzz_a_payload_that_was_not_signed_for_is_refused(bytes calldata payload) public {
        vm.assume(payload.length != 0 && keccak256(payload) != keccak256(SEALED));
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICertificateRegistry.SealedPayloadMismatch.selector, operation.sealedHash, keccak256(payload)
            )
        );
        registry.issue(operation, ISSUER, signature, payload);
    }

    // CERT-5
    function test_a_payload_is_bounded() public {
        _issuePayload(FIRST, new bytes(registry.MAX_SEALED_BYTES()), "");
        uint256 maximum = registry.MAX_SEALED_BYTES();
        bytes4 selector = ICertificateRegistry.SealedPayloadLength.selector;
        _issuePayload(SECOND, new bytes(maximum + 1), abi.encodeWithSelector(selector, maximum + 1, maximum));
        _issuePayload(SECOND, "", abi.encodeWithSelector(selector, 0, maximum));
    }

    // CERT-11
    function test_a_kind_of_another_chain_is_refused() public {
        Issue memory operation = _issue(FIRST);
        operation.kind = MARRIAGE;
        _expectIssueRefused(operation, abi.encodeWithSelector(ICertificateRegistry.KindNotEnabled.selector, MARRIAGE));
    }

    function test_incomplete_operations_are_refused_by_name() public {
        Issue memory operation = _issue(0);
        _expectIssueRefused(operation, abi.encodeWithSelector(ICertificateRegistry.CertificateIdZero.selector));
        operation = _issue(FIRST);
        operation.holder = address(0);
        _expectIssueRefused(operation, abi.encodeWithSelector(ICertificateRegistry.HolderZero.selector));
        operation = _issue(FIRST);
        operation.contentHash = 0;
        _expectIssueRefused(operation, abi.encodeWithSelector(ICertificateRegistry.ContentHashZero.selector));
        operation = _issue(FIRST);
        operation.validUntil = operation.validFrom;
        _expectIssueRefused(
            operation,
            abi.encodeWithSelector(
                ICertificateRegistry.ValidityMalformed.selector, operation.validFrom, operation.validUntil
            )
        );
    }

    function test_a_contract_can_be_an_issuer() public {
        Wallet wallet = new Wallet(ISSUER);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, address(wallet), DEGREE, 0, 0);
        Issue memory operation = _issue(FIRST);
        bytes32 digest = registry.issueDigest(operation);
        bytes memory wrong = _signature(STRANGER_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.SignatureInvalid.selector, address(wallet), digest));
        registry.issue(operation, address(wallet), wrong, SEALED);
        registry.issue(operation, address(wallet), _signature(ISSUER_KEY, digest), SEALED);
        vm.assertEq(registry.certificate(FIRST).issuer, address(wallet), "issuer");
    }

    function test_a_renewal_links_both_and_ends_the_old_one() public {
        _send(_issue(FIRST));
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        vm.warp(block.timestamp + 5);
        vm.expectEmit(address(registry));
        emit ICertificateRegistry.CertificateRenewed(FIRST, SECOND, 1);
        _send(renewal);

        CertificateRecord memory old = registry.certificate(FIRST);
        vm.assertEq(old.word.status, CertificateStatus.RENEWED, "old status");
        vm.assertEq(old.word.reason, Reason.SUPERSEDED, "old reason");
        vm.assertEq(old.word.revision, 1, "old revision");
        vm.assertEq(old.word.changedAt, block.timestamp, "old changedAt");
        vm.assertEq(old.renewedBy, SECOND, "renewedBy");
        vm.assertEq(registry.certificate(SECOND).previous, FIRST, "previous");
        vm.assertEq(registry.statusOf(SECOND).status, CertificateStatus.VALID, "new status");
    }

    function test_an_expired_certificate_can_be_renewed() public {
        _send(_issue(FIRST));
        vm.warp(START + 366 days);
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        renewal.validUntil = 0;
        _send(renewal);
        vm.assertEq(registry.statusOf(FIRST).status, CertificateStatus.RENEWED, "old status");
    }

    function test_a_renewal_for_another_holder_is_refused() public {
        _send(_issue(FIRST));
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        renewal.holder = STRANGER;
        _expectIssueRefused(renewal, abi.encodeWithSelector(ICertificateRegistry.RenewalMismatch.selector, FIRST));
    }

    function test_another_organization_cannot_renew_away_a_certificate() public {
        _send(_issue(FIRST));
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        renewal.organization = OTHER_UNIVERSITY;
        bytes memory signature = _signature(OTHER_ISSUER_KEY, registry.issueDigest(renewal));
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.RenewalMismatch.selector, FIRST));
        registry.issue(renewal, OTHER_ISSUER, signature, SEALED);
        vm.assertEq(registry.statusOf(FIRST).status, CertificateStatus.VALID, "unchanged");
    }

    function test_only_a_valid_certificate_is_renewed() public {
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        _expectIssueRefused(renewal, abi.encodeWithSelector(ICertificateRegistry.CertificateUnknown.selector, FIRST));

        _send(_issue(FIRST));
        _send(_change(FIRST, CertificateStatus.SUSPENDED, Reason.CERTIFICATE_HOLD, 0));
        _expectIssueRefused(renewal, _renewalOf(CertificateStatus.SUSPENDED));
        _send(_change(FIRST, CertificateStatus.REVOKED, Reason.SUPERSEDED, 1));
        _expectIssueRefused(renewal, _renewalOf(CertificateStatus.REVOKED));
    }

    function test_a_certificate_is_renewed_once() public {
        _send(_issue(FIRST));
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        _send(renewal);
        renewal.certificateId = bytes32(uint256(0xa3));
        _expectIssueRefused(renewal, _renewalOf(CertificateStatus.RENEWED));
    }

    function test_a_certificate_cannot_renew_itself() public {
        Issue memory renewal = _issue(FIRST);
        renewal.previous = FIRST;
        _expectIssueRefused(renewal, abi.encodeWithSelector(ICertificateRegistry.CertificateUnknown.selector, FIRST));
    }

    function test_suspend_resume_revoke() public {
        _send(_issue(FIRST));
        _send(_change(FIRST, CertificateStatus.SUSPENDED, Reason.CERTIFICATE_HOLD, 0));
        vm.assertEq(registry.outcomeAt(FIRST, START + 1), Outcome.SUSPENDED, "suspended");
        _send(_change(FIRST, CertificateStatus.VALID, Reason.UNSPECIFIED, 1));
        vm.assertEq(registry.outcomeAt(FIRST, START + 1), Outcome.VALID, "resumed");
        vm.warp(START + 100);
        _send(_change(FIRST, CertificateStatus.REVOKED, Reason.PRIVILEGE_WITHDRAWN, 2));
        StatusWord memory word = registry.statusOf(FIRST);
        vm.assertEq(word.status, CertificateStatus.REVOKED, "status");
        vm.assertEq(word.reason, Reason.PRIVILEGE_WITHDRAWN, "reason");
        vm.assertEq(word.revision, 3, "revision");
        vm.assertEq(word.changedAt, START + 100, "changedAt");
    }

    function testFuzz_transitions_are_the_table(uint8 from, uint8 to) public pure {
        bool allowed = (from == 1 && (to == 2 || to == 3)) || (from == 2 && (to == 1 || to == 3));
        vm.assertEq(CertificateRules.isTransition(from, to), allowed, "transition");
    }

    function testFuzz_reasons_are_the_table(uint8 status, uint8 reason) public pure {
        status = status % 4;
        bool allowed = reason == 0 || (status == 2 && reason == 6)
            || (status == 3 && (reason == 1 || reason == 3 || reason == 4 || reason == 5 || reason == 9));
        vm.assertEq(CertificateRules.isReason(status, reason), allowed, "reason");
    }

    function test_revoked_is_final() public {
        _send(_issue(FIRST));
        _send(_change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0));
        ChangeStatus memory operation = _change(FIRST, CertificateStatus.VALID, Reason.UNSPECIFIED, 1);
        _expectChangeRefused(
            operation,
            ISSUER_KEY,
            abi.encodeWithSelector(
                ICertificateRegistry.StatusTransition.selector, CertificateStatus.REVOKED, CertificateStatus.VALID
            )
        );
    }

    function test_renewed_is_never_signed_for() public {
        _send(_issue(FIRST));
        _expectChangeRefused(
            _change(FIRST, CertificateStatus.RENEWED, Reason.SUPERSEDED, 0),
            ISSUER_KEY,
            abi.encodeWithSelector(
                ICertificateRegistry.StatusTransition.selector, CertificateStatus.VALID, CertificateStatus.RENEWED
            )
        );
    }

    function test_a_reason_that_does_not_go_with_the_status_is_refused() public {
        _send(_issue(FIRST));
        _expectChangeRefused(
            _change(FIRST, CertificateStatus.SUSPENDED, Reason.KEY_COMPROMISE, 0),
            ISSUER_KEY,
            abi.encodeWithSelector(
                ICertificateRegistry.ReasonMalformed.selector, CertificateStatus.SUSPENDED, Reason.KEY_COMPROMISE
            )
        );
    }

    function test_a_replayed_change_is_stale() public {
        _send(_issue(FIRST));
        ChangeStatus memory suspend = _change(FIRST, CertificateStatus.SUSPENDED, Reason.CERTIFICATE_HOLD, 0);
        _send(suspend);
        _send(_change(FIRST, CertificateStatus.VALID, Reason.UNSPECIFIED, 1));
        _expectChangeRefused(
            suspend, ISSUER_KEY, abi.encodeWithSelector(ICertificateRegistry.RevisionStale.selector, FIRST, 0, 2)
        );
    }

    function test_another_organization_cannot_change_a_status() public {
        _send(_issue(FIRST));
        ChangeStatus memory operation = _change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0);
        bytes memory signature = _signature(OTHER_ISSUER_KEY, registry.changeStatusDigest(operation));
        vm.expectRevert(_notAuthorized(OTHER_ISSUER, UNIVERSITY, DEGREE));
        registry.changeStatus(operation, OTHER_ISSUER, signature);
    }

    function test_an_unknown_certificate_has_no_status_to_change() public {
        _expectChangeRefused(
            _change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0),
            ISSUER_KEY,
            abi.encodeWithSelector(ICertificateRegistry.CertificateUnknown.selector, FIRST)
        );
    }

    function test_a_successor_key_changes_what_a_retired_key_issued() public {
        _send(_issue(FIRST));
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.rotateKey(UNIVERSITY, ISSUER, STRANGER, DEGREE, 0);
        ChangeStatus memory operation = _change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0);
        _expectChangeRefused(operation, ISSUER_KEY, _notAuthorized(ISSUER, UNIVERSITY, DEGREE));
        registry.changeStatus(operation, STRANGER, _signature(STRANGER_KEY, registry.changeStatusDigest(operation)));
        vm.assertEq(registry.statusOf(FIRST).status, CertificateStatus.REVOKED, "status");
    }

    function test_an_inspection_is_recorded_beside_what_the_registry_holds() public {
        _send(_issue(FIRST));
        _send(_change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0));
        Inspect memory operation = _inspection(FIRST, Outcome.VALID);
        bytes32 digest = registry.inspectDigest(operation);
        bytes memory signature = _signature(INSPECTOR_KEY, digest);
        StatusWord memory word = registry.statusOf(FIRST);
        vm.expectEmit(address(registry));
        emit ICertificateRegistry.CertificateInspected(
            FIRST, INSPECTORATE, INSPECTOR, operation, digest, word, Outcome.REVOKED, signature
        );
        registry.inspect(operation, INSPECTOR, signature);
        vm.assertTrue(registry.isInspectionRecorded(digest), "recorded");
    }

    function test_a_signed_inspection_is_recorded_once() public {
        _send(_issue(FIRST));
        Inspect memory operation = _inspection(FIRST, Outcome.VALID);
        _send(operation);
        bytes32 digest = registry.inspectDigest(operation);
        bytes memory signature = _signature(INSPECTOR_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.InspectionAlreadyRecorded.selector, digest));
        registry.inspect(operation, INSPECTOR, signature);
        operation.presentationHash = keccak256("another presentation");
        _send(operation);
    }

    function test_an_unknown_certificate_can_be_inspected_and_is_refused() public {
        vm.recordLogs();
        _send(_inspection(FIRST, Outcome.REFUSED));
        (,, StatusWord memory word, uint8 outcome,) =
            abi.decode(vm.getRecordedLogs()[0].data, (Inspect, bytes32, StatusWord, uint8, bytes));
        vm.assertEq(word.status, CertificateStatus.UNKNOWN, "status");
        vm.assertEq(outcome, Outcome.REFUSED, "outcome");
    }

    function test_an_issuer_is_no_inspector() public {
        _send(_issue(FIRST));
        Inspect memory operation = _inspection(FIRST, Outcome.VALID);
        bytes memory signature = _signature(ISSUER_KEY, registry.inspectDigest(operation));
        vm.expectRevert(_notAuthorized(ISSUER, INSPECTORATE, INSPECTION));
        registry.inspect(operation, ISSUER, signature);
    }

    function testFuzz_an_outcome_is_one_of_six(uint8 outcome) public {
        vm.assume(outcome == 0 || outcome > 6);
        Inspect memory operation = _inspection(FIRST, outcome);
        bytes memory signature = _signature(INSPECTOR_KEY, registry.inspectDigest(operation));
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.OutcomeUnknown.selector, outcome));
        registry.inspect(operation, INSPECTOR, signature);
    }

    function test_an_inspection_names_certificate_and_presentation() public {
        Inspect memory operation = _inspection(0, Outcome.VALID);
        vm.expectRevert(ICertificateRegistry.CertificateIdZero.selector);
        registry.inspect(operation, INSPECTOR, "");
        operation = _inspection(FIRST, Outcome.VALID);
        operation.presentationHash = 0;
        vm.expectRevert(ICertificateRegistry.PresentationHashZero.selector);
        registry.inspect(operation, INSPECTOR, "");
    }

    function test_outcomes_follow_from_status_and_time() public {
        vm.assertEq(registry.outcomeAt(FIRST, START), Outcome.REFUSED, "unknown");
        Issue memory operation = _issue(FIRST);
        operation.validFrom = START + 10;
        operation.validUntil = START + 20;
        _send(operation);
        vm.assertEq(registry.outcomeAt(FIRST, START + 9), Outcome.REFUSED, "not yet");
        vm.assertEq(registry.outcomeAt(FIRST, START + 10), Outcome.VALID, "first second");
        vm.assertEq(registry.outcomeAt(FIRST, START + 19), Outcome.VALID, "last second");
        vm.assertEq(registry.outcomeAt(FIRST, START + 20), Outcome.EXPIRED, "expired");
        _send(_change(FIRST, CertificateStatus.SUSPENDED, Reason.UNSPECIFIED, 0));
        vm.assertEq(registry.outcomeAt(FIRST, START + 19), Outcome.SUSPENDED, "suspended");
        vm.assertEq(registry.outcomeAt(FIRST, START + 20), Outcome.EXPIRED, "suspended and expired");
        _send(_change(FIRST, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 1));
        vm.assertEq(registry.outcomeAt(FIRST, START + 20), Outcome.REVOKED, "revoked and expired");
    }

    /// docs/specs/certificate-registry.md, storage.
    function testFuzz_two_slots_prove_a_certificate(bytes32 certificateId, uint64 validFrom, uint64 length) public {
        vm.assume(certificateId != 0 && length != 0);
        Issue memory operation = _issue(certificateId);
        operation.validFrom = validFrom;
        operation.validUntil = length > type(uint64).max - validFrom ? 0 : validFrom + length;
        _send(operation);
        vm.warp(block.timestamp + 7);
        _send(_change(certificateId, CertificateStatus.SUSPENDED, Reason.CERTIFICATE_HOLD, 0));

        bytes32 slot = keccak256(abi.encode(certificateId, uint256(0)));
        uint256 word = uint256(vm.load(address(registry), slot));
        vm.assertEq(word & 0xff, CertificateStatus.SUSPENDED, "status");
        vm.assertEq((word >> 8) & 0xff, Reason.CERTIFICATE_HOLD, "reason");
        vm.assertEq((word >> 16) & type(uint48).max, 1, "revision");
        vm.assertEq((word >> 64) & type(uint64).max, operation.validFrom, "validFrom");
        vm.assertEq((word >> 128) & type(uint64).max, operation.validUntil, "validUntil");
        vm.assertEq(word >> 192, block.timestamp, "changedAt");
        vm.assertEq(
            vm.load(address(registry), bytes32(uint256(slot) + 1)),
            keccak256(abi.encode(registry.issueDigest(operation), ISSUER, uint64(block.timestamp - 7))),
            "commitment"
        );
    }

    function test_a_recorded_inspection_stands_in_its_slot() public {
        Inspect memory operation = _inspection(FIRST, Outcome.REFUSED);
        _send(operation);
        bytes32 slot = keccak256(abi.encode(registry.inspectDigest(operation), uint256(1)));
        vm.assertEq(vm.load(address(registry), slot), bytes32(uint256(1)), "recorded");
    }

    function test_a_chain_may_carry_several_kinds_but_none_twice() public {
        IOrganizationRegistry authority = organizations;
        bytes32[] memory kinds = new bytes32[](2);
        kinds[0] = DEGREE;
        kinds[1] = MARRIAGE;
        CertificateRegistry both = new CertificateRegistry(authority, kinds);
        vm.assertTrue(both.isKindEnabled(DEGREE) && both.isKindEnabled(MARRIAGE), "kinds");
        vm.assertEq(both.kinds()[1], MARRIAGE, "order");
        vm.assertEq(both.organizationRegistry(), address(organizations), "organizations");

        kinds[1] = DEGREE;
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.KindMalformed.selector, DEGREE));
        new CertificateRegistry(authority, kinds);
        kinds[1] = "Degree";
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.KindMalformed.selector, kinds[1]));
        new CertificateRegistry(authority, kinds);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.KindMalformed.selector, bytes32(0)));
        new CertificateRegistry(authority, new bytes32[](0));
    }

    function _notAuthorized(address signer, bytes32 organization, bytes32 right) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICertificateRegistry.SignerNotAuthorized.selector, signer, organization, right);
    }

    function _renewalOf(uint8 status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICertificateRegistry.RenewalOfStatus.selector, FIRST, status);
    }

    function _expectIssueRefused(Issue memory operation, bytes memory reason) private {
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        vm.expectRevert(reason);
        registry.issue(operation, ISSUER, signature, SEALED);
    }

    function _expectChangeRefused(ChangeStatus memory operation, uint256 key, bytes memory reason) private {
        bytes memory signature = _signature(key, registry.changeStatusDigest(operation));
        vm.expectRevert(reason);
        registry.changeStatus(operation, vm.addr(key), signature);
    }

    function _issuePayload(bytes32 certificateId, bytes memory payload, bytes memory reason) private {
        Issue memory operation = _issue(certificateId);
        operation.sealedHash = keccak256(payload);
        bytes memory signature = _signature(ISSUER_KEY, registry.issueDigest(operation));
        if (reason.length != 0) vm.expectRevert(reason);
        registry.issue(operation, ISSUER, signature, payload);
    }
}

/// A contract account (ERC-1271) that accepts the signatures of one key.
contract Wallet {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        address signer = ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        return signer == OWNER ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
