// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Permissions} from "../src/Permissions.sol";
import {IConsortiumVoting} from "../src/interfaces/IConsortiumVoting.sol";
import {IPermissions} from "../src/interfaces/IPermissions.sol";
import {Predeploys} from "../src/libraries/Predeploys.sol";
import {GenesisPermission, PermissionEntry, PermissionList, PermissionProposal} from "../src/types/PermissionTypes.sol";
import {ProposalState} from "../src/types/ValidatorTypes.sol";
import {Consortium} from "./support/Consortium.sol";
import {Vm, vm} from "./support/Vm.sol";

/// PERMIT-1 and PERMIT-7 to PERMIT-9 of `docs/specs/permissions.md`, in a consortium of four.
contract PermissionsTest is Consortium {
    PermissionList private constant CONNECT = PermissionList.Connect;
    PermissionList private constant SEND = PermissionList.Send;
    PermissionList private constant DEPLOY = PermissionList.Deploy;
    bytes32 private constant ARCHIVE = "City Archive";

    function setUp() public override {
        super.setUp();
        _consortium(4);
    }

    // PERMIT-7: what nodes read.
    function test_modes_and_lists_stand_in_the_slots_that_nodes_read() public {
        _pass(_proposePermit(SEND, _subject(ISSUER), ARCHIVE));
        _pass(_proposePermit(SEND, _subject(HOLDER), UNIVERSITY));
        _pass(_proposePermit(CONNECT, _peerKey(9), ARCHIVE));
        _pass(_proposeMode(CONNECT, true));
        _pass(_proposeMode(DEPLOY, true));
        vm.assertEq(_slot(0), bytes32(uint256(5 << 64 | 5)), "five changes, and the lists 0 and 2 are closed");
        vm.assertEq(_slot(1), bytes32(uint256(1)), "one node");
        vm.assertEq(_slot(4), bytes32(uint256(2)), "two accounts");
        vm.assertEq(_slot(7), bytes32(0), "nobody may deploy");
        uint256 subjects = uint256(keccak256(abi.encode(uint256(4))));
        vm.assertEq(_slot(subjects), _subject(ISSUER), "subjects follow in the array");
        vm.assertEq(_slot(subjects + 1), _subject(HOLDER), "in order");
        uint256 organization = uint256(keccak256(abi.encode(_subject(HOLDER), uint256(6))));
        vm.assertEq(_slot(organization), UNIVERSITY, "and whose they are, two slots behind");
        _pass(_proposeForbid(SEND, _subject(HOLDER)));
        vm.assertEq(_slot(organization), bytes32(0), "nobody's, when it is not listed");
    }

    // PERMIT-3: the slot from which nodes know who votes, so that nobody is locked out.
    function test_voters_stand_in_the_slot_of_the_registry_that_nodes_read() public view {
        bytes32 slot = keccak256(abi.encode(_voter(2), uint256(8)));
        vm.assertEq(vm.load(Predeploys.VALIDATOR_REGISTRY, slot), _organization(2), "organization by voting account");
    }

    // PERMIT-1
    function test_a_genesis_without_permissions_is_open_to_all() public view {
        vm.assertEq(_slot(0), bytes32(0), "nothing was changed, and nothing is closed");
        vm.assertTrue(permissions.isAllowed(SEND, _subject(STRANGER)), "anybody may send");
    }

    // PERMIT-1
    function test_a_genesis_may_be_closed_and_name_who_is_permitted() public {
        bool[3] memory closed = [true, true, false];
        GenesisPermission[] memory first = new GenesisPermission[](2);
        first[0] = GenesisPermission(CONNECT, _peerKey(9), ARCHIVE);
        first[1] = GenesisPermission(SEND, _subject(ISSUER), UNIVERSITY);
        _permissions(closed, first);
        vm.assertEq(_slot(0), bytes32(uint256(3 << 64)), "two are closed, and a genesis is no change");
        vm.assertTrue(permissions.isAllowed(CONNECT, _peerKey(9)), "a node");
        vm.assertFalse(permissions.isAllowed(CONNECT, _peerKey(8)), "another node");
        vm.assertTrue(permissions.isAllowed(SEND, _subject(ISSUER)), "an account");
        vm.assertFalse(permissions.isAllowed(SEND, _subject(STRANGER)), "another account");
        vm.assertTrue(permissions.isAllowed(DEPLOY, _subject(STRANGER)), "creating contracts is open");
        first[1] = first[0];
        vm.expectRevert(abi.encodeWithSelector(IPermissions.AlreadyPermitted.selector, CONNECT, _peerKey(9)));
        new Permissions(closed, first);
    }

    // PERMIT-8
    function test_a_list_changes_when_more_than_two_thirds_of_the_organizations_voted_for_it() public {
        _pass(_proposeMode(SEND, true));
        uint256 id = _proposePermit(SEND, _subject(ISSUER), ARCHIVE);
        _vote(1, id);
        vm.assertFalse(permissions.isAllowed(SEND, _subject(ISSUER)), "two of four are not enough");
        vm.assertEq(uint256(permissions.proposal(id).state), uint256(ProposalState.Open), "open");
        vm.expectEmit();
        emit IConsortiumVoting.Voted(id, _organization(2));
        vm.expectEmit();
        emit IConsortiumVoting.Passed(id);
        vm.expectEmit();
        emit IPermissions.Permitted(SEND, _subject(ISSUER), ARCHIVE);
        _vote(2, id);
        vm.assertTrue(permissions.isAllowed(SEND, _subject(ISSUER)), "three of four are");
        vm.assertEq(permissions.organizationOf(SEND, _subject(ISSUER)), ARCHIVE, "named");
        PermissionProposal memory passed = permissions.proposal(id);
        vm.assertEq(uint256(passed.state), uint256(ProposalState.Passed), "passed");
        vm.assertEq(passed.organization, ARCHIVE, "as it was proposed");
        vm.assertEq(permissions.votes(id).length, 3, "three votes");
    }

    function test_every_change_is_told() public {
        _told(_proposeMode(DEPLOY, true), abi.encode(IPermissions.Closed.selector, DEPLOY));
        _told(_proposeMode(DEPLOY, false), abi.encode(IPermissions.Opened.selector, DEPLOY));
        uint256 id = _proposePermit(CONNECT, _peerKey(9), ARCHIVE);
        _told(id, abi.encode(IPermissions.Permitted.selector, CONNECT, _peerKey(9), ARCHIVE));
        id = _proposeForbid(CONNECT, _peerKey(9));
        _told(id, abi.encode(IPermissions.Forbidden.selector, CONNECT, _peerKey(9), ARCHIVE));
        vm.assertEq(uint256(permissions.revision()), 4, "and each raises the revision that nodes look at");
    }

    function test_one_that_is_forbidden_leaves_the_others_listed() public {
        for (uint256 i = 1; i <= 3; ++i) {
            _pass(_proposePermit(SEND, bytes32(i), ARCHIVE));
        }
        _pass(_proposeForbid(SEND, bytes32(uint256(1))));
        PermissionEntry[] memory page = permissions.entries(SEND, 0, 100);
        vm.assertEq(page.length, 2, "two");
        vm.assertEq(uint256(page[0].subject) + uint256(page[1].subject), 5, "the second and the third");
        vm.assertEq(permissions.entryCount(SEND), 2, "counted");
        vm.assertEq(permissions.entryCount(DEPLOY), 0, "lists do not mix");
    }

    // PERMIT-8: who has a vote is what the validator registry says now.
    function test_who_left_the_validators_has_no_vote_and_those_cast_no_longer_count() public {
        uint256 id = _proposePermit(SEND, _subject(ISSUER), ARCHIVE);
        _vote(1, id);
        _leave(1);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.NotAVoter.selector, _voter(1)));
        _vote(1, id);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.NotEnoughVotes.selector, 1, 3));
        permissions.settle(id);
        _vote(2, id);
        vm.assertEq(permissions.entryCount(SEND), 0, "two of three are not more than two thirds");
        _vote(3, id);
        vm.assertEq(permissions.entryCount(SEND), 1, "three of three are");
    }

    function test_what_became_enough_because_others_left_is_settled_by_anybody() public {
        uint256 id = _proposePermit(SEND, _subject(ISSUER), ARCHIVE);
        _vote(3, id);
        _leave(1);
        _leave(2);
        vm.prank(STRANGER);
        permissions.settle(id);
        vm.assertEq(permissions.entryCount(SEND), 1, "settled");
    }

    function test_a_proposal_expires() public {
        uint256 id = _proposeMode(SEND, true);
        vm.warp(block.timestamp + permissions.VOTING_PERIOD());
        _vote(1, id);
        vm.warp(block.timestamp + 1);
        vm.assertEq(uint256(permissions.proposal(id).state), uint256(ProposalState.Expired), "expired");
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalClosed.selector, id));
        _vote(2, id);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalClosed.selector, id));
        permissions.settle(id);
    }

    function test_a_proposal_is_taken_back_by_who_made_it_alone() public {
        uint256 id = _proposeMode(SEND, true);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.NotProposer.selector, id, _organization(0)));
        vm.prank(_voter(1));
        permissions.withdraw(id);
        vm.prank(_voter(0));
        permissions.withdraw(id);
        vm.assertEq(uint256(permissions.proposal(id).state), uint256(ProposalState.Withdrawn), "withdrawn");
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalClosed.selector, id));
        _vote(1, id);
    }

    function test_open_proposals_are_bounded_and_those_whose_time_is_over_are_cleared_by_anybody() public {
        uint256 most = permissions.MAX_OPEN_OF_ORGANIZATION();
        for (uint256 i = 1; i <= most; ++i) {
            _proposePermit(SEND, bytes32(i), ARCHIVE);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumVoting.TooManyProposalsOfOrganization.selector, _organization(0), most)
        );
        _proposeMode(SEND, true);
        vm.expectPartialRevert(IConsortiumVoting.ProposalNotExpired.selector);
        permissions.clear(0);
        vm.warp(block.timestamp + permissions.VOTING_PERIOD() + 1);
        vm.prank(STRANGER);
        permissions.clear(0);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalClosed.selector, 0));
        permissions.clear(0);
        (uint256 own, uint256 all) = permissions.openProposals(_organization(0));
        vm.assertEq(own, most - 1, "one less of its own");
        vm.assertEq(all, most - 1, "and of all");
        _proposeMode(SEND, true);
        vm.assertEq(permissions.entryCount(SEND), 0, "nothing was decided");
    }

    function test_votes_that_are_not_there_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalUnknown.selector, 0));
        _vote(0, 0);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.ProposalUnknown.selector, 0));
        permissions.proposal(0);
        uint256 id = _proposeMode(SEND, true);
        vm.expectRevert(abi.encodeWithSelector(IConsortiumVoting.AlreadyVoted.selector, id, _organization(0)));
        _vote(0, id);
    }

    function test_what_makes_no_sense_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IPermissions.SubjectMalformed.selector, SEND, bytes32(0)));
        _proposePermit(SEND, 0, ARCHIVE);
        bytes32 wide = bytes32(uint256(1) << 160);
        vm.expectRevert(abi.encodeWithSelector(IPermissions.SubjectMalformed.selector, DEPLOY, wide));
        _proposePermit(DEPLOY, wide, ARCHIVE);
        vm.expectRevert(abi.encodeWithSelector(IPermissions.OrganizationNameMalformed.selector, bytes32(0)));
        _proposePermit(SEND, _subject(ISSUER), 0);
        bytes32 gap = bytes32(bytes.concat("a", bytes1(0), "b"));
        vm.expectRevert(abi.encodeWithSelector(IPermissions.OrganizationNameMalformed.selector, gap));
        _proposePermit(SEND, _subject(ISSUER), gap);
        vm.expectRevert(abi.encodeWithSelector(IPermissions.NotPermitted.selector, SEND, _subject(ISSUER)));
        _proposeForbid(SEND, _subject(ISSUER));
        vm.expectRevert(abi.encodeWithSelector(IPermissions.ModeUnchanged.selector, SEND, false));
        _proposeMode(SEND, false);
        _pass(_proposePermit(SEND, _subject(ISSUER), ARCHIVE));
        vm.expectRevert(abi.encodeWithSelector(IPermissions.AlreadyPermitted.selector, SEND, _subject(ISSUER)));
        _proposePermit(SEND, _subject(ISSUER), ARCHIVE);
    }

    function test_a_vote_for_what_has_become_impossible_is_refused_with_the_reason() public {
        uint256 first = _proposeMode(SEND, true);
        uint256 second = _proposeMode(SEND, true);
        _pass(first);
        _vote(1, second);
        vm.expectRevert(abi.encodeWithSelector(IPermissions.ModeUnchanged.selector, SEND, true));
        _vote(2, second);
        vm.assertEq(uint256(permissions.proposal(second).state), uint256(ProposalState.Open), "open");
    }

    // PERMIT-9
    function test_a_list_takes_no_more_than_nodes_read() public {
        uint256 most = permissions.MAX_ENTRIES();
        GenesisPermission[] memory first = new GenesisPermission[](most);
        for (uint256 i = 0; i < most; ++i) {
            first[i] = GenesisPermission(SEND, bytes32(i + 1), ARCHIVE);
        }
        bool[3] memory closed;
        _permissions(closed, first);
        vm.expectRevert(abi.encodeWithSelector(IPermissions.ListFull.selector, SEND, most));
        _proposePermit(SEND, bytes32(most + 1), ARCHIVE);
    }

    /// Whoever is permitted, each subject is found again with its organization, and nobody else.
    function testFuzz_subjects_are_found_with_their_organization(bytes32 subject, bytes32 other) public {
        vm.assume(subject != 0 && other != subject);
        _pass(_proposePermit(CONNECT, subject, ARCHIVE));
        _pass(_proposeMode(CONNECT, true));
        vm.assertTrue(permissions.isAllowed(CONNECT, subject), "listed");
        vm.assertFalse(permissions.isAllowed(CONNECT, other), "not listed");
        bytes32 slot = keccak256(abi.encode(subject, uint256(3)));
        vm.assertEq(vm.load(Predeploys.PERMISSIONS, slot), ARCHIVE, "where nodes look");
    }

    function _slot(uint256 slot) private view returns (bytes32) {
        return vm.load(Predeploys.PERMISSIONS, bytes32(slot));
    }

    function _proposePermit(PermissionList list, bytes32 subject, bytes32 organization) private returns (uint256) {
        vm.prank(_voter(0));
        return permissions.proposePermit(list, subject, organization);
    }

    function _proposeForbid(PermissionList list, bytes32 subject) private returns (uint256) {
        vm.prank(_voter(0));
        return permissions.proposeForbid(list, subject);
    }

    function _proposeMode(PermissionList list, bool closed) private returns (uint256) {
        vm.prank(_voter(0));
        return permissions.proposeMode(list, closed);
    }

    function _vote(uint256 by, uint256 id) private {
        vm.prank(_voter(by));
        permissions.vote(id);
    }

    function _pass(uint256 id) private {
        _vote(1, id);
        _vote(2, id);
    }

    /// Passes a proposal; the last event has these topics.
    function _told(uint256 id, bytes memory topics) private {
        vm.recordLogs();
        _pass(id);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        vm.assertEq(abi.encodePacked(last.topics), topics, "the last event");
        vm.assertEq(last.emitter, Predeploys.PERMISSIONS, "of the contract");
    }

    function _leave(uint256 index) private {
        vm.prank(_voter(0));
        uint256 id = members.proposeRemoval(_peerKey(index));
        for (uint256 by = 1; members.proposal(id).state == ProposalState.Open; ++by) {
            if (members.seat(_organization(by)).validators == 0) continue;
            vm.prank(_voter(by));
            members.vote(id);
        }
    }
}
