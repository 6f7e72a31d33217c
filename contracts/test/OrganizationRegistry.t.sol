// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IOrganizationRegistry} from "../src/interfaces/IOrganizationRegistry.sol";
import {Names} from "../src/libraries/Names.sol";
import {Pages} from "../src/libraries/Pages.sol";
import {Reason} from "../src/types/CertificateTypes.sol";
import {KeyRecord, Organization, Period} from "../src/types/OrganizationTypes.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

contract OrganizationRegistryTest is City {
    bytes32 private constant NEW_CODE = "NEW-OFFICE";
    uint64 private constant NOW = START + 1;

    function test_a_registered_organization_can_be_read_and_counted() public view {
        Organization memory held = organizations.organization(UNIVERSITY);
        vm.assertEq(held.code, UNIVERSITY, "code");
        vm.assertEq(held.name, "University", "name");
        vm.assertEq(held.metadataHash, keccak256("University"), "metadataHash");
        vm.assertEq(held.administrator, UNIVERSITY_ADMINISTRATOR, "administrator");
        vm.assertEq(held.registeredAt, NOW, "registeredAt");
        vm.assertFalse(held.suspended, "suspended");
        vm.assertEq(organizations.organizationCount(), 3, "count");
        bytes32[] memory page = organizations.organizationCodes(1, 10);
        vm.assertEq(page.length, 2, "page");
        vm.assertEq(page[0], OTHER_UNIVERSITY, "order");
        vm.assertEq(organizations.organization(NEW_CODE).registeredAt, 0, "unknown");
    }

    function test_a_code_is_registered_once() public {
        vm.expectRevert(
            abi.encodeWithSelector(IOrganizationRegistry.OrganizationAlreadyRegistered.selector, UNIVERSITY)
        );
        vm.prank(OPERATOR);
        organizations.registerOrganization(UNIVERSITY, "Again", 0, STRANGER);
        vm.assertEq(organizations.organization(UNIVERSITY).name, "University", "unchanged");
    }

    function test_malformed_registrations_are_refused_by_name() public {
        _expect(abi.encodeWithSelector(IOrganizationRegistry.OrganizationCodeMalformed.selector, bytes32("lower")));
        organizations.registerOrganization("lower", "Name", 0, STRANGER);
        _expect(abi.encodeWithSelector(IOrganizationRegistry.AddressZero.selector));
        organizations.registerOrganization(NEW_CODE, "Name", 0, address(0));
        _expect(abi.encodeWithSelector(IOrganizationRegistry.OrganizationNameLength.selector, 0, 256));
        organizations.registerOrganization(NEW_CODE, "", 0, STRANGER);
        string memory tooLong = string(new bytes(257));
        _expect(abi.encodeWithSelector(IOrganizationRegistry.OrganizationNameLength.selector, 257, 256));
        organizations.registerOrganization(NEW_CODE, tooLong, 0, STRANGER);
        vm.assertEq(organizations.organizationCount(), 3, "nothing registered");
    }

    function test_nothing_can_be_changed_of_an_unknown_organization() public {
        bytes memory unknown = abi.encodeWithSelector(IOrganizationRegistry.OrganizationUnknown.selector, NEW_CODE);
        _expect(unknown);
        organizations.updateOrganization(NEW_CODE, "Name", 0);
        _expect(unknown);
        organizations.changeAdministrator(NEW_CODE, STRANGER);
        _expect(unknown);
        organizations.suspendOrganization(NEW_CODE);
        _expect(unknown);
        organizations.resumeOrganization(NEW_CODE);
        _expect(unknown);
        organizations.grantRight(NEW_CODE, DEGREE);
        _expect(unknown);
        organizations.revokeRight(NEW_CODE, DEGREE);
        _expect(unknown);
        organizations.authorizeKey(NEW_CODE, STRANGER, DEGREE, 0, 0);
        _expect(unknown);
        organizations.revokeKey(NEW_CODE, STRANGER, DEGREE, 0, 0);
    }

    function test_name_and_administrator_can_be_changed() public {
        vm.prank(OPERATOR);
        organizations.updateOrganization(UNIVERSITY, "Renamed", keccak256("new"));
        vm.expectEmit(address(organizations));
        emit IOrganizationRegistry.AdministratorChanged(UNIVERSITY, UNIVERSITY_ADMINISTRATOR, STRANGER);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.changeAdministrator(UNIVERSITY, STRANGER);
        Organization memory held = organizations.organization(UNIVERSITY);
        vm.assertEq(held.name, "Renamed", "name");
        vm.assertEq(held.metadataHash, keccak256("new"), "metadataHash");
        vm.assertEq(held.administrator, STRANGER, "administrator");

        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, UNIVERSITY_ADMINISTRATOR)
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.changeAdministrator(UNIVERSITY, UNIVERSITY_ADMINISTRATOR);
    }

    function test_an_administrator_governs_no_other_organization() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, OTHER_ADMINISTRATOR));
        vm.prank(OTHER_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, 0, 0);
        vm.assertFalse(organizations.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "not authorized");
    }

    function test_a_key_needs_a_right_that_the_organization_has() public {
        vm.expectRevert(abi.encodeWithSelector(IOrganizationRegistry.RightNotGranted.selector, UNIVERSITY, MARRIAGE));
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, MARRIAGE, 0, 0);
    }

    /// A rotated key does not kill old certificates.
    function test_a_rotated_key_stays_good_for_what_it_signed() public {
        vm.warp(NOW + 100);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.rotateKey(UNIVERSITY, ISSUER, STRANGER, DEGREE, 0);

        vm.assertFalse(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "retired at once");
        vm.assertTrue(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 100), "this second stays good");
        vm.assertFalse(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 101), "the next does not");
        vm.assertTrue(organizations.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "successor");
        vm.assertFalse(organizations.isAuthorized(STRANGER, UNIVERSITY, DEGREE, NOW + 99), "successor before");

        KeyRecord[] memory history = organizations.keyRecords(UNIVERSITY, 0, 10);
        vm.assertEq(history.length, 2, "history");
        vm.assertEq(organizations.keyRecordCount(UNIVERSITY), 2, "count");
        vm.assertEq(history[0].key, ISSUER, "first key");
        vm.assertEq(history[0].revokedAt, NOW + 101, "revokedAt");
        vm.assertEq(history[0].reason, Reason.SUPERSEDED, "reason");
        vm.assertEq(history[1].key, STRANGER, "second key");
        vm.assertEq(history[1].revokedAt, 0, "in force");
        vm.assertEq(organizations.organizationsOfKey(STRANGER, 0, 10)[0], UNIVERSITY, "by key");
        vm.assertEq(organizations.organizationCountOfKey(STRANGER), 1, "count by key");
    }

    function test_a_compromised_key_is_revoked_from_an_earlier_time_on() public {
        vm.warp(NOW + 100);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, NOW + 50, Reason.KEY_COMPROMISE);
        vm.assertTrue(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 49), "before");
        vm.assertFalse(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 50), "after");
        vm.assertFalse(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "now");
    }

    function test_a_retired_key_found_compromised_is_revoked_from_an_earlier_time_on() public {
        vm.warp(NOW + 100);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, 0, Reason.SUPERSEDED);
        vm.warp(NOW + 200);
        vm.expectRevert(
            abi.encodeWithSelector(IOrganizationRegistry.KeyNotAuthorized.selector, UNIVERSITY, ISSUER, DEGREE)
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, 0, Reason.SUPERSEDED);

        vm.expectRevert(
            abi.encodeWithSelector(IOrganizationRegistry.RevocationTimeMalformed.selector, NOW + 150, NOW, NOW + 101)
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, NOW + 150, Reason.KEY_COMPROMISE);

        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, NOW + 10, Reason.KEY_COMPROMISE);
        vm.assertFalse(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 10), "taken back");
        vm.assertTrue(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 9), "kept");
    }

    function testFuzz_only_compromise_reaches_back(uint8 reason, uint64 back) public {
        vm.assume(reason == 0 || reason == 3 || reason == 4 || reason == 5 || reason == 9);
        vm.warp(NOW + 100);
        uint64 time = NOW + 100 - back % 100;
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrganizationRegistry.RevocationTimeMalformed.selector, time, NOW + 101, type(uint64).max
            )
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, time, reason);
    }

    function test_a_revocation_does_not_reach_before_the_keys_beginning() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrganizationRegistry.RevocationTimeMalformed.selector, NOW - 1, NOW, type(uint64).max
            )
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, NOW - 1, Reason.KEY_COMPROMISE);
    }

    function testFuzz_a_reason_is_one_of_rfc_5280(uint8 reason) public {
        vm.assume(reason == 2 || (reason > 5 && reason != 9));
        vm.expectRevert(abi.encodeWithSelector(IOrganizationRegistry.RevocationReasonUnknown.selector, reason));
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, 0, reason);
    }

    function test_a_revocation_can_be_announced() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, NOW + 50, Reason.CESSATION_OF_OPERATION);
        vm.assertTrue(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "still");
        vm.warp(NOW + 50);
        vm.assertFalse(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "no longer");
    }

    function test_a_key_counts_within_its_period() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, NOW + 10, NOW + 20);
        vm.assertFalse(organizations.isAuthorized(STRANGER, UNIVERSITY, DEGREE, NOW + 9), "before");
        vm.assertTrue(organizations.isAuthorized(STRANGER, UNIVERSITY, DEGREE, NOW + 10), "first");
        vm.assertTrue(organizations.isAuthorized(STRANGER, UNIVERSITY, DEGREE, NOW + 20), "last");
        vm.assertFalse(organizations.isAuthorized(STRANGER, UNIVERSITY, DEGREE, NOW + 21), "after");

        vm.expectRevert(
            abi.encodeWithSelector(IOrganizationRegistry.KeyAlreadyAuthorized.selector, UNIVERSITY, STRANGER, DEGREE)
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, 0, 0);
        vm.warp(NOW + 21);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, 0, 0);
        vm.assertEq(organizations.keyRecordsOf(UNIVERSITY, STRANGER, DEGREE).length, 2, "history");
    }

    function test_a_malformed_period_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IOrganizationRegistry.KeyPeriodMalformed.selector, NOW - 1, 0, NOW));
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, NOW - 1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IOrganizationRegistry.KeyPeriodMalformed.selector, NOW + 5, NOW + 4, NOW)
        );
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, NOW + 5, NOW + 4);
    }

    function test_the_records_of_a_key_are_bounded() public {
        for (uint256 i = 0; i < 15; ++i) {
            vm.prank(UNIVERSITY_ADMINISTRATOR);
            organizations.rotateKey(UNIVERSITY, ISSUER, ISSUER, DEGREE, 0);
        }
        vm.expectRevert(abi.encodeWithSelector(IOrganizationRegistry.HistoryFull.selector, 16));
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.rotateKey(UNIVERSITY, ISSUER, ISSUER, DEGREE, 0);
        vm.assertTrue(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "the last one stays");
    }

    function test_suspending_stops_and_resuming_restores() public {
        vm.warp(NOW + 10);
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        vm.assertFalse(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "at once");
        vm.assertTrue(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 10), "this second stays good");
        vm.assertFalse(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 11), "the next does not");
        _expect(abi.encodeWithSelector(IOrganizationRegistry.OrganizationAlreadySuspended.selector, UNIVERSITY));
        organizations.suspendOrganization(UNIVERSITY);

        vm.warp(NOW + 20);
        vm.prank(OPERATOR);
        organizations.resumeOrganization(UNIVERSITY);
        vm.assertTrue(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "restored at once");
        vm.assertTrue(organizations.isSuspended(UNIVERSITY, NOW + 19), "was suspended");
        vm.assertFalse(organizations.isSuspended(UNIVERSITY, NOW + 20), "is not");
        Period[] memory history = organizations.suspensions(UNIVERSITY);
        vm.assertEq(history.length, 1, "history");
        vm.assertEq(history[0].from, NOW + 11, "from");
        vm.assertEq(history[0].until, NOW + 20, "until");
        _expect(abi.encodeWithSelector(IOrganizationRegistry.OrganizationNotSuspended.selector, UNIVERSITY));
        organizations.resumeOrganization(UNIVERSITY);
    }

    function test_revoking_a_right_stops_all_of_its_keys() public {
        vm.warp(NOW + 10);
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        vm.assertFalse(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "at once");
        vm.assertTrue(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 10), "this second stays good");
        vm.assertFalse(organizations.isAuthorized(ISSUER, UNIVERSITY, DEGREE, NOW + 11), "the next does not");
        _expect(abi.encodeWithSelector(IOrganizationRegistry.RightNotGranted.selector, UNIVERSITY, DEGREE));
        organizations.revokeRight(UNIVERSITY, DEGREE);

        vm.warp(NOW + 20);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, DEGREE);
        vm.assertTrue(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "granted again");
        vm.assertFalse(organizations.hasRight(UNIVERSITY, DEGREE, NOW + 15), "not in between");
        vm.assertEq(organizations.rightPeriods(UNIVERSITY, DEGREE).length, 2, "history");
        vm.assertEq(organizations.rightsOf(UNIVERSITY).length, 1, "one right");
        _expect(abi.encodeWithSelector(IOrganizationRegistry.RightAlreadyGranted.selector, UNIVERSITY, DEGREE));
        organizations.grantRight(UNIVERSITY, DEGREE);
        _expect(abi.encodeWithSelector(IOrganizationRegistry.RightMalformed.selector, bytes32("UPPER")));
        organizations.grantRight(UNIVERSITY, "UPPER");
    }

    function test_the_history_of_rights_is_bounded() public {
        for (uint256 i = 0; i < 63; ++i) {
            vm.prank(OPERATOR);
            organizations.revokeRight(UNIVERSITY, DEGREE);
            vm.prank(OPERATOR);
            organizations.grantRight(UNIVERSITY, DEGREE);
        }
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        _expect(abi.encodeWithSelector(IOrganizationRegistry.HistoryFull.selector, 64));
        organizations.grantRight(UNIVERSITY, DEGREE);
    }

    function test_the_history_of_suspensions_is_bounded_and_never_stops_a_suspension() public {
        for (uint256 i = 0; i < 63; ++i) {
            vm.prank(OPERATOR);
            organizations.suspendOrganization(UNIVERSITY);
            vm.prank(OPERATOR);
            organizations.resumeOrganization(UNIVERSITY);
        }
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        _expect(abi.encodeWithSelector(IOrganizationRegistry.HistoryFull.selector, 64));
        organizations.resumeOrganization(UNIVERSITY);
    }

    function testFuzz_names_are_one_alphabet_padded_with_zeros(bytes32 name) public pure {
        vm.assertEq(Names.isCode(name), _isName(name, "A"), "code");
        vm.assertEq(Names.isWords(name), _isName(name, "a"), "words");
    }

    function testFuzz_good_names_are_accepted(uint256 seed, uint8 length) public pure {
        bytes memory alphabet = "0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        bytes memory name = new bytes(uint256(length) % 32 + 1);
        for (uint256 i = 0; i < name.length; ++i) {
            name[i] = alphabet[uint256(keccak256(abi.encode(seed, i))) % alphabet.length];
        }
        vm.assertTrue(Names.isCode(bytes32(name)), "code");
    }

    function testFuzz_pages_never_exceed_bounds(uint256 total, uint256 offset, uint256 limit) public pure {
        uint256 rows = Pages.rows(total, offset, limit);
        vm.assertTrue(rows <= limit && rows <= Pages.MAX_PAGE_ROWS, "bounds");
        vm.assertTrue(rows == 0 || offset + rows <= total, "rows that are there");
    }

    /// The rule said another way: a name, then zeros to the end.
    function _isName(bytes32 name, bytes1 first) private pure returns (bool) {
        if (name[0] == 0) return false;
        bool ended = false;
        for (uint256 i = 0; i < 32; ++i) {
            bytes1 c = name[i];
            if (c == 0) ended = true;
            else if (ended) return false;
            else if (!(c == "-" || (c >= "0" && c <= "9") || (c >= first && uint8(c) < uint8(first) + 26))) return false;
        }
        return true;
    }

    function _expect(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
    }
}
