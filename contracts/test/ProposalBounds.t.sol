// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {ProposalState} from "../src/types/ValidatorTypes.sol";
import {Consortium} from "./support/Consortium.sol";
import {vm} from "./support/Vm.sol";

/// MEMBER-7 of `docs/specs/finality.md`: how many proposals may be open.
contract ProposalBoundsTest is Consortium {
    uint256 private constant OWN = 8;
    uint256 private constant ALL = 256;

    function test_an_organization_has_a_bounded_number_of_open_proposals_and_the_others_go_on() public {
        _consortium(4);
        for (uint256 i = 0; i < OWN; ++i) {
            _propose(0);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorRegistry.TooManyProposalsOfOrganization.selector, _organization(0), OWN)
        );
        vm.prank(_voter(0));
        members.proposeVoter(_organization(3), address(0x9999));
        _propose(1);
        _count(0, OWN, OWN + 1);
    }

    function test_a_proposal_that_is_carried_out_or_withdrawn_makes_room() public {
        _consortium(4);
        uint256 first = _propose(0);
        uint256 second = _propose(0);
        _count(0, 2, 2);
        _vote(1, first);
        _vote(2, first);
        _count(0, 1, 1);
        vm.prank(_voter(0));
        members.withdraw(second);
        _count(0, 0, 0);
        vm.assertEq(uint256(members.proposal(second).state), uint256(ProposalState.Withdrawn), "withdrawn");
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalClosed.selector, second));
        _vote(1, second);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalClosed.selector, second));
        vm.prank(_voter(0));
        members.withdraw(second);
    }

    function test_only_the_organization_that_made_a_proposal_takes_it_back() public {
        _consortium(4);
        uint256 id = _propose(0);
        _vote(1, id);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NotProposer.selector, id, _organization(0)));
        vm.prank(_voter(1));
        members.withdraw(id);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.NotAVoter.selector, STRANGER));
        vm.prank(STRANGER);
        members.withdraw(id);
        _count(0, 1, 1);
    }

    function test_anybody_clears_a_proposal_whose_time_is_over_once() public {
        _consortium(4);
        uint256 id = _propose(0);
        uint64 expiresAt = members.proposal(id).expiresAt;
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalNotExpired.selector, id, expiresAt));
        members.clear(id);
        vm.warp(expiresAt + 1);
        _count(0, 1, 1);
        vm.prank(STRANGER);
        members.clear(id);
        _count(0, 0, 0);
        vm.assertEq(uint256(members.proposal(id).state), uint256(ProposalState.Expired), "expired");
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalClosed.selector, id));
        members.clear(id);
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.ProposalUnknown.selector, 7));
        members.clear(7);
    }

    function test_all_organizations_together_have_a_bounded_number_of_open_proposals() public {
        uint256 organizations = ALL / OWN + 1;
        _consortium(organizations);
        for (uint256 by = 0; by + 1 < organizations; ++by) {
            for (uint256 i = 0; i < OWN; ++i) {
                _propose(by);
            }
        }
        vm.expectRevert(abi.encodeWithSelector(IValidatorRegistry.TooManyProposals.selector, ALL));
        vm.prank(_voter(organizations - 1));
        members.proposeVoter(_organization(3), address(0x9999));
        vm.prank(_voter(5));
        members.withdraw(5 * OWN);
        _propose(organizations - 1);
        _count(organizations - 1, 1, ALL);
    }

    /// Another voter for the last organization; each time another one.
    function _propose(uint256 by) private returns (uint256) {
        address voter = address(uint160(0x9000 + members.proposalCount()));
        vm.prank(_voter(by));
        return members.proposeVoter(_organization(3), voter);
    }

    function _vote(uint256 by, uint256 id) private {
        vm.prank(_voter(by));
        members.vote(id);
    }

    function _count(uint256 organization, uint256 own, uint256 all) private view {
        (uint256 foundOwn, uint256 foundAll) = members.openProposals(_organization(organization));
        vm.assertEq(foundOwn, own, "open proposals of the organization");
        vm.assertEq(foundAll, all, "open proposals");
    }
}
