// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ValidatorRegistry} from "../src/ValidatorRegistry.sol";
import {IFinalityErrors} from "../src/interfaces/IFinalityErrors.sol";
import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {Predeploys} from "../src/libraries/Predeploys.sol";
import {GenesisValidator, Proposal, ProposalState, Seat, Validator} from "../src/types/ValidatorTypes.sol";
import {Consortium} from "./support/Consortium.sol";
import {vm} from "./support/Vm.sol";

/// MEMBER-1 to MEMBER-6 of `docs/specs/finality.md`, in a consortium of four.
contract ValidatorRegistryTest is Consortium {
    uint256 private constant FIFTH = 4;

    function setUp() public override {
        super.setUp();
        _consortium(4);
    }

    // MEMBER-2
    function test_the_genesis_set_stands_in_the_slots_that_nodes_and_light_clients_read() public view {
        bytes[] memory keys = new bytes[](4);
        for (uint256 i = 0; i < 4; ++i) {
            keys[i] = bls.compressed(_secret(i));
        }
        address place = Predeploys.VALIDATOR_REGISTRY;
        bytes32 expected = keccak256(abi.encode(bytes32("chancery-validators"), keys));
        vm.assertEq(vm.load(place, 0), expected, "slot 0 has the hash of the set");
        vm.assertEq(
            vm.load(place, bytes32(uint256(1))), bytes32(uint256(EPOCH_LENGTH)), "slot 1 has the epoch's length"
        );
        vm.assertEq(vm.load(place, bytes32(uint256(2))), bytes32(uint256(4)), "slot 2 has the number of validators");
        uint256 array = uint256(keccak256(abi.encode(uint256(2))));
        vm.assertEq(vm.load(place, bytes32(array + 3)), _peerKey(3), "their peer keys follow");
        uint256 slot = uint256(keccak256(abi.encode(_peerKey(3), uint256(3))));
        vm.assertEq(vm.load(place, bytes32(slot)), _organization(3), "a record begins with the organization");
        bytes memory key = bytes.concat(
            vm.load(place, bytes32(slot + 1)), bytes16(uint128(uint256(vm.load(place, bytes32(slot + 2)))))
        );
        vm.assertEq(key, keys[3], "and holds the key");
    }

    // MEMBER-1
    function test_a_validator_joins_when_more_than_two_thirds_of_the_organizations_voted_for_it() public {
        bytes32 before = members.setHash();
        uint256 id = _proposeFifth(0);
        _vote(1, id);
        vm.assertEq(members.setHash(), before, "two of four are not enough");
        _vote(2, id);
        vm.assertEq(members.validatorCount(), 5, "three of four are");
        vm.assertTrue(members.setHash() != before, "the hash follows the set");
        vm.assertEq(members.organizationOf(_voter(FIFTH)), _organization(FIFTH), "its organization has a vote");
        vm.assertEq(uint256(members.proposal(id).state), uint256(ProposalState.Passed), "passed");
        Validator[] memory page = members.validators(4, 100);
        vm.assertEq(page[0].blsKey, bls.compressed(_secret(FIFTH)), "its key");
    }

    // MEMBER-1: what the votes of one organization weigh does not depend on how many validators it runs.
    function test_an_organization_has_one_vote_whatever_the_number_of_its_validators() public {
        for (uint256 more = 0; more < 3; ++more) {
            uint256 next = 10 + more;
            uint256 id = _propose(0, _organization(0), _peerKey(next), _secret(next), address(0));
            _vote(1, id);
            _vote(2, id);
        }
        vm.assertEq(members.validatorCount(), 7, "seven validators");
        vm.assertEq(members.organizationCount(), 4, "of four organizations");
        vm.prank(_voter(0));
        uint256 removal = members.proposeRemoval(_peerKey(1));
        _vote(2, removal);
        vm.assertEq(members.validatorCount(), 7, "two organizations of four, with five validators of seven");
    }

    // MEMBER-4: what is to be handed over to light clients.
    function test_epochs_in_which_the_set_was_changed_are_kept_once_each() public {
        vm.assertEq(members.changedEpochCount(), 0, "the genesis is no change");
        vm.roll(5 * EPOCH_LENGTH - 1);
        _remove(1);
        vm.roll(5 * EPOCH_LENGTH);
        uint256 id = _proposeFifth(0);
        _vote(2, id);
        _vote(3, id);
        vm.roll(5 * EPOCH_LENGTH + 1);
        id = _propose(0, _organization(0), _peerKey(9), _secret(9), address(0));
        _vote(2, id);
        _vote(3, id);
        uint64[] memory epochs = members.changedEpochs(0, 100);
        vm.assertEq(epochs.length, 2, "two");
        vm.assertEq(epochs[0], 4, "the last block of epoch 4");
        vm.assertEq(epochs[1], 5, "two changes in epoch 5");
        uint256 array = uint256(keccak256(abi.encode(uint256(4))));
        vm.assertEq(vm.load(Predeploys.VALIDATOR_REGISTRY, bytes32(array)), bytes32(uint256(5 << 64 | 4)), "slot 4");
    }

    function test_a_validator_leaves_and_its_organization_loses_its_vote_with_its_last_one() public {
        uint256 id = _remove(1);
        vm.assertEq(members.validatorCount(), 3, "three are left");
        vm.assertEq(members.organizationCount(), 3, "of three organizations");
        vm.assertEq(uint256(members.seat(_organization(1)).validators), 0, "no seat");
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NotAVoter.selector, _voter(1)));
        vm.prank(_voter(1));
        members.vote(id);
        Validator[] memory page = members.validators(0, 100);
        vm.assertEq(page[1].peerKey, _peerKey(2), "the others keep their order");
    }

    function test_keys_of_one_that_left_may_come_back() public {
        _remove(1);
        uint256 id = _propose(0, _organization(1), _peerKey(1), _secret(1), _voter(1));
        _vote(2, id);
        _vote(3, id);
        vm.assertEq(members.validatorCount(), 4, "four again");
        vm.assertEq(members.validators(1, 1)[0].peerKey, _peerKey(1), "in its place");
    }

    function test_votes_of_organizations_that_left_no_longer_count() public {
        uint256 addition = _proposeFifth(1);
        _vote(0, addition);
        _remove(1);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NotEnoughVotes.selector, 1, 3));
        members.settle(addition);
        _vote(2, addition);
        vm.assertEq(members.validatorCount(), 3, "two of three are not more than two thirds");
        _vote(3, addition);
        vm.assertEq(members.validatorCount(), 4, "three of three are");
    }

    function test_what_became_enough_because_others_left_is_settled_by_anybody() public {
        uint256 addition = _proposeFifth(0);
        _vote(1, addition);
        uint256 removal = _proposeRemoval(0, 2);
        _vote(1, removal);
        _vote(2, removal);
        removal = _proposeRemoval(0, 3);
        _vote(1, removal);
        _vote(3, removal);
        vm.assertEq(members.validatorCount(), 2, "two organizations are left, and both have voted");
        vm.prank(STRANGER);
        members.settle(addition);
        vm.assertEq(members.validatorCount(), 3, "settled");
    }

    // MEMBER-5
    function test_a_proposal_expires() public {
        uint256 id = _proposeFifth(0);
        vm.warp(block.timestamp + members.VOTING_PERIOD());
        _vote(1, id);
        vm.warp(block.timestamp + 1);
        vm.assertEq(uint256(members.proposal(id).state), uint256(ProposalState.Expired), "expired");
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalClosed.selector, id));
        vm.prank(_voter(2));
        members.vote(id);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalClosed.selector, id));
        members.settle(id);
    }

    function test_an_organization_votes_once() public {
        uint256 id = _proposeFifth(0);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.AlreadyVoted.selector, id, _organization(0)));
        vm.prank(_voter(0));
        members.vote(id);
        vm.assertEq(members.votes(id).length, 1, "one vote");
    }

    function test_another_account_votes_for_an_organization_that_lost_its_key() public {
        vm.prank(_voter(0));
        uint256 id = members.proposeVoter(_organization(3), STRANGER);
        _vote(1, id);
        _vote(2, id);
        vm.assertEq(members.organizationOf(STRANGER), _organization(3), "the new one");
        vm.assertEq(members.organizationOf(_voter(3)), bytes32(0), "and no longer the old one");
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.VoterUnusable.selector, _voter(1)));
        vm.prank(_voter(0));
        members.proposeVoter(_organization(3), _voter(1));
    }

    // FINALITY-8
    function test_a_key_without_its_proof_of_possession_is_refused() public {
        bytes memory key = bls.key(_secret(FIFTH));
        bytes memory others = bls.possession(_secret(6));
        vm.expectRevert(IValidatorRegistry.PossessionNotProven.selector);
        vm.prank(_voter(0));
        members.proposeAddition(_organization(FIFTH), _peerKey(FIFTH), key, others, _voter(FIFTH));
        vm.expectRevert(IValidatorRegistry.PossessionNotProven.selector);
        vm.prank(_voter(0));
        members.proposeAddition(_organization(FIFTH), _peerKey(FIFTH), key, new bytes(256), _voter(FIFTH));
        vm.expectRevert(IValidatorRegistry.PossessionNotProven.selector);
        vm.prank(_voter(0));
        members.proposeAddition(_organization(FIFTH), _peerKey(FIFTH), key, "", _voter(FIFTH));
    }

    function test_keys_that_are_no_keys_or_taken_are_refused() public {
        bytes memory proof = bls.possession(_secret(FIFTH));
        bytes32 organization = _organization(FIFTH);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.BlsKeyLength.selector, 48));
        _propose(0, organization, _peerKey(FIFTH), new bytes(48), proof, _voter(FIFTH));
        vm.expectPartialRevert(IFinalityErrors.MalformedKey.selector);
        _propose(0, organization, _peerKey(FIFTH), new bytes(128), proof, _voter(FIFTH));
        bytes memory key = bls.key(_secret(2));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.BlsKeyTaken.selector, _peerKey(2)));
        _propose(0, organization, _peerKey(FIFTH), key, proof, _voter(FIFTH));
        key = bls.key(_secret(FIFTH));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.PeerKeyTaken.selector, _peerKey(2)));
        _propose(0, organization, _peerKey(2), key, proof, _voter(FIFTH));
        vm.expectRevert(IValidatorRegistry.PeerKeyZero.selector);
        _propose(0, organization, 0, key, proof, _voter(FIFTH));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.VoterUnusable.selector, _voter(1)));
        _propose(0, organization, _peerKey(FIFTH), key, proof, _voter(1));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.VoterNotWanted.selector, _organization(1)));
        _propose(0, _organization(1), _peerKey(FIFTH), key, proof, _voter(FIFTH));
        bytes32 gap = bytes32(bytes.concat("a", bytes1(0), "b"));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.OrganizationNameMalformed.selector, gap));
        _propose(0, gap, _peerKey(FIFTH), key, proof, _voter(FIFTH));
    }

    // MEMBER-6
    function test_the_last_validator_stays() public {
        _leaveTwo();
        uint256 id = _proposeRemoval(0, 1);
        _vote(1, id);
        vm.expectRevert(IValidatorRegistry.LastValidator.selector);
        vm.prank(_voter(0));
        members.proposeRemoval(_peerKey(0));
    }

    // MEMBER-6: two that leave at once from a set of two.
    function test_a_vote_that_would_leave_nobody_is_refused_with_the_reason() public {
        _leaveTwo();
        uint256 first = _proposeRemoval(0, 0);
        uint256 second = _proposeRemoval(0, 1);
        _vote(1, first);
        vm.expectRevert(IValidatorRegistry.LastValidator.selector);
        vm.prank(_voter(1));
        members.vote(second);
        vm.assertEq(uint256(members.proposal(second).state), uint256(ProposalState.Open), "open");
    }

    function test_a_genesis_that_no_node_could_read_is_refused() public {
        GenesisValidator[] memory first = new GenesisValidator[](2);
        first[0] = GenesisValidator(_organization(0), _peerKey(1), bls.compressed(1), _voter(0));
        first[1] = GenesisValidator(_organization(1), _peerKey(0), bls.compressed(2), _voter(1));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ValidatorOrder.selector, 1));
        new ValidatorRegistry(EPOCH_LENGTH, first);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.EpochTooShort.selector, 7, 8));
        new ValidatorRegistry(7, first);
        vm.expectRevert(IValidatorRegistry.LastValidator.selector);
        new ValidatorRegistry(EPOCH_LENGTH, new GenesisValidator[](0));
    }

    function test_proposals_and_votes_that_are_not_there_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalUnknown.selector, 0));
        vm.prank(_voter(0));
        members.vote(0);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ValidatorUnknown.selector, _peerKey(9)));
        vm.prank(_voter(0));
        members.proposeRemoval(_peerKey(9));
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.OrganizationUnknown.selector, _organization(9)));
        vm.prank(_voter(0));
        members.proposeVoter(_organization(9), STRANGER);
    }

    /// Wherever a validator is sorted in, the set stays in the order of the peer keys.
    function testFuzz_the_set_stays_in_the_order_of_the_peer_keys(bytes32 peerKey) public {
        vm.assume(peerKey != 0 && uint256(peerKey) % 16 != 0);
        uint256 id = _propose(0, _organization(FIFTH), peerKey, _secret(FIFTH), _voter(FIFTH));
        _vote(1, id);
        _vote(2, id);
        Validator[] memory page = members.validators(0, 100);
        for (uint256 i = 1; i < page.length; ++i) {
            vm.assertTrue(page[i - 1].peerKey < page[i].peerKey, "ascending");
        }
    }

    function _proposeFifth(uint256 by) private returns (uint256) {
        return _propose(by, _organization(FIFTH), _peerKey(FIFTH), _secret(FIFTH), _voter(FIFTH));
    }

    function _propose(uint256 by, bytes32 organization, bytes32 peerKey, uint256 secret, address voter)
        private
        returns (uint256)
    {
        return _propose(by, organization, peerKey, bls.key(secret), bls.possession(secret), voter);
    }

    function _propose(
        uint256 by,
        bytes32 organization,
        bytes32 peerKey,
        bytes memory key,
        bytes memory proof,
        address voter
    ) private returns (uint256) {
        vm.prank(_voter(by));
        return members.proposeAddition(organization, peerKey, key, proof, voter);
    }

    function _proposeRemoval(uint256 by, uint256 index) private returns (uint256) {
        vm.prank(_voter(by));
        return members.proposeRemoval(_peerKey(index));
    }

    function _vote(uint256 by, uint256 id) private {
        vm.prank(_voter(by));
        members.vote(id);
    }

    function _leaveTwo() private {
        for (uint256 index = 3; index > 1; --index) {
            uint256 id = _proposeRemoval(0, index);
            _vote(1, id);
            _vote(2, id);
        }
    }

    function _remove(uint256 index) private returns (uint256 id) {
        id = _proposeRemoval(0, index);
        _vote(2, id);
        _vote(3, id);
    }
}
