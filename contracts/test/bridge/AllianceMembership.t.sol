// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Alliance} from "../../src/bridge/Alliance.sol";
import {IAllianceMembership} from "../../src/interfaces/IAllianceMembership.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {AllianceState, Ballot, BallotKind, Endorser, Requirement} from "../../src/types/MembershipTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";

/// A-EST: an alliance is made, and members join, leave and dissolve it.
contract AllianceMembershipTest is Partnership {
    bytes32 private constant COURT = "court";

    function test_it_is_active_when_the_last_member_has_accepted() public {
        alliance = _propose();
        vm.prank(_authority(BANK));
        alliance.accept(BANK);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.AlreadyDone.selector, BANK));
        vm.prank(_authority(BANK));
        alliance.accept(BANK);
        vm.prank(_authority(LAND));
        alliance.accept(LAND);
        vm.assertTrue(alliance.state() == AllianceState.Proposed, "one is missing");
        vm.prank(_authority(TAX));
        alliance.accept(TAX);
        vm.assertTrue(alliance.state() == AllianceState.Active, "active");
        vm.assertEq(alliance.members().length, 3, "members");
        vm.assertTrue(alliance.isForeign(TAX) && !alliance.isForeign(BANK), "says who is foreign");
    }

    function test_a_proposal_ends_with_the_first_requirement() public {
        alliance = _propose();
        vm.warp(OPEN_UNTIL);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.AcceptingOpen.selector, OPEN_UNTIL));
        alliance.lapse();
        vm.warp(OPEN_UNTIL + 1);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.AcceptingOver.selector, OPEN_UNTIL));
        vm.prank(_authority(BANK));
        alliance.accept(BANK);
        alliance.lapse();
        vm.assertTrue(alliance.state() == AllianceState.Dissolved, "anybody ends it");
    }

    function test_an_anchor_follows_the_members_chain_and_a_foreign_one_has_none() public {
        anchors[TAX] = anchors[BANK];
        vm.expectPartialRevert(IAllianceMembership.AnchorMismatch.selector);
        this.propose();
        delete anchors[TAX];
        (anchors[BANK], anchors[LAND]) = (anchors[LAND], anchors[BANK]);
        vm.expectPartialRevert(IAllianceMembership.AnchorMismatch.selector);
        this.propose();
    }

    function propose() external returns (Alliance) {
        return _propose();
    }

    function test_who_is_not_the_authority_does_nothing_for_a_member() public {
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NotTheAuthority.selector, BANK, _authority(LAND)));
        vm.prank(_authority(LAND));
        alliance.leave(BANK);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NotAMember.selector, COURT));
        alliance.leave(COURT);
    }

    function test_more_than_two_thirds_admit_a_member() public {
        Ballot memory ballot = _admission(_court());
        _vote(BANK, ballot);
        _vote(LAND, ballot);
        vm.assertEq(alliance.members().length, 3, "two of three are not enough");
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.AlreadyDone.selector, LAND));
        _vote(LAND, ballot);
        _vote(TAX, ballot);
        vm.assertEq(alliance.members().length, 4, "admitted");
        vm.assertEq(alliance.weightOf(COURT, A), 7, "by its policy");
        vm.assertEq(alliance.totalWeight(COURT), 7, "total");
    }

    function test_votes_of_another_membership_count_no_more() public {
        Ballot memory removal = Ballot(BallotKind.Remove, TAX, 0, IAnchor(address(0)));
        Ballot memory admission = _admission(_court());
        _vote(BANK, removal);
        _vote(LAND, removal);
        vm.assertEq(alliance.votes(removal).length, 2, "counted");
        for (uint256 i = 0; i < 3; ++i) {
            _vote(_names()[i], admission);
        }
        vm.assertEq(alliance.votes(removal).length, 0, "a new membership");
        _vote(TAX, removal);
        vm.assertEq(alliance.members().length, 4, "nobody was removed");
    }

    function test_a_vote_lapses_after_its_period() public {
        Ballot memory dissolution = Ballot(BallotKind.Dissolve, 0, 0, IAnchor(address(0)));
        _vote(BANK, dissolution);
        _vote(LAND, dissolution);
        vm.warp(NOW + alliance.VOTING_PERIOD() + 1);
        _vote(TAX, dissolution);
        vm.assertTrue(alliance.state() == AllianceState.Active, "two were too old");
        _vote(BANK, dissolution);
        _vote(LAND, dissolution);
        vm.assertTrue(alliance.state() == AllianceState.Dissolved, "dissolved");
    }

    function test_a_removed_member_is_none_and_of_one_member_there_is_no_alliance() public {
        Ballot memory removal = Ballot(BallotKind.Remove, TAX, 0, IAnchor(address(0)));
        for (uint256 i = 0; i < 3; ++i) {
            _vote(_names()[i], removal);
        }
        vm.assertFalse(alliance.memberRecord(TAX).isActive, "removed");
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NotAMember.selector, TAX));
        _vote(TAX, removal);
        vm.prank(_authority(LAND));
        alliance.leave(LAND);
        vm.assertTrue(alliance.state() == AllianceState.Dissolved, "the bank alone");
    }

    function test_the_same_name_on_the_same_chain_renews_its_policy_and_its_authority() public {
        Requirement memory renewed = _requirement(LAND);
        renewed.endorsers = new Endorser[](1);
        renewed.endorsers[0] = Endorser(B, 5);
        vm.prank(address(0x1e));
        uint256 id = requirements.declare(renewed);
        _admit(Ballot(BallotKind.Admit, 0, id, IAnchor(address(anchors[LAND]))));
        vm.assertEq(alliance.weightOf(LAND, A), 0, "of the policy before nothing is left");
        vm.assertEq(alliance.totalWeight(LAND), 5, "total");
        vm.assertEq(alliance.memberRecord(LAND).authority, address(0x1e), "authority");
        vm.assertEq(alliance.members().length, 3, "nobody joined");
    }

    function test_a_name_stands_for_one_node_contract_for_ever_and_this_for_one_name() public {
        Requirement memory moved = _requirement(LAND);
        moved.nodeContract = address(1);
        uint256 id = requirements.declare(moved);
        Ballot memory ballot = Ballot(BallotKind.Admit, 0, id, IAnchor(address(anchors[LAND])));
        _vote(BANK, ballot);
        _vote(LAND, ballot);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NameTaken.selector, LAND));
        _vote(TAX, ballot);

        Requirement memory twin = _requirement(COURT);
        (twin.nodeContract, twin.chainId) = (_nodeContract(TAX), 1);
        ballot = Ballot(BallotKind.Admit, 0, requirements.declare(twin), IAnchor(address(0)));
        _vote(BANK, ballot);
        _vote(LAND, ballot);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NameTaken.selector, COURT));
        _vote(TAX, ballot);
    }

    function test_who_does_not_want_all_of_them_or_wants_something_else_is_not_voted_for() public {
        Requirement memory other = _court();
        other.purpose = "statistics";
        _expectMismatch(other);
        other = _court();
        other.partners = _requirement(TAX).partners;
        _expectMismatch(other);
    }

    function test_a_ballot_has_one_form() public {
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.BallotMalformed.selector));
        _vote(BANK, Ballot(BallotKind.Dissolve, TAX, 0, IAnchor(address(0))));
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.BallotMalformed.selector));
        _vote(BANK, Ballot(BallotKind.Remove, TAX, 1, IAnchor(address(0))));
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.NotAMember.selector, COURT));
        _vote(BANK, Ballot(BallotKind.Remove, COURT, 0, IAnchor(address(0))));
    }

    function _expectMismatch(Requirement memory requirement) private {
        Ballot memory ballot = _admission(requirement);
        vm.expectRevert(abi.encodeWithSelector(IAllianceMembership.RequirementMismatch.selector, ballot.requirement));
        _vote(BANK, ballot);
    }

    function _admit(Ballot memory ballot) private {
        for (uint256 i = 0; i < 3; ++i) {
            _vote(_names()[i], ballot);
        }
    }

    function _vote(bytes32 member, Ballot memory ballot) private {
        vm.prank(_authority(member));
        alliance.vote(member, ballot);
    }

    function _admission(Requirement memory requirement) private returns (Ballot memory) {
        vm.prank(_authority(requirement.name));
        return Ballot(BallotKind.Admit, 0, requirements.declare(requirement), IAnchor(address(0)));
    }

    function _court() private pure returns (Requirement memory requirement) {
        requirement = _requirement(COURT);
        requirement.endorsers = new Endorser[](1);
        requirement.endorsers[0] = Endorser(A, 7);
    }
}
