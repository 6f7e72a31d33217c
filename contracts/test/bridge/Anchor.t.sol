// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Anchor} from "../../src/bridge/Anchor.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {IValidatorRegistry} from "../../src/interfaces/IValidatorRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {AnchorRecord, Submission} from "../../src/types/AnchorTypes.sol";
import {ChainVector, FinalityFile, ProofVector} from "../support/FinalityFile.sol";
import {Consortium} from "../support/Consortium.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {vm} from "../support/Vm.sol";

/// Headers and certificates are those of the vectors that all verifiers share.
contract AnchorTest is Consortium {
    string private constant FIRST = "all of 4 signed";
    /// Another header of the same number, with a certificate of the same validators.
    string private constant SECOND = "an epoch, and views of several bytes";

    FinalityFile private file = new FinalityFile();
    Anchor private anchor;
    bytes private keys;

    function setUp() public override {
        super.setUp();
        _consortium(4);
        ChainVector memory chain = file.chain(1);
        keys = chain.keys;
        anchor = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chain.chainId, chain.genesisHash);
        anchor.begin(chain.genesisHeader, keys);
    }

    function test_a_final_header_is_recorded_with_its_roots_and_time() public {
        ProofVector memory vector = file.named(FIRST);
        vm.prank(STRANGER);
        Submission submission = anchor.submit(vector.proof, keys);
        AnchorRecord memory record = anchor.record(1);
        vm.assertTrue(submission == Submission.Recorded, "recorded");
        vm.assertEq(record.hash, keccak256(vector.proof.header), "hash");
        vm.assertEq(uint256(record.timestamp), 1_790_000_001, "time");
        vm.assertEq(uint256(record.millisecond), 250, "milliseconds");
        vm.assertEq(uint256(anchor.latest()), 1, "latest");
    }

    function test_the_same_header_again_changes_nothing() public {
        anchor.submit(file.named(FIRST).proof, keys);
        vm.recordLogs();
        Submission submission = anchor.submit(file.named("3 of 4 signed").proof, keys);
        vm.assertTrue(submission == Submission.Known, "known, whatever certificate it comes with");
        vm.assertEq(vm.getRecordedLogs().length, 0, "nothing happened");
    }

    /// ANCHOR-1: whatever the shared vectors say of a proof, the anchor says.
    function test_every_vector_ends_at_the_anchor_as_it_does_at_the_verifiers() public {
        uint256 checked = 0;
        for (uint256 i = 0; this.vectorHolds(i); ++i) {
            ++checked;
        }
        vm.assertTrue(checked > 60, "all vectors");
    }

    /// External, so that each case gives back its memory.
    function vectorHolds(uint256 index) external returns (bool) {
        (bool found, ProofVector memory vector) = file.proof(index);
        if (!found || vector.chain != 1) return found;
        uint256 before = vm.snapshotState();
        try anchor.submit(vector.proof, keys) {
            vm.assertEq("ok", vector.expect, vector.name);
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), vector.expect, vector.name);
        }
        vm.revertToState(before);
        return true;
    }

    /// ANCHOR-3, ANCHOR-4.
    function test_two_final_headers_of_one_number_freeze_it_and_raise_the_alarm() public {
        ProofVector memory other = file.named(SECOND);
        bytes32 first = keccak256(file.named(FIRST).proof.header);
        bytes32 second = keccak256(other.proof.header);
        anchor.submit(file.named(FIRST).proof, keys);
        vm.expectEmit(address(anchor));
        emit IAnchor.Frozen(1, first, second);
        Submission submission = anchor.submit(other.proof, keys);
        vm.assertTrue(submission == Submission.Froze, "froze");
        vm.assertEq(anchor.conflict().second, second, "the conflict is kept");
    }

    function test_a_frozen_anchor_takes_and_answers_nothing() public {
        _freeze();
        bytes[] memory nodes = new bytes[](0);
        bytes memory refusal = _frozen();
        vm.expectRevert(refusal);
        anchor.record(1);
        vm.expectRevert(refusal);
        anchor.storageAt(1, address(1), 0, nodes);
        vm.expectRevert(refusal);
        anchor.proveAccount(1, address(1), nodes);
        vm.expectRevert(refusal);
        anchor.verifyReceipt(1, 0, "", nodes);
        ProofVector memory vector = file.named(FIRST);
        vm.expectRevert(refusal);
        anchor.submit(vector.proof, keys);
    }

    /// ANCHOR-5, ANCHOR-9.
    function test_more_than_two_thirds_of_the_organizations_unfreeze_it_and_what_was_recorded_counts_no_more() public {
        _freeze();
        bytes memory renewed = bytes.concat(bls.key(7), bls.key(8));
        _vote(0, 5, renewed);
        _vote(1, 5, renewed);
        vm.assertTrue(anchor.conflict().first != 0, "two of four are not enough");
        _vote(2, 5, renewed);
        vm.assertEq(anchor.conflict().first, bytes32(0), "unfrozen");
        vm.assertEq(uint256(anchor.generation()), 1, "generation");
        vm.assertEq(anchor.chain().keysHash, keccak256(renewed), "the new validators");
        vm.assertEq(uint256(anchor.chain().fromEpoch), 5, "from their epoch");
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, 1));
        anchor.record(1);
        ProofVector memory vector = file.named(FIRST);
        vm.expectPartialRevert(IFinalityErrors.ValidatorKeysMismatch.selector);
        anchor.submit(vector.proof, keys);
    }

    function test_the_guilty_branch_is_refused_by_its_epoch_after_a_vote_for_the_same_validators() public {
        _freeze();
        for (uint256 i = 0; i < 3; ++i) {
            _vote(i, 5, keys);
        }
        ProofVector memory early = file.named(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.EpochMismatch.selector, 5, 0));
        anchor.submit(early.proof, keys);
        Submission submission = anchor.submit(file.named(SECOND).proof, keys);
        vm.assertTrue(submission == Submission.Recorded, "of epoch 5, and nothing else is recorded there");
    }

    function test_who_has_no_vote_does_not_vote() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAVoter.selector, STRANGER));
        vm.prank(STRANGER);
        anchor.voteTrust(5, keys);
    }

    function test_an_organization_votes_once() public {
        _vote(0, 5, keys);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.AlreadyVoted.selector, _organization(0)));
        _vote(0, 5, keys);
        vm.assertEq(anchor.voices(5, keccak256(keys)).length, 1, "one voice");
    }

    function test_voices_for_different_validators_or_epochs_do_not_add_up() public {
        _vote(0, 5, keys);
        _vote(1, 6, keys);
        _vote(2, 5, bls.key(7));
        vm.assertEq(uint256(anchor.generation()), 0, "no three for one");
    }

    function test_a_voice_lapses_after_its_period() public {
        _vote(0, 5, keys);
        _vote(1, 5, keys);
        vm.warp(block.timestamp + anchor.VOTING_PERIOD() + 1);
        vm.assertEq(anchor.voices(5, keccak256(keys)).length, 0, "lapsed");
        _vote(2, 5, keys);
        vm.assertEq(uint256(anchor.generation()), 0, "two voices were too old");
        _vote(0, 5, keys);
        _vote(1, 5, keys);
        vm.assertEq(uint256(anchor.generation()), 1, "voted again");
    }

    function test_an_organization_that_left_has_no_voice() public {
        _vote(0, 5, keys);
        vm.prank(_voter(1));
        uint256 removal = members.proposeRemoval(_peerKey(0));
        for (uint256 i = 2; i < 4; ++i) {
            vm.prank(_voter(i));
            members.vote(removal);
        }
        _vote(1, 5, keys);
        _vote(2, 5, keys);
        vm.assertEq(uint256(anchor.generation()), 0, "two of three that have a seat");
        _vote(3, 5, keys);
        vm.assertEq(uint256(anchor.generation()), 1, "three of three");
    }

    function test_a_set_that_is_none_is_not_voted_for() public {
        bytes memory twice = bytes.concat(bls.key(7), bls.key(7));
        vm.prank(_voter(0));
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.DuplicateKey.selector, 1));
        anchor.voteTrust(5, twice);
    }

    function test_the_genesis_is_shown_once_and_has_to_be_that_of_the_hash() public {
        ChainVector memory chain = file.chain(1);
        vm.expectRevert(IAnchor.AlreadyBegun.selector);
        anchor.begin(chain.genesisHeader, chain.keys);
        ChainVector memory other = file.chain(2);
        Anchor fresh = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chain.chainId, chain.genesisHash);
        vm.expectPartialRevert(IFinalityErrors.GenesisHashMismatch.selector);
        fresh.begin(other.genesisHeader, other.keys);
        vm.expectPartialRevert(IFinalityErrors.GenesisValidatorsMismatch.selector);
        fresh.begin(chain.genesisHeader, other.keys);
    }

    function test_before_the_genesis_is_shown_nothing_is_final() public {
        ChainVector memory chain = file.chain(1);
        Anchor fresh = new Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chain.chainId, chain.genesisHash);
        ProofVector memory vector = file.named(FIRST);
        vm.expectPartialRevert(IFinalityErrors.ValidatorKeysMismatch.selector);
        fresh.submit(vector.proof, keys);
    }

    function _vote(uint256 organization, uint64 fromEpoch, bytes memory next) private {
        vm.prank(_voter(organization));
        anchor.voteTrust(fromEpoch, next);
    }

    function _freeze() private {
        anchor.submit(file.named(FIRST).proof, keys);
        anchor.submit(file.named(SECOND).proof, keys);
    }

    function _frozen() private view returns (bytes memory) {
        bytes32 first = keccak256(file.named(FIRST).proof.header);
        bytes32 second = keccak256(file.named(SECOND).proof.header);
        return abi.encodeWithSelector(IAnchor.AnchorFrozen.selector, 1, first, second);
    }
}
