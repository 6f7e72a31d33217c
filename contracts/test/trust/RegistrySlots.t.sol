// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {RegistrySlots} from "../../src/libraries/RegistrySlots.sol";
import {CertificateRecord} from "../../src/types/CertificateTypes.sol";
import {KeyRecord, Organization, Period} from "../../src/types/OrganizationTypes.sol";
import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";

/// Positions are part of the interfaces: what stands there is what the contracts answer.
contract RegistrySlotsTest is City {
    using SlotDerivation for bytes32;

    bytes32 private constant ISSUED = bytes32(uint256(0xa1));
    /// Position of the suspensions, which a staple proves (`docs/specs/stapled.md`) and no contract reads.
    bytes32 private constant SUSPENSIONS = bytes32(uint256(3));

    function test_an_organizations_word_holds_administrator_registration_and_suspension() public {
        for (uint256 i = 0; i < 2; ++i) {
            Organization memory answer = organizations.organization(UNIVERSITY);
            uint256 word = _load(Predeploys.ORGANIZATION_REGISTRY, RegistrySlots.organization(UNIVERSITY));
            vm.assertEq(address(uint160(word)), answer.administrator, "administrator");
            vm.assertEq(uint64(word >> 160), answer.registeredAt, "registered");
            vm.assertEq(uint256(uint8(word >> 224)), i, "suspended");
            if (i == 0) {
                vm.prank(OPERATOR);
                organizations.suspendOrganization(UNIVERSITY);
            }
        }
    }

    function test_suspensions_are_counted_and_stand_one_after_the_other() public {
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(OPERATOR);
            organizations.suspendOrganization(UNIVERSITY);
            vm.prank(OPERATOR);
            organizations.resumeOrganization(UNIVERSITY);
        }
        Period[] memory answer = organizations.suspensions(UNIVERSITY);
        bytes32 slot = SUSPENSIONS.deriveMapping(UNIVERSITY);
        vm.assertEq(_load(Predeploys.ORGANIZATION_REGISTRY, slot), answer.length, "count");
        vm.assertEq(answer.length, 2, "suspended twice");
        for (uint256 i = 0; i < answer.length; ++i) {
            uint256 word = _load(Predeploys.ORGANIZATION_REGISTRY, slot.deriveArray().offset(i));
            vm.assertEq(uint64(word), answer[i].from, "from");
            vm.assertEq(uint64(word >> 64), answer[i].until, "until");
        }
    }

    function test_periods_of_a_right_stand_one_after_the_other() public {
        _takeAndGiveTheRight();
        Period[] memory answer = organizations.rightPeriods(UNIVERSITY, DEGREE);
        vm.assertEq(answer.length, 2, "taken and given");
        for (uint64 i = 0; i < answer.length; ++i) {
            bytes32 slot = RegistrySlots.rightPeriod(UNIVERSITY, DEGREE, i);
            uint256 word = _load(Predeploys.ORGANIZATION_REGISTRY, slot);
            vm.assertEq(uint64(word), answer[i].from, "from");
            vm.assertEq(uint64(word >> 64), answer[i].until, "until");
            vm.assertEq(word >> 128, 0, "nothing else");
        }
        vm.assertTrue(answer[0].until != 0 && answer[1].until == 0, "the last is open");
    }

    function test_a_key_record_has_three_slots() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, START + 5, START + 500);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, STRANGER, DEGREE, START + 50, 4);
        KeyRecord[] memory answer = organizations.keyRecords(UNIVERSITY, 0, 10);
        vm.assertEq(answer.length, 2, "two keys");
        for (uint64 i = 0; i < answer.length; ++i) {
            bytes32 slot = RegistrySlots.keyRecord(UNIVERSITY, i);
            vm.assertEq(
                address(uint160(_load(Predeploys.ORGANIZATION_REGISTRY, slot))), answer[i].key, "the key stands first"
            );
            vm.assertEq(
                bytes32(_load(Predeploys.ORGANIZATION_REGISTRY, slot.offset(1))), answer[i].right, "then its right"
            );
            uint256 times = _load(Predeploys.ORGANIZATION_REGISTRY, slot.offset(2));
            vm.assertEq(uint64(times), answer[i].notBefore, "notBefore");
            vm.assertEq(uint64(times >> 64), answer[i].notAfter, "notAfter");
            vm.assertEq(uint64(times >> 128), answer[i].revokedAt, "revokedAt");
        }
        vm.assertTrue(answer[1].revokedAt != 0 && answer[1].notAfter != 0, "none of them is zero");
    }

    function test_a_certificates_words_are_status_holder_and_organization_and_its_kind_has_a_number() public {
        _send(_issue(ISSUED));
        CertificateRecord memory answer = registry.certificate(ISSUED);
        uint256 word = _load(Predeploys.CERTIFICATE_REGISTRY, RegistrySlots.certificate(ISSUED));
        vm.assertEq(uint256(uint8(word)), answer.word.status, "status");
        vm.assertEq(uint64(word >> 64), answer.word.validFrom, "validFrom");
        vm.assertEq(uint64(word >> 128), answer.word.validUntil, "validUntil");
        word = _load(Predeploys.CERTIFICATE_REGISTRY, RegistrySlots.holder(ISSUED));
        vm.assertEq(address(uint160(word)), answer.holder, "holder");
        bytes32 kind = RegistrySlots.kind(uint8(word >> 224));
        vm.assertEq(bytes32(_load(Predeploys.CERTIFICATE_REGISTRY, kind)), answer.kind, "kind");
        bytes32 organization = RegistrySlots.issuedBy(ISSUED);
        vm.assertEq(bytes32(_load(Predeploys.CERTIFICATE_REGISTRY, organization)), answer.organization, "organization");
    }

    function _takeAndGiveTheRight() private {
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        vm.warp(block.timestamp + 10);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, DEGREE);
    }

    function _load(address account, bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(account, slot));
    }
}
