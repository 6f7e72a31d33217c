// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAllianceCertificates} from "../../src/interfaces/IAllianceCertificates.sol";
import {IAllianceMembership} from "../../src/interfaces/IAllianceMembership.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";

/// A-CERT: issue, renew without a pause, revoke.
contract AllianceCertificatesTest is Partnership {
    function test_serial_numbers_are_never_used_twice() public {
        uint64 last = alliance.lastSerial();
        uint64 identity = _identity(BANK, NOW + 100);
        uint64 transaction = _transaction(BANK, identity, 3, NOW + 100);
        vm.assertEq(uint256(identity), uint256(last) + 1, "the next");
        vm.assertEq(uint256(transaction), uint256(last) + 2, "of both sorts");
        vm.assertEq(alliance.identityCertificate(identity).node, "new node", "node");
        vm.assertEq(uint256(alliance.transactionCertificate(transaction).identity), uint256(identity), "identity");
    }

    function test_an_identitylasts_at_most_two_years() public {
        uint64 latest = NOW + alliance.MAX_IDENTITY();
        _identity(BANK, latest);
        _expectValidity(latest + 1, latest);
        this.issueIdentity(BANK, latest + 1);
        _expectValidity(NOW, latest);
        this.issueIdentity(BANK, NOW);
    }

    function test_a_transaction_certificate_lasts_at_most_seven_days_and_not_longer_than_its_identity() public {
        uint64 identity = _identity(BANK, NOW + 8 days);
        _transaction(BANK, identity, 1, NOW + 7 days);
        _expectValidity(NOW + 7 days + 1, NOW + 7 days);
        this.issueTransaction(BANK, identity, 1, NOW + 7 days + 1);
        identity = _identity(BANK, NOW + 100);
        _expectValidity(NOW + 101, NOW + 100);
        this.issueTransaction(BANK, identity, 1, NOW + 101);
    }

    function test_a_scope_without_meaning_is_refused() public {
        uint64 identity = _identity(BANK, NOW + 100);
        for (uint8 scope = 0; scope < 8; scope += 4) {
            vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.CertificateMalformed.selector));
            this.issueTransaction(BANK, identity, scope, NOW + 100);
        }
    }

    function test_another_authority_neither_issues_nor_revokes() public {
        uint64 identity = _identity(BANK, NOW + 100);
        uint64 transaction = _transaction(BANK, identity, 1, NOW + 100);
        bytes memory refusal =
            abi.encodeWithSelector(IAllianceMembership.NotTheAuthority.selector, BANK, _authority(LAND));
        vm.expectRevert(refusal);
        this.issueTransaction(LAND, identity, 1, NOW + 100);
        vm.expectRevert(refusal);
        vm.prank(_authority(LAND));
        alliance.revokeIdentity(identity);
        vm.expectRevert(refusal);
        vm.prank(_authority(LAND));
        alliance.revokeTransaction(transaction);
    }

    /// Whoever is shown an X.509 certificate reads these words with their proofs (docs/specs/alliance.md, "Storage that is proven").
    function test_certificates_stand_where_the_specification_says() public {
        uint64 identity = _identity(BANK, NOW + 100);
        uint64 transaction = _transaction(BANK, identity, 2, NOW + 50);
        vm.prank(_authority(BANK));
        alliance.revokeTransaction(transaction);
        uint256 word = uint256(vm.load(address(alliance), keccak256(abi.encode(transaction, 13))));
        vm.assertEq(word, uint256(identity) | uint256(NOW + 50) << 64 | 2 << 128 | 1 << 136, "scope 2, revoked");
        uint256 slot = uint256(keccak256(abi.encode(identity, 12)));
        vm.assertEq(vm.load(address(alliance), bytes32(slot)), "new node", "node");
        vm.assertEq(vm.load(address(alliance), bytes32(slot + 1)), BANK, "member");
        uint256 key = uint256(uint160(alliance.identityCertificate(identity).key));
        word = uint256(vm.load(address(alliance), bytes32(slot + 2)));
        vm.assertEq(word, key | uint256(NOW + 100) << 160, "key, validity, not revoked");
        word = uint256(vm.load(address(alliance), keccak256(abi.encode(BANK, 6))));
        vm.assertEq(word >> 224 & 0xff, 1, "a member");
        vm.assertEq(word >> 160 & type(uint64).max, alliance.memberRecord(BANK).chainId, "its chain");
        slot = uint256(keccak256(abi.encode(BANK, 6)));
        vm.assertEq(
            vm.load(address(alliance), bytes32(slot + 1)), alliance.memberRecord(BANK).genesisHash, "its genesis"
        );
        uint256 node = uint256(uint160(alliance.memberRecord(BANK).nodeContract));
        vm.assertEq(uint256(vm.load(address(alliance), bytes32(slot + 2))), node, "its node contract");
    }

    function test_what_is_revoked_stays_so_and_nothing_is_issued_under_it() public {
        uint64 identity = _identity(BANK, NOW + 100);
        uint64 transaction = _transaction(BANK, identity, 1, NOW + 100);
        vm.prank(_authority(BANK));
        alliance.revokeTransaction(transaction);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.AlreadyRevoked.selector, transaction));
        vm.prank(_authority(BANK));
        alliance.revokeTransaction(transaction);
        vm.prank(_authority(BANK));
        alliance.revokeIdentity(identity);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.AlreadyRevoked.selector, identity));
        this.issueTransaction(BANK, identity, 1, NOW + 100);
    }

    function test_a_serial_that_was_never_given_is_unknown() public {
        vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.SerialUnknown.selector, 999));
        alliance.revokeIdentity(999);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.SerialUnknown.selector, 999));
        alliance.revokeTransaction(999);
    }

    function test_a_member_that_left_issues_nothing() public {
        vm.prank(_authority(BANK));
        alliance.leave(BANK);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NotAMember.selector, BANK));
        this.issueIdentity(BANK, NOW + 100);
    }

    function issueIdentity(bytes32 member, uint64 until) external returns (uint64) {
        return _identity(member, until);
    }

    function issueTransaction(bytes32 member, uint64 identity, uint8 scope, uint64 until) external returns (uint64) {
        return _transaction(member, identity, scope, until);
    }

    function _identity(bytes32 member, uint64 until) private returns (uint64) {
        vm.prank(_authority(member));
        return alliance.issueIdentity(member, "new node", address(1), until);
    }

    function _transaction(bytes32 member, uint64 identity, uint8 scope, uint64 until) private returns (uint64) {
        vm.prank(_authority(member));
        return alliance.issueTransaction(identity, scope, until);
    }

    function _expectValidity(uint64 until, uint64 latest) private {
        vm.expectRevert(abi.encodeWithSelector(IAllianceCertificates.ValidityMalformed.selector, until, latest));
    }
}
