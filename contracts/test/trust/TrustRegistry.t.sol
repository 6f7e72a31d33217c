// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IAnchoredFacts} from "../../src/interfaces/IAnchoredFacts.sol";
import {ICertificateRegistry} from "../../src/interfaces/ICertificateRegistry.sol";
import {ITrustRegistry} from "../../src/interfaces/ITrustRegistry.sol";
import {TrustRegistry} from "../../src/trust/TrustRegistry.sol";
import {Issue} from "../../src/types/CertificateTypes.sol";
import {Refusal} from "../../src/types/TrustTypes.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Rights of the main chain on a side chain (`docs/specs/trust.md`).
contract TrustRegistryTest is TrustCity {
    function test_an_organization_of_the_main_chain_issues_by_proof() public {
        _expectRefusedIssue();
        uint64 number = _anchored();
        vm.expectEmit(address(trust));
        emit ITrustRegistry.OrganizationShown(UNIVERSITY, number, uint64(block.timestamp), false);
        _showOrganization(number);
        vm.expectEmit(address(trust));
        emit ITrustRegistry.RightShown(UNIVERSITY, DEGREE, number, uint64(block.timestamp), 0, 0);
        _showRight(number, 0);
        _showKey(number, 0);
        _issueOnTheSide(FIRST);
        vm.assertEq(side.certificate(FIRST).issuer, ISSUER, "recorded");
    }

    /// TRUST-6.
    function test_a_signature_counts_only_with_all_three_facts() public {
        uint64 number = _anchored();
        _expect(Refusal.OrganizationNotShown);
        _showOrganization(number);
        _expect(Refusal.RightNotShown);
        _showRight(number, 0);
        _expect(Refusal.KeyNotShown);
        _showKey(number, 0);
        _expect(Refusal.None);
        vm.assertTrue(
            trust.refusalOf(OTHER_ISSUER, UNIVERSITY, DEGREE) == Refusal.KeyNotShown, "another key was not shown"
        );
        vm.assertTrue(trust.refusalOf(ISSUER, UNIVERSITY, MARRIAGE) == Refusal.RightNotShown, "nor another right");
    }

    /// TRUST-6: the end of one reaches every key under it.
    function test_one_proof_of_a_suspension_stops_every_key() public {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, 0, 0);
        uint64 number = _anchored();
        _showAll(number);
        _showKey(number, 1);
        vm.assertTrue(trust.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "both keys stand");
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        _showOrganization(_anchored());
        _expect(Refusal.OrganizationSuspended);
        vm.assertTrue(trust.refusalOf(STRANGER, UNIVERSITY, DEGREE) == Refusal.OrganizationSuspended, "both are gone");
        _expectRefusedIssue();
        vm.prank(OPERATOR);
        organizations.resumeOrganization(UNIVERSITY);
        _showOrganization(_anchored());
        _expect(Refusal.None);
    }

    function test_a_right_that_was_taken_away_ends_and_one_that_is_given_again_counts() public {
        _showAll(_anchored());
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        uint64 lost = _anchored();
        _showRight(lost, 0);
        _expect(Refusal.RightEnded);
        vm.warp(block.timestamp + 10);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, DEGREE);
        uint64 given = _anchored();
        _showRight(given, 1);
        _expect(Refusal.None);
        // What is said of the first period says nothing of the second, however new it is.
        uint64 later = _anchored();
        vm.expectRevert(abi.encodeWithSelector(ITrustRegistry.IndexOlder.selector, 0, 1));
        _showRight(later, 0);
    }

    /// TRUST-2.
    function test_a_proof_from_before_the_loss_is_refused_after_the_loss_was_shown() public {
        uint64 early = _anchored();
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, 0, 0);
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        uint64 late = _anchored();
        _showAll(late);
        bytes memory refusal = abi.encodeWithSelector(IAnchoredFacts.FactOlder.selector, early, late);
        vm.expectRevert(refusal);
        _showOrganization(early);
        vm.expectRevert(refusal);
        _showRight(early, 0);
        vm.expectRevert(refusal);
        _showKey(early, 0);
        _expect(Refusal.OrganizationSuspended);
        _showAll(late);
        _expect(Refusal.OrganizationSuspended);
    }

    /// TRUST-3: to the second, and from the block's time on, whenever it is shown.
    function test_what_nobody_shows_again_lapses() public {
        uint64 shownAt = uint64(block.timestamp);
        uint64 number = _anchored();
        vm.warp(shownAt + MAX_AGE);
        _showAll(number);
        _expect(Refusal.None);
        vm.warp(shownAt + MAX_AGE + 1);
        _expect(Refusal.OrganizationLapsed);
        _expectRefusedIssue();
        _showAll(number);
        _expect(Refusal.OrganizationLapsed);

        uint64 next = _anchored();
        _showOrganization(next);
        _expect(Refusal.RightLapsed);
        _showRight(next, 0);
        _expect(Refusal.KeyLapsed);
        _showKey(next, 0);
        _expect(Refusal.None);
    }

    /// TRUST-3, whatever the time of the loss and of the show.
    function testFuzz_a_lost_right_is_never_used_longer_than_the_maximal_age(uint16 shownAfter, uint16 usedAfter)
        public
    {
        (shownAfter, usedAfter) = (shownAfter % (2 * uint16(MAX_AGE)), usedAfter % (2 * uint16(MAX_AGE)));
        uint64 lostAt = uint64(block.timestamp);
        uint64 number = _anchored();
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        vm.warp(uint256(lostAt) + shownAfter);
        _showAll(number);
        vm.warp(uint256(lostAt) + shownAfter + usedAfter);
        bool isLate = block.timestamp > lostAt + MAX_AGE;
        vm.assertEq(trust.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), !isLate, "until then, and not longer");
    }

    /// TRUST-4.
    function test_a_block_that_lies_more_than_a_minute_ahead_is_refused() public {
        uint64 latest = uint64(block.timestamp) + 60;
        uint64 number = _anchoredAt(latest + 1);
        bytes memory refusal = abi.encodeWithSelector(IAnchoredFacts.BlockAhead.selector, number, latest + 1, latest);
        vm.expectRevert(refusal);
        _showOrganization(number);
        vm.expectRevert(refusal);
        _showRight(number, 0);
        vm.expectRevert(refusal);
        _showKey(number, 0);
        _showAll(_anchoredAt(latest));
        vm.warp(latest);
        _expect(Refusal.None);
    }

    /// TRUST-4, TRUST-10: what begins on the main chain begins here when that second has come, not with the proof.
    function test_a_right_of_a_block_ahead_counts_from_its_own_second_on() public {
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        _showAll(_anchored());
        uint64 now_ = uint64(block.timestamp);
        vm.warp(now_ + 30);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, DEGREE);
        uint64 number = _anchored();
        vm.warp(now_);
        _showRight(number, 1);
        vm.assertEq(uint256(trust.rightFact(UNIVERSITY, DEGREE).from), now_ + 30, "from");
        _expect(Refusal.RightNotYet);
        vm.warp(now_ + 29);
        _expect(Refusal.RightNotYet);
        _expectRefusedIssue();
        vm.warp(now_ + 30);
        _expect(Refusal.None);
    }

    /// TRUST-4, TRUST-10.
    function test_after_a_suspension_an_organization_counts_from_the_second_of_the_block_that_shows_it() public {
        vm.prank(OPERATOR);
        organizations.suspendOrganization(UNIVERSITY);
        _showAll(_anchored());
        _expect(Refusal.OrganizationSuspended);
        uint64 now_ = uint64(block.timestamp);
        vm.warp(now_ + 30);
        vm.prank(OPERATOR);
        organizations.resumeOrganization(UNIVERSITY);
        uint64 resumed = _anchored();
        vm.warp(now_);
        _showOrganization(resumed);
        _expect(Refusal.OrganizationNotYet);
        _expectRefusedIssue();
        vm.warp(now_ + 30);
        _expect(Refusal.None);
        // What stands is not interrupted by a newer block that is ahead.
        _showOrganization(_anchoredAt(now_ + 80));
        _expect(Refusal.None);
        vm.assertEq(uint256(trust.organizationFact(UNIVERSITY).from), now_ + 30, "since then");
    }

    /// TRUST-5: after a vote nothing is known of what was before.
    function test_after_a_vote_an_organization_counts_from_the_first_block_that_shows_it() public {
        _showAll(_anchored());
        anchor.trustAnew();
        uint64 now_ = uint64(block.timestamp);
        _showAll(_anchoredAt(now_ + 20));
        _expect(Refusal.OrganizationNotYet);
        vm.warp(now_ + 20);
        _expect(Refusal.None);
    }

    /// TRUST-5.
    function test_while_the_anchor_is_frozen_nothing_counts_and_nothing_is_shown() public {
        uint64 number = _anchored();
        _showAll(number);
        anchor.freeze();
        _expect(Refusal.AnchorFrozen);
        _expectRefusedIssue();
        vm.expectPartialRevert(IAnchor.AnchorFrozen.selector);
        _showOrganization(number);
    }

    /// TRUST-5.
    function test_after_a_vote_everything_has_to_be_shown_again() public {
        vm.prank(OPERATOR);
        organizations.revokeRight(UNIVERSITY, DEGREE);
        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, DEGREE);
        uint64 number = _anchored();
        _showOrganization(number);
        _showRight(number, 1);
        _showKey(number, 0);
        _expect(Refusal.None);
        anchor.freeze();
        anchor.trustAnew();
        _expect(Refusal.OrganizationNotShown);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, number));
        _showOrganization(number);

        // The branch that is believed now may be behind the one that was believed before, and have fewer periods.
        height = 50;
        uint64 lower = _anchored();
        _showOrganization(lower);
        _expect(Refusal.RightNotShown);
        _showRight(lower, 0);
        _expect(Refusal.RightEnded);
        _showRight(lower, 1);
        _expect(Refusal.KeyNotShown);
        _showKey(lower, 0);
        _expect(Refusal.None);
    }

    function test_after_a_rotation_each_key_follows_its_own_record() public {
        _showAll(_anchored());
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.rotateKey(UNIVERSITY, ISSUER, STRANGER, DEGREE, 0);
        uint64 number = _anchored();
        _expect(Refusal.None);
        _showKey(number, 1);
        vm.assertTrue(trust.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "the successor counts");
        _expect(Refusal.None);
        _showKey(number, 0);
        _expect(Refusal.KeyEnded);
        vm.assertTrue(trust.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "it still does");
    }

    /// A limit: the main chain takes a new record of a key while an announced end of the one before lies ahead, and both count there. Here the later one is kept.
    function test_a_record_beside_one_that_still_counts_refuses_more_than_the_main_chain() public {
        uint64 start = uint64(block.timestamp);
        _showAll(_anchored());
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, start + 100, 4);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, ISSUER, DEGREE, start + 50, 0);
        uint64 number = _anchored();
        _showKey(number, 0);
        _expect(Refusal.None);
        _showKey(number, 1);
        vm.assertTrue(organizations.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "there the first counts");
        _expect(Refusal.KeyNotYet);
        vm.expectRevert(abi.encodeWithSelector(ITrustRegistry.IndexOlder.selector, 0, 1));
        _showKey(number, 0);
    }

    function test_a_record_counts_in_its_time_as_the_main_chain_says() public {
        uint64 start = uint64(block.timestamp);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, STRANGER, DEGREE, start + 10, start + 100);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.revokeKey(UNIVERSITY, ISSUER, DEGREE, start + 50, 4);
        uint64 number = _anchored();
        _showAll(number);
        _showKey(number, 1);
        uint16[8] memory after_ = [uint16(0), 9, 10, 48, 49, 50, 100, 101];
        for (uint256 i = 0; i < after_.length; ++i) {
            vm.warp(start + after_[i]);
            for (uint256 j = 0; j < 2; ++j) {
                address key = j == 0 ? ISSUER : STRANGER;
                bool expected = organizations.isAuthorizedNow(key, UNIVERSITY, DEGREE);
                vm.assertEq(trust.isAuthorizedNow(key, UNIVERSITY, DEGREE), expected, vm.toString(after_[i]));
            }
        }
        vm.warp(start);
        vm.assertTrue(trust.refusalOf(STRANGER, UNIVERSITY, DEGREE) == Refusal.KeyNotYet, "not yet");
    }

    function test_what_the_main_chain_does_not_know_cannot_be_shown() public {
        uint64 number = _anchored();
        vm.expectRevert(abi.encodeWithSelector(ITrustRegistry.RightNotGranted.selector, UNIVERSITY, DEGREE, 1));
        _showRight(number, 1);
        vm.expectRevert(abi.encodeWithSelector(ITrustRegistry.KeyNotRecorded.selector, UNIVERSITY, 1));
        _showKey(number, 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotAnchored.selector, number + 1));
        _showOrganization(number + 1);
    }

    function test_a_maximal_age_is_at_least_five_minutes_and_at_most_a_week() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchoredFacts.MaxAgeMalformed.selector, 5 minutes - 1));
        new TrustRegistry(IAnchor(address(anchor)), address(1), 5 minutes - 1);
        new TrustRegistry(IAnchor(address(anchor)), address(1), 5 minutes);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredFacts.MaxAgeMalformed.selector, 7 days + 1));
        new TrustRegistry(IAnchor(address(anchor)), address(1), 7 days + 1);
        TrustRegistry made = new TrustRegistry(IAnchor(address(anchor)), address(1), 7 days);
        vm.assertEq(uint256(made.maxAge()), 7 days, "kept");
        vm.assertEq(made.anchor(), address(anchor), "the anchor");
        vm.assertEq(made.source(), address(1), "the registry");
    }

    function _expect(Refusal expected) private view {
        Refusal found = trust.refusalOf(ISSUER, UNIVERSITY, DEGREE);
        vm.assertEq(uint256(found), uint256(expected), "refusal");
        vm.assertEq(trust.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), expected == Refusal.None, "the same answer");
    }

    function _issueOnTheSide(bytes32 certificateId) private {
        Issue memory operation = _issue(certificateId);
        side.issue(operation, ISSUER, _signature(ISSUER_KEY, side.issueDigest(operation)), SEALED);
    }

    function _expectRefusedIssue() private {
        Issue memory operation = _issue(FIRST);
        bytes memory signature = _signature(ISSUER_KEY, side.issueDigest(operation));
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateRegistry.SignerNotAuthorized.selector, ISSUER, UNIVERSITY, DEGREE)
        );
        side.issue(operation, ISSUER, signature, SEALED);
    }
}
