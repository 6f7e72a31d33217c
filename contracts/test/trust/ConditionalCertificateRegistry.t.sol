// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IConditions} from "../../src/interfaces/IConditions.sol";
import {IHeldCertificates} from "../../src/interfaces/IHeldCertificates.sol";
import {ConditionalCertificateRegistry} from "../../src/trust/ConditionalCertificateRegistry.sol";
import {CertificateStatus, Issue} from "../../src/types/CertificateTypes.sol";
import {Condition} from "../../src/types/TrustTypes.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Certificates that only holders of a certificate of another chain get (`docs/specs/trust.md`).
contract ConditionalCertificateRegistryTest is TrustCity {
    bytes32 private constant MASTER = "master-degree";
    bytes32 private constant LICENCE = "licence";

    ConditionalCertificateRegistry private _conditional;

    function setUp() public override {
        super.setUp();
        _conditional = _made(1);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, MASTER);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, LICENCE);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, ISSUER, MASTER, 0, 0);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, ISSUER, LICENCE, 0, 0);
        _send(_issue(FIRST));
    }

    function test_a_kind_is_issued_only_to_a_holder_of_the_certificate_that_it_asks_for() public {
        _expectRefused(SECOND, 0);
        _disclose(DEGREE, _day());
        _show(_anchored(), FIRST);
        _issueMaster(SECOND, 0);
        vm.assertEq(_conditional.certificate(SECOND).holder, HOLDER, "issued");
    }

    function test_after_the_other_chain_has_revoked_it_neither_issue_nor_renewal_goes_through() public {
        _disclose(DEGREE, _day());
        _show(_anchored(), FIRST);
        _issueMaster(SECOND, 0);
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        _show(_anchored(), FIRST);
        _expectRefused(bytes32(uint256(7)), 0);
        _expectRefused(bytes32(uint256(7)), SECOND);
        vm.assertEq(uint256(_conditional.statusOf(SECOND).status), CertificateStatus.VALID, "what was issued stands");
    }

    function test_nobody_elses_certificate_and_no_lapsed_one_will_do() public {
        Issue memory other = _issue(SECOND);
        other.holder = STRANGER;
        _send(other);
        uint64 until = _day();
        bytes memory consent = _signature(STRANGER_KEY, held.discloseDigest(STRANGER, DEGREE, until));
        held.disclose(STRANGER, DEGREE, until, consent);
        _show(_anchored(), SECOND);
        _expectRefused(bytes32(uint256(7)), 0);
        _disclose(DEGREE, until);
        _show(_anchored(), FIRST);
        vm.warp(block.timestamp + MAX_AGE + 1);
        _expectRefused(bytes32(uint256(7)), 0);
    }

    function test_a_kind_without_a_condition_is_issued_as_ever() public {
        Issue memory operation = _issue(SECOND);
        operation.kind = LICENCE;
        bytes memory signature = _signature(ISSUER_KEY, _conditional.issueDigest(operation));
        _conditional.issue(operation, ISSUER, signature, SEALED);
        vm.assertEq(_conditional.conditionsOf(LICENCE).length, 0, "none");
        Condition[] memory asked = _conditional.conditionsOf(MASTER);
        vm.assertEq(asked.length, 1, "one");
        vm.assertEq(address(asked[0].source), address(held), "where it is shown");
        vm.assertEq(asked[0].requiredKind, DEGREE, "what is asked for");
    }

    function test_conditions_are_well_formed_and_at_most_eight_of_a_kind() public {
        Condition[2] memory wrong = [Condition(MARRIAGE, held, DEGREE), Condition(MASTER, held, 0)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            Condition[] memory conditions = new Condition[](1);
            conditions[0] = wrong[i];
            vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionMalformed.selector, 0));
            new ConditionalCertificateRegistry(organizations, _kinds(), conditions);
        }
        _made(8);
        vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionMalformed.selector, 8));
        _made(9);
    }

    function test_a_condition_rests_on_a_contract_that_stands() public {
        address[2] memory empty = [address(0), STRANGER];
        for (uint256 i = 0; i < empty.length; ++i) {
            Condition[] memory conditions = new Condition[](2);
            conditions[0] = Condition(MASTER, held, DEGREE);
            conditions[1] = Condition(MASTER, IHeldCertificates(empty[i]), DEGREE);
            vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionSourceWithoutCode.selector, 1, empty[i]));
            new ConditionalCertificateRegistry(organizations, _kinds(), conditions);
        }
    }

    function _made(uint256 count) private returns (ConditionalCertificateRegistry) {
        Condition[] memory conditions = new Condition[](count);
        for (uint256 i = 0; i < count; ++i) {
            conditions[i] = Condition(MASTER, held, DEGREE);
        }
        return new ConditionalCertificateRegistry(organizations, _kinds(), conditions);
    }

    function _kinds() private pure returns (bytes32[] memory kinds) {
        kinds = new bytes32[](2);
        (kinds[0], kinds[1]) = (MASTER, LICENCE);
    }

    function _master(bytes32 certificateId, bytes32 previous) private view returns (Issue memory operation) {
        operation = _issue(certificateId);
        (operation.kind, operation.previous) = (MASTER, previous);
    }

    function _issueMaster(bytes32 certificateId, bytes32 previous) private {
        Issue memory operation = _master(certificateId, previous);
        bytes memory signature = _signature(ISSUER_KEY, _conditional.issueDigest(operation));
        _conditional.issue(operation, ISSUER, signature, SEALED);
    }

    function _expectRefused(bytes32 certificateId, bytes32 previous) private {
        Issue memory operation = _master(certificateId, previous);
        bytes memory signature = _signature(ISSUER_KEY, _conditional.issueDigest(operation));
        vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionNotMet.selector, HOLDER, DEGREE, address(held)));
        _conditional.issue(operation, ISSUER, signature, SEALED);
    }
}
