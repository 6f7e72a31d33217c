// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Anchor} from "../../src/bridge/Anchor.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {IValidatorRegistry} from "../../src/interfaces/IValidatorRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {ValidatorSet} from "../../src/libraries/finality/ValidatorSet.sol";
import {Submission} from "../../src/types/AnchorTypes.sol";
import {BundleFile, BundleVector, SlotClaim} from "../support/BundleFile.sol";
import {DeepPath} from "../support/DeepPath.sol";
import {ChainVector, FinalityFile} from "../support/FinalityFile.sol";
import {HandoverFile, HandoverVector} from "../support/HandoverFile.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {OneSlotBlock, OneSlotChain} from "../support/OneSlotChain.sol";
import {OpenAnchor} from "../support/OpenAnchor.sol";
import {vm} from "../support/Vm.sol";

/// Handovers, state and receipts, with the chain that a node's simulation ran (`crates/light/vectors`).
contract AnchorStateTest {
    string private constant GROUP = "bridge";
    uint256 private constant MOST_FOR_AN_UPDATE = 400_000;
    uint256 private constant MOST_FOR_A_SLOT = 150_000;

    FinalityFile private file = new FinalityFile();
    HandoverFile private handovers = new HandoverFile();
    BundleFile private bundles = new BundleFile();

    function test_it_follows_the_validators_and_proves_the_registry_of_the_chain_that_it_follows() public {
        (Anchor anchor, HandoverVector memory vector, bytes memory keys) = _following();
        Submission submission = anchor.follow(vector.steps[0].proof, keys, vector.steps[0].keys);
        vm.snapshotGasLastCall(GROUP, "anchor: handover from 4 validators to 4");
        vm.assertTrue(submission == Submission.Recorded, "the last block of the epoch is anchored with it");
        vm.assertEq(anchor.chain().keysHash, keccak256(vector.steps[0].keys), "next validators");

        uint64 number = anchor.latest();
        anchor.proveAccount(number, Predeploys.VALIDATOR_REGISTRY, vector.steps[0].proof.account);
        vm.snapshotGasLastCall(GROUP, "anchor: an account, once for a block");
        bytes[] memory path = vector.steps[0].proof.setHash;
        uint256 setHash = anchor.storageAt(number, Predeploys.VALIDATOR_REGISTRY, 0, path);
        uint256 used = vm.snapshotGasLastCall(GROUP, "anchor: a slot of that account");
        vm.assertEq(bytes32(setHash), this.commitment(vector.steps[0].keys), "the set that the registry has");
        vm.assertTrue(used < MOST_FOR_A_SLOT, vm.toString(used));
    }

    /// A contract with four thousand million slots has eight branches above one, each of them full.
    function test_a_slot_of_a_contract_with_very_many_slots_is_proven_for_what_was_asked() public {
        uint256 used = _proveBelow(8, "anchor: a slot below 8 full branches");
        vm.assertTrue(used < MOST_FOR_A_SLOT, vm.toString(used));
    }

    /// Whoever looks for slots whose paths are long finds some; no path is longer than its key.
    function test_the_longest_path_is_proven_too() public {
        _proveBelow(63, "anchor: a slot below 63 full branches, the most there can be");
    }

    function _proveBelow(uint256 branches, string memory name) private returns (uint256 used) {
        uint256 word = uint256(keccak256("word"));
        (bytes[] memory path, bytes32 root) = DeepPath.to(keccak256(abi.encode(uint256(7))), word, branches);
        OneSlotBlock memory made = OneSlotChain.blockOver(9, 1_790_000_000, address(0xabc), root);
        OpenAnchor anchor = new OpenAnchor(7104, "genesis");
        anchor.keep(made.header);
        anchor.proveAccount(9, address(0xabc), made.account);
        uint256 found = anchor.storageAt(9, address(0xabc), 7, path);
        used = vm.snapshotGasLastCall(GROUP, name);
        vm.assertEq(found, word, "the word at its end");
    }

    function test_it_follows_every_handover_and_then_the_blocks_of_the_last_validators() public {
        (Anchor anchor, HandoverVector memory vector, bytes memory keys) = _following();
        for (uint256 i = 0; i < vector.steps.length; ++i) {
            anchor.follow(vector.steps[i].proof, keys, vector.steps[i].keys);
            keys = vector.steps[i].keys;
        }
        vm.assertTrue(anchor.submit(vector.finality, keys) == Submission.Recorded, "a block of theirs");
    }

    /// ANCHOR-2: the sets change by what the shared vectors call a handover, and by nothing else of them.
    function test_every_handover_ends_at_the_anchor_as_it_does_at_the_verifiers() public {
        uint256 count = 0;
        for (; this.vectorHolds(count); ++count) {}
        vm.assertTrue(count > 10, "the file has all cases");
    }

    /// External, so that each case gives back its memory.
    function vectorHolds(uint256 index) external returns (bool) {
        (bool found, HandoverVector memory vector) = handovers.vectorAt(index);
        if (!found) return false;
        (Anchor anchor,, bytes memory keys) = _following();
        bool holds = true;
        for (uint256 i = 0; holds && i <= vector.steps.length; ++i) {
            try this.next(anchor, vector, i, keys) returns (bytes memory following) {
                keys = following;
            } catch (bytes memory refusal) {
                holds = false;
                vm.assertTrue(bytes(FinalityOutcomes.check(refusal)).length != 0, "refused by name");
            }
        }
        // Forgeries of claims are no forgeries here: nothing is claimed, the value is read.
        if (!_isClaim(vector.name)) {
            vm.assertEq(holds, keccak256(bytes(vector.expect)) == keccak256("ok"), vector.name);
        }
        return true;
    }

    function next(Anchor anchor, HandoverVector calldata vector, uint256 step, bytes calldata keys)
        external
        returns (bytes memory)
    {
        if (step == vector.steps.length) {
            anchor.submit(vector.finality, keys);
            return keys;
        }
        anchor.follow(vector.steps[step].proof, keys, vector.steps[step].keys);
        return vector.steps[step].keys;
    }

    function test_slots_and_receipts_are_proven_against_a_recorded_header_alone() public {
        OpenAnchor anchor = new OpenAnchor(7100, "genesis");
        (, BundleVector memory bundle) = bundles.bundle(0);
        address account = bundle.state.account.account;
        anchor.keep(bundle.state.header);
        uint64 number = anchor.latest();
        SlotClaim memory slot = bundle.state.slots[0];

        vm.expectRevert(abi.encodeWithSelector(IAnchor.AccountNotAnchored.selector, number, account));
        anchor.storageAt(number, account, slot.slot, slot.proof);
        anchor.proveAccount(number, account, bundle.state.proof);
        vm.assertEq(anchor.storageAt(number, account, slot.slot, slot.proof), slot.value, "value");
        SlotClaim memory zero = bundle.state.slots[1];
        vm.assertEq(anchor.storageAt(number, account, zero.slot, zero.proof), 0, "absence is zero");
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.StorageNotProven.selector, account, slot.slot));
        anchor.storageAt(number, account, slot.slot, zero.proof);

        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, number + 1));
        anchor.proveAccount(number + 1, account, bundle.state.proof);
        vm.expectRevert(
            abi.encodeWithSelector(IFinalityErrors.AccountNotProven.selector, address(1), anchor.record(number).hash)
        );
        anchor.proveAccount(number, address(1), bundle.state.proof);
    }

    function test_a_receipt_stands_in_its_block_and_in_no_other() public {
        OpenAnchor anchor = new OpenAnchor(7100, "genesis");
        (, BundleVector memory bundle) = bundles.bundle(0);
        anchor.keep(bundle.header);
        uint64 number = anchor.latest();
        anchor.verifyReceipt(number, bundle.receipt.index, bundle.receipt.item, bundle.receipt.proof);
        bytes memory altered = bundle.receipt.item;
        altered[altered.length - 1] ^= 0x01;
        vm.expectPartialRevert(IFinalityErrors.ReceiptNotIncluded.selector);
        anchor.verifyReceipt(number, bundle.receipt.index, altered, bundle.receipt.proof);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, number + 7));
        anchor.verifyReceipt(number + 7, bundle.receipt.index, bundle.receipt.item, bundle.receipt.proof);
    }

    function test_an_update_with_four_validators_stays_within_its_budget() public {
        ChainVector memory chain = file.chain(1);
        Anchor anchor = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chain.chainId, chain.genesisHash);
        anchor.begin(chain.genesisHeader, chain.keys);
        anchor.submit(file.named("all of 4 signed").proof, chain.keys);
        uint256 used = vm.snapshotGasLastCall(GROUP, "anchor: an update with 4 validators");
        vm.assertTrue(used < MOST_FOR_AN_UPDATE, vm.toString(used));
    }

    /// EIP-170: it has to fit on foreign chains too.
    function test_its_code_fits_eip_170() public {
        Anchor anchor = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), 7100, 0);
        uint256 size = address(anchor).code.length;
        vm.assertTrue(size <= 24_576, vm.toString(size));
    }

    function commitment(bytes calldata keys) external pure returns (bytes32) {
        return ValidatorSet.commitment(keys);
    }

    function _following() private returns (Anchor anchor, HandoverVector memory vector, bytes memory keys) {
        (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory first) = handovers.chain();
        anchor = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chainId, genesisHash);
        anchor.begin(header, first);
        (, vector) = handovers.vectorAt(0);
        keys = first;
    }

    function _isClaim(string memory name) private pure returns (bool) {
        bytes32 hash = keccak256(bytes(name));
        return hash == keccak256("another hash of the set") || hash == keccak256("another length of the epoch")
            || hash == keccak256("another account") || hash == keccak256("the registry altered");
    }
}
