// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {ICertificateRegistry} from "../../src/interfaces/ICertificateRegistry.sol";
import {IConditions} from "../../src/interfaces/IConditions.sol";
import {IHeldCertificates} from "../../src/interfaces/IHeldCertificates.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {ConditionalCertificateRegistry} from "../../src/trust/ConditionalCertificateRegistry.sol";
import {CertificateStatus, Issue} from "../../src/types/CertificateTypes.sol";
import {Condition, KindSource} from "../../src/types/TrustTypes.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Certificates that only holders of a certificate of another chain get (`docs/specs/trust.md`).
contract ConditionalCertificateRegistryTest is TrustCity {
    bytes32 private constant MASTER = "master-degree";
    bytes32 private constant LICENCE = "licence";

    ConditionalCertificateRegistry private _conditional;

    function setUp() public override {
        super.setUp();
        _conditional = _made(_sources(1));
        _set(MASTER, 1);
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
        vm.assertEq(_conditional.missingFor(HOLDER, MASTER), DEGREE, "what is missing has a name");
        _disclose(DEGREE, _day());
        _show(_anchored(), FIRST);
        _issueMaster(SECOND, 0);
        vm.assertEq(_conditional.certificate(SECOND).holder, HOLDER, "issued");
        vm.assertEq(_conditional.missingFor(HOLDER, MASTER), bytes32(0), "nothing is missing");
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
        _issueAs(LICENCE, SECOND);
        vm.assertEq(_conditional.conditionsOf(LICENCE).length, 0, "none");
        Condition[] memory asked = _conditional.conditionsOf(MASTER);
        vm.assertEq(asked.length, 1, "one");
        vm.assertEq(address(asked[0].source), address(held), "where it is shown");
        vm.assertEq(asked[0].requiredKind, DEGREE, "what is asked for");
    }

    function test_an_operator_takes_a_condition_back_and_nobody_else_does() public {
        bytes32[] memory nothing = new bytes32[](0);
        address[4] memory others = [ADMINISTRATOR, SUBMITTER, ISSUER, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IConditions.NotAnOperator.selector, others[i]));
            _conditional.setConditions(MASTER, nothing);
        }
        _expectRefused(SECOND, 0);
        vm.prank(OPERATOR);
        _conditional.setConditions(MASTER, nothing);
        _issueAs(MASTER, SECOND);
    }

    function test_conditions_are_well_formed_and_at_most_eight_of_a_kind() public {
        _expectMalformed(
            MARRIAGE, _asked(1), abi.encodeWithSelector(ICertificateRegistry.KindNotEnabled.selector, MARRIAGE)
        );
        bytes32[] memory wrong = _asked(1);
        wrong[0] = MARRIAGE;
        _expectMalformed(MASTER, wrong, abi.encodeWithSelector(IConditions.KindNotRequirable.selector, MARRIAGE));
        wrong[0] = 0;
        _expectMalformed(MASTER, wrong, abi.encodeWithSelector(IConditions.KindNotRequirable.selector, bytes32(0)));
        wrong = _asked(2);
        wrong[1] = DEGREE;
        _expectMalformed(MASTER, wrong, abi.encodeWithSelector(IConditions.ConditionMalformed.selector, 1));
        _conditional = _made(_sources(9));
        _set(MASTER, 8);
        vm.assertEq(_conditional.conditionsOf(MASTER).length, 8, "eight");
        _expectMalformed(MASTER, _asked(9), abi.encodeWithSelector(IConditions.ConditionMalformed.selector, 8));
    }

    function test_a_condition_rests_on_a_contract_that_stands() public {
        address[2] memory empty = [address(0), STRANGER];
        for (uint256 i = 0; i < empty.length; ++i) {
            KindSource[] memory sources = _sources(2);
            sources[1].source = IHeldCertificates(empty[i]);
            vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionSourceWithoutCode.selector, 1, empty[i]));
            _made(sources);
        }
        KindSource[] memory twice = _sources(2);
        twice[1].kind = DEGREE;
        vm.expectRevert(abi.encodeWithSelector(IConditions.ConditionSourceWithoutCode.selector, 1, address(held)));
        _made(twice);
        vm.assertEq(_conditional.requirableKinds().length, 1, "what can be asked for");
        vm.assertEq(_conditional.requirableKinds()[0].kind, DEGREE, "its kind");
    }

    function _made(KindSource[] memory sources) private returns (ConditionalCertificateRegistry) {
        return
            new ConditionalCertificateRegistry(
                IAccessManager(Predeploys.ACCESS_MANAGER), organizations, _kinds(), sources
            );
    }

    /// The degree, and kinds that nobody has.
    function _sources(uint256 count) private view returns (KindSource[] memory sources) {
        bytes32[] memory kinds = _asked(count);
        sources = new KindSource[](count);
        for (uint256 i = 0; i < count; ++i) {
            sources[i] = KindSource(kinds[i], held);
        }
    }

    function _asked(uint256 count) private pure returns (bytes32[] memory kinds) {
        kinds = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            kinds[i] = i == 0 ? DEGREE : bytes32(bytes.concat("kind-", bytes1(uint8(0x30 + i))));
        }
    }

    function _set(bytes32 kind, uint256 count) private {
        vm.prank(OPERATOR);
        _conditional.setConditions(kind, _asked(count));
    }

    function _expectMalformed(bytes32 kind, bytes32[] memory asked, bytes memory refusal) private {
        vm.prank(OPERATOR);
        vm.expectRevert(refusal);
        _conditional.setConditions(kind, asked);
    }

    function _kinds() private pure returns (bytes32[] memory kinds) {
        kinds = new bytes32[](2);
        (kinds[0], kinds[1]) = (MASTER, LICENCE);
    }

    function _issueAs(bytes32 kind, bytes32 certificateId) private {
        Issue memory operation = _issue(certificateId);
        operation.kind = kind;
        bytes memory signature = _signature(ISSUER_KEY, _conditional.issueDigest(operation));
        _conditional.issue(operation, ISSUER, signature, SEALED);
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
