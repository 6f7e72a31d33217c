// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateStatus, Issue, Reason} from "../src/types/CertificateTypes.sol";
import {PermissionList} from "../src/types/PermissionTypes.sol";
import {Consortium} from "./support/Consortium.sol";
import {vm} from "./support/Vm.sol";

/// What the everyday operations cost, for `.gas-snapshot`. Gas is free here, yet it is what bounds a block.
contract GasTest is Consortium {
    bytes32 private constant ISSUED = bytes32(uint256(0xa1));
    bytes private _key;
    bytes private _possession;

    function setUp() public override {
        super.setUp();
        _send(_issue(ISSUED));
        _consortium(4);
        vm.prank(_voter(0));
        members.proposeRemoval(_peerKey(3));
        vm.prank(_voter(1));
        members.vote(0);
        vm.prank(_voter(0));
        permissions.proposePermit(PermissionList.Send, _subject(ISSUER), _organization(0));
        vm.prank(_voter(1));
        permissions.vote(0);
        _key = bls.key(_secret(4));
        _possession = bls.possession(_secret(4));
    }

    function test_gas_issue() public {
        _send(_issue(bytes32(uint256(0xa2))));
    }

    function test_gas_issue_with_a_payload_of_four_kilobytes() public {
        bytes memory payload = new bytes(4096);
        Issue memory operation = _issue(bytes32(uint256(0xa2)));
        operation.sealedHash = keccak256(payload);
        registry.issue(operation, ISSUER, _signature(ISSUER_KEY, registry.issueDigest(operation)), payload);
    }

    function test_gas_renew() public {
        Issue memory operation = _issue(bytes32(uint256(0xa2)));
        operation.previous = ISSUED;
        _send(operation);
    }

    function test_gas_revoke() public {
        _send(_change(ISSUED, CertificateStatus.REVOKED, Reason.UNSPECIFIED, 0));
    }

    function test_gas_inspect() public {
        _send(_inspection(ISSUED, 1));
    }

    function test_gas_record_data_block() public {
        vm.prank(SUBMITTER);
        blocks.record(keccak256("root"), 100, START, START);
    }

    function test_gas_register_organization() public {
        vm.prank(OPERATOR);
        organizations.registerOrganization("NEW", "New organization", keccak256("metadata"), STRANGER);
    }

    function test_gas_authorize_key() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, 0, 0);
    }

    function test_gas_rotate_key() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.rotateKey(UNIVERSITY, ISSUER, STRANGER, DEGREE, 0);
    }

    function test_gas_set_attribute() public {
        vm.prank(HOLDER);
        identities.setAttribute(HOLDER, "did/pub/X25519/enc/hex", abi.encode(keccak256("key")), 365 days);
    }

    function test_gas_propose_a_validator() public {
        vm.prank(_voter(0));
        members.proposeAddition(_organization(4), _peerKey(4), _key, _possession, _voter(4));
    }

    function test_gas_propose_a_permission() public {
        vm.prank(_voter(0));
        permissions.proposePermit(PermissionList.Send, _subject(HOLDER), _organization(0));
    }

    function test_gas_the_vote_that_permits_an_account() public {
        vm.prank(_voter(2));
        permissions.vote(0);
    }

    function test_gas_the_vote_that_removes_one_of_four_validators() public {
        vm.prank(_voter(2));
        members.vote(0);
    }
}
