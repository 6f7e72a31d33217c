// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC1056} from "../src/interfaces/IERC1056.sol";
import {City} from "./support/City.sol";
import {vm} from "./support/Vm.sol";

// C-ID: digital identities as did:ethr resolvers read them.
contract EthereumDIDRegistryTest is City {
    bytes32 private constant VERI_KEY = "veriKey";
    bytes32 private constant ENCRYPTION_KEY = "did/pub/X25519/enc/hex";

    function test_an_address_owns_itself_until_it_says_otherwise() public {
        vm.assertEq(identities.identityOwner(HOLDER), HOLDER, "self");
        vm.expectEmit(address(identities));
        emit IERC1056.DIDOwnerChanged(HOLDER, STRANGER, 0);
        vm.prank(HOLDER);
        identities.changeOwner(HOLDER, STRANGER);
        vm.assertEq(identities.identityOwner(HOLDER), STRANGER, "new owner");
        vm.assertEq(identities.changed(HOLDER), block.number, "changed");

        vm.expectRevert(abi.encodeWithSelector(IERC1056.NotIdentityOwner.selector, HOLDER, STRANGER, HOLDER));
        vm.prank(HOLDER);
        identities.changeOwner(HOLDER, HOLDER);
    }

    function test_delegates_count_until_their_time_or_their_revocation() public {
        vm.prank(HOLDER);
        identities.addDelegate(HOLDER, VERI_KEY, STRANGER, 100);
        vm.assertTrue(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "valid");
        vm.assertFalse(identities.validDelegate(HOLDER, "sigAuth", STRANGER), "other type");
        vm.assertEq(
            identities.delegates(HOLDER, keccak256(abi.encodePacked(VERI_KEY)), STRANGER), block.timestamp + 100, "end"
        );
        vm.warp(block.timestamp + 100);
        vm.assertFalse(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "over");

        vm.prank(HOLDER);
        identities.addDelegate(HOLDER, VERI_KEY, STRANGER, 100);
        vm.expectEmit(address(identities));
        emit IERC1056.DIDDelegateChanged(HOLDER, VERI_KEY, STRANGER, block.timestamp, block.number);
        vm.prank(HOLDER);
        identities.revokeDelegate(HOLDER, VERI_KEY, STRANGER);
        vm.assertFalse(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "revoked");
    }

    function test_changes_are_linked_backwards() public {
        vm.prank(HOLDER);
        identities.setAttribute(HOLDER, ENCRYPTION_KEY, "one", 100);
        uint256 first = block.number;
        vm.roll(first + 7);
        vm.expectEmit(address(identities));
        emit IERC1056.DIDAttributeChanged(HOLDER, ENCRYPTION_KEY, "two", block.timestamp + 50, first);
        vm.prank(HOLDER);
        identities.setAttribute(HOLDER, ENCRYPTION_KEY, "two", 50);
        vm.assertEq(identities.changed(HOLDER), first + 7, "changed");

        vm.expectEmit(address(identities));
        emit IERC1056.DIDAttributeChanged(HOLDER, ENCRYPTION_KEY, "one", 0, first + 7);
        vm.prank(HOLDER);
        identities.revokeAttribute(HOLDER, ENCRYPTION_KEY, "one");
    }

    function testFuzz_nobody_but_the_owner_changes_an_identity(address caller) public {
        vm.assume(caller != HOLDER);
        bytes memory refused = abi.encodeWithSelector(IERC1056.NotIdentityOwner.selector, HOLDER, HOLDER, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        identities.changeOwner(HOLDER, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        identities.addDelegate(HOLDER, VERI_KEY, caller, 1);
        vm.expectRevert(refused);
        vm.prank(caller);
        identities.revokeDelegate(HOLDER, VERI_KEY, caller);
        vm.expectRevert(refused);
        vm.prank(caller);
        identities.setAttribute(HOLDER, ENCRYPTION_KEY, "value", 1);
        vm.expectRevert(refused);
        vm.prank(caller);
        identities.revokeAttribute(HOLDER, ENCRYPTION_KEY, "value");
    }

    function test_every_change_can_be_signed_and_relayed_once() public {
        uint256 validity = 3600;
        (uint8 v, bytes32 r, bytes32 s) = _sign(0, abi.encodePacked("addDelegate", VERI_KEY, STRANGER, validity));
        identities.addDelegateSigned(HOLDER, v, r, s, VERI_KEY, STRANGER, validity);
        vm.assertTrue(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "delegate");
        vm.expectRevert(abi.encodeWithSelector(IERC1056.OwnerSignatureInvalid.selector, HOLDER, HOLDER, 1));
        identities.addDelegateSigned(HOLDER, v, r, s, VERI_KEY, STRANGER, validity);

        (v, r, s) = _sign(1, abi.encodePacked("revokeDelegate", VERI_KEY, STRANGER));
        identities.revokeDelegateSigned(HOLDER, v, r, s, VERI_KEY, STRANGER);
        vm.assertFalse(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "no delegate");

        bytes memory value = "value";
        (v, r, s) = _sign(2, abi.encodePacked("setAttribute", ENCRYPTION_KEY, value, validity));
        vm.expectEmit(address(identities));
        emit IERC1056.DIDAttributeChanged(
            HOLDER, ENCRYPTION_KEY, value, block.timestamp + validity, identities.changed(HOLDER)
        );
        identities.setAttributeSigned(HOLDER, v, r, s, ENCRYPTION_KEY, value, validity);

        (v, r, s) = _sign(3, abi.encodePacked("revokeAttribute", ENCRYPTION_KEY, value));
        identities.revokeAttributeSigned(HOLDER, v, r, s, ENCRYPTION_KEY, value);

        (v, r, s) = _sign(4, abi.encodePacked("changeOwner", STRANGER));
        identities.changeOwnerSigned(HOLDER, v, r, s, STRANGER);
        vm.assertEq(identities.identityOwner(HOLDER), STRANGER, "owner");
        vm.assertEq(identities.nonce(HOLDER), 5, "nonce");

        (v, r, s) = _sign(5, abi.encodePacked("changeOwner", HOLDER));
        vm.expectRevert(abi.encodeWithSelector(IERC1056.OwnerSignatureInvalid.selector, HOLDER, STRANGER, 0));
        identities.changeOwnerSigned(HOLDER, v, r, s, HOLDER);
    }

    function testFuzz_a_signature_for_something_else_is_refused(uint256 validity, bytes calldata value) public {
        vm.assume(value.length <= 4096);
        (uint8 v, bytes32 r, bytes32 s) = _sign(0, abi.encodePacked("setAttribute", ENCRYPTION_KEY, value, validity));
        vm.expectPartialRevert(IERC1056.OwnerSignatureInvalid.selector);
        identities.setAttributeSigned(HOLDER, v, r, s, VERI_KEY, value, validity);
        vm.expectPartialRevert(IERC1056.OwnerSignatureInvalid.selector);
        identities.setAttributeSigned(STRANGER, v, r, s, ENCRYPTION_KEY, value, validity);
        vm.expectPartialRevert(IERC1056.OwnerSignatureInvalid.selector);
        identities.setAttributeSigned(HOLDER, v, r, bytes32(uint256(s) ^ 1), ENCRYPTION_KEY, value, validity);
        identities.setAttributeSigned(HOLDER, v, r, s, ENCRYPTION_KEY, value, validity);
    }

    function test_a_validity_beyond_the_end_of_time_is_for_ever() public {
        vm.prank(HOLDER);
        identities.addDelegate(HOLDER, VERI_KEY, STRANGER, type(uint256).max);
        vm.assertTrue(identities.validDelegate(HOLDER, VERI_KEY, STRANGER), "valid");
    }

    function test_an_attribute_is_bounded() public {
        bytes memory value = new bytes(4097);
        vm.expectRevert(abi.encodeWithSelector(IERC1056.AttributeLength.selector, 4097, 4096));
        vm.prank(HOLDER);
        identities.setAttribute(HOLDER, ENCRYPTION_KEY, value, 1);
    }

    function _sign(uint256 nonce, bytes memory call) private view returns (uint8, bytes32, bytes32) {
        bytes memory preimage = abi.encodePacked(bytes1(0x19), bytes1(0), address(identities), nonce, HOLDER, call);
        return vm.sign(HOLDER_KEY, keccak256(preimage));
    }
}
