// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {ProvenAccount} from "../../src/types/FinalityTypes.sol";
import {BundleFile, BundleVector, SlotClaim} from "../support/BundleFile.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// What a header commits to, held to the vectors of proof bundles (FINALITY-9).
contract HeaderProofTest {
    bytes32 private constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;
    /// Outcomes that come from other parts of a bundle than its trie proofs.
    string[3] private elsewhere = ["WrongChain", "HeaderHashMismatch", "StateBeforeTransaction"];

    BundleFile private file = new BundleFile();
    FinalityVerifier private verifier = new FinalityVerifier();

    function test_every_bundle_proves_what_the_vectors_say() public view {
        uint256 count = 0;
        for (; this.bundleHolds(count); ++count) {}
        vm.assertEq(count, 21, "every vector");
    }

    /// External, so that each case gives back its memory.
    function bundleHolds(uint256 index) external view returns (bool found) {
        BundleVector memory vector;
        (found, vector) = file.bundle(index);
        if (!found || _isElsewhere(vector.expect)) return found;
        try this.verify(vector) returns (string memory outcome) {
            vm.assertEq(outcome, vector.expect, vector.name);
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), vector.expect, vector.name);
        }
    }

    /// @return `ok`, or the name of the check by which a claim is refused. The library gives what is proven; the bundle says
    /// what it should be.
    function verify(BundleVector calldata vector) external view returns (string memory) {
        verifier.verifyTransaction(
            vector.header, vector.transaction.index, vector.transaction.item, vector.transaction.proof
        );
        verifier.verifyReceipt(vector.header, vector.receipt.index, vector.receipt.item, vector.receipt.proof);
        // A bundle is about one transaction.
        if (vector.receipt.index != vector.transaction.index) return "ReceiptNotIncluded";
        if (!vector.hasState) return "ok";
        ProvenAccount calldata claim = vector.state.account;
        ProvenAccount memory account = verifier.proveAccount(vector.state.header, claim.account, vector.state.proof);
        if (keccak256(abi.encode(account)) != keccak256(abi.encode(claim))) return "AccountNotProven";
        for (uint256 i = 0; i < vector.state.slots.length; ++i) {
            SlotClaim calldata slot = vector.state.slots[i];
            if (verifier.proveStorage(account, slot.slot, slot.proof) != slot.value) return "StorageNotProven";
        }
        return "ok";
    }

    function test_an_account_that_is_not_there_is_proven_absent() public view {
        BundleVector memory vector = _valid();
        // The root alone shows that nothing is on this account's path.
        address absent = _addressWithFirstNibble(1);
        bytes[] memory root = new bytes[](1);
        root[0] = vector.state.proof[0];
        ProvenAccount memory account = verifier.proveAccount(vector.state.header, absent, root);
        vm.assertEq(account.storageRoot, EMPTY_ROOT, "no storage");
        vm.assertEq(account.codeHash, keccak256(""), "no code");
        vm.assertEq(uint256(account.nonce) + account.balance, 0, "nothing");
        vm.assertEq(verifier.proveStorage(account, 7, new bytes[](0)), 0, "and zero in every slot");
    }

    function test_nothing_is_absent_without_the_path_that_shows_it() public {
        BundleVector memory vector = _valid();
        SlotClaim memory zero = vector.state.slots[1];
        bytes4 refused = IFinalityErrors.StorageNotProven.selector;
        vm.expectPartialRevert(refused);
        verifier.proveStorage(vector.state.account, zero.slot, new bytes[](0));
        // The path to a slot that is there, cut off before its end.
        vm.expectPartialRevert(refused);
        verifier.proveStorage(vector.state.account, vector.state.slots[0].slot, zero.proof);
        // A node too many after the path has ended.
        vm.expectPartialRevert(refused);
        verifier.proveStorage(vector.state.account, zero.slot, vector.state.slots[0].proof);
        vm.expectPartialRevert(refused);
        verifier.proveStorage(vector.state.account, zero.slot, vector.state.proof);
    }

    function test_a_proof_beyond_its_bounds_is_refused_by_its_size() public {
        BundleVector memory vector = _valid();
        bytes[] memory nodes = new bytes[](66);
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.ProofTooLarge.selector, 66, 65));
        verifier.proveStorage(vector.state.account, 7, nodes);
        nodes = new bytes[](1);
        nodes[0] = new bytes(1024 * 1024 + 1);
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.ProofTooLarge.selector, 1024 * 1024 + 1, 1024 * 1024));
        verifier.proveStorage(vector.state.account, 7, nodes);
    }

    function test_an_empty_item_is_included_nowhere() public {
        BundleVector memory vector = _valid();
        vm.expectPartialRevert(IFinalityErrors.ReceiptNotIncluded.selector);
        verifier.verifyReceipt(vector.header, 99, "", vector.receipt.proof);
        vm.expectPartialRevert(IFinalityErrors.ReceiptNotIncluded.selector);
        verifier.verifyReceipt(vector.header, 99, "", new bytes[](0));
    }

    /// Whatever is done to the nodes, a slot has its value or the proof is refused by name.
    function testFuzz_no_altered_proof_shows_another_value(uint256 node, uint256 position, uint8 mask, bool zero)
        public
        view
    {
        if (mask == 0) return;
        BundleVector memory vector = _valid();
        SlotClaim memory slot = vector.state.slots[zero ? 1 : 0];
        bytes memory altered = slot.proof[node % slot.proof.length];
        uint256 place = position % altered.length;
        altered[place] = bytes1(uint8(altered[place]) ^ mask);
        try verifier.proveStorage(vector.state.account, slot.slot, slot.proof) {
            vm.assertTrue(false, "proven by altered nodes");
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), "StorageNotProven", "named");
        }
    }

    function testFuzz_another_slot_is_never_shown_by_this_path(uint256 slot) public view {
        BundleVector memory vector = _valid();
        if (slot == 7) return;
        try verifier.proveStorage(vector.state.account, slot, vector.state.slots[0].proof) returns (uint256 value) {
            // The path may happen to show that nothing is there.
            vm.assertEq(value, 0, "absent");
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), "StorageNotProven", "named");
        }
    }

    function _valid() private view returns (BundleVector memory vector) {
        (, vector) = file.bundle(0);
    }

    function _isElsewhere(string memory expect) private view returns (bool) {
        for (uint256 i = 0; i < elsewhere.length; ++i) {
            if (keccak256(bytes(elsewhere[i])) == keccak256(bytes(expect))) return true;
        }
        return false;
    }

    /// An address whose path begins with that nibble.
    function _addressWithFirstNibble(uint8 nibble) private pure returns (address found) {
        for (uint160 i = 1; found == address(0); ++i) {
            if (uint8(keccak256(abi.encodePacked(i))[0]) >> 4 == nibble) found = address(i);
        }
    }
}
