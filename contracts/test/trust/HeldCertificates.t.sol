// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IAnchoredFacts} from "../../src/interfaces/IAnchoredFacts.sol";
import {IHeldCertificates} from "../../src/interfaces/IHeldCertificates.sol";
import {RegistrySlots} from "../../src/libraries/RegistrySlots.sol";
import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {CertificateStatus, Issue, Outcome} from "../../src/types/CertificateTypes.sol";
import {CertificateFact} from "../../src/types/TrustTypes.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Which kinds of certificates a holder has (`docs/specs/trust.md`).
contract HeldCertificatesTest is TrustCity {
    function setUp() public override {
        super.setUp();
        _send(_issue(FIRST));
    }

    /// What viem has signed for a contract in the genesis of a side chain is taken there.
    function test_a_consent_is_hashed_as_the_vectors_say() public {
        string memory json = vm.readFile("../crates/primitives/vectors/disclosures.json");
        HeldCertificates there = HeldCertificates(vm.parseJsonAddress(json, ".vectors[0].verifyingContract"));
        vm.etch(address(there), address(held).code);
        vm.chainId(vm.parseJsonUint(json, ".vectors[0].chainId"));
        address holder = vm.parseJsonAddress(json, ".vectors[0].operation.holder");
        uint64 until = uint64(vm.parseJsonUint(json, ".vectors[0].operation.until"));
        bytes32 digest = vm.parseJsonBytes32(json, ".vectors[0].digest");
        vm.assertEq(there.discloseDigest(holder, DEGREE, until), digest, "the digest");
        there.disclose(holder, DEGREE, until, vm.parseJsonBytes(json, ".vectors[0].signature"));
        vm.assertEq(uint256(there.disclosedUntil(holder, DEGREE)), until, "taken");
    }

    function test_a_kind_is_shown_if_its_holder_agrees() public {
        uint64 until = _day();
        bytes memory consent = _consent(DEGREE, until);
        vm.expectEmit(address(held));
        emit IHeldCertificates.Disclosed(HOLDER, DEGREE, until, 0);
        held.disclose(HOLDER, DEGREE, until, consent);
        vm.assertFalse(held.isHeld(HOLDER, DEGREE), "nothing was shown yet");
        uint64 number = _anchored();
        vm.expectEmit(address(held));
        emit IHeldCertificates.CertificateShown(
            HOLDER, DEGREE, number, uint64(block.timestamp), CertificateStatus.VALID
        );
        _show(number, FIRST);
        _expectHeld(true);
        CertificateFact memory fact = held.heldFact(HOLDER, DEGREE);
        vm.assertEq(fact.organization, UNIVERSITY, "who has issued it");
        vm.assertEq(uint256(fact.validFrom), START, "from");
        vm.assertEq(uint256(fact.validUntil), START + 365 days, "until");
        vm.assertEq(uint256(fact.origin.number), number, "seen in");
        vm.assertFalse(held.isHeld(STRANGER, DEGREE), "of its holder alone");
        vm.assertFalse(held.isHeld(HOLDER, MARRIAGE), "of its kind alone");
    }

    /// C-CHAINS, SHOWN-7: until when what stands for a kind is valid is found without its number (slot 7: by holder, then by kind), with the block that showed it, and only as long
    /// as it is valid.
    function test_the_end_of_its_period_is_found_without_its_number() public {
        _disclose(DEGREE, _day());
        vm.assertEq(_periodOf(HOLDER, DEGREE), 0, "nothing was shown");
        uint64 number = _anchored();
        _show(number, FIRST);
        uint256 until = START + 365 days;
        vm.assertEq(_periodOf(HOLDER, DEGREE), (uint256(number) << 64) | until, "shown");
        number = _anchored();
        _show(number, FIRST);
        vm.assertEq(_periodOf(HOLDER, DEGREE), (uint256(number) << 64) | until, "shown again");
        vm.assertEq(_periodOf(HOLDER, MARRIAGE), 0, "of its kind alone");
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        _show(_anchored(), FIRST);
        vm.assertEq(_periodOf(HOLDER, DEGREE), 0, "lost");
    }

    function _periodOf(address holder, bytes32 kind) private view returns (uint256) {
        bytes32 ofHolder = keccak256(abi.encode(holder, uint256(7)));
        return uint256(vm.load(address(held), keccak256(abi.encode(kind, ofHolder))));
    }

    /// TRUST-7.
    function test_without_the_holders_consent_nothing_is_shown() public {
        uint64 number = _anchored();
        bytes memory refusal = abi.encodeWithSelector(IHeldCertificates.NotDisclosed.selector, HOLDER, DEGREE);
        vm.expectRevert(refusal);
        _show(number, FIRST);
        _disclose(MARRIAGE, _day());
        vm.expectRevert(refusal);
        _show(number, FIRST);

        uint64 until = _day();
        bytes32 digest = held.discloseDigest(HOLDER, DEGREE, until);
        bytes memory another = _signature(STRANGER_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.SignatureInvalid.selector, HOLDER, digest));
        held.disclose(HOLDER, DEGREE, until, another);
        bytes memory consent = _consent(DEGREE, until);
        digest = held.discloseDigest(HOLDER, DEGREE, until + 1);
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.SignatureInvalid.selector, HOLDER, digest));
        held.disclose(HOLDER, DEGREE, until + 1, consent);
        vm.assertEq(uint256(held.disclosedUntil(HOLDER, DEGREE)), 0, "the holder has not agreed");
    }

    /// TRUST-9.
    function test_consent_that_was_taken_back_answers_as_if_nothing_was_shown_and_cannot_be_sent_again() public {
        uint64 until = _day();
        bytes memory consent = _consent(DEGREE, until);
        held.disclose(HOLDER, DEGREE, until, consent);
        uint64 number = _anchored();
        _show(number, FIRST);
        _expectHeld(true);
        _disclose(DEGREE, 0);
        _expectHeld(false);
        bytes32 digest = held.discloseDigest(HOLDER, DEGREE, until);
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.SignatureInvalid.selector, HOLDER, digest));
        held.disclose(HOLDER, DEGREE, until, consent);
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.NotDisclosed.selector, HOLDER, DEGREE));
        _show(number, FIRST);
        _disclose(DEGREE, until);
        _expectHeld(true);
    }

    function test_consent_ends_with_its_time() public {
        uint64 until = uint64(block.timestamp) + 100;
        _disclose(DEGREE, until);
        _show(_anchored(), FIRST);
        vm.warp(until);
        _expectHeld(true);
        vm.assertEq(uint256(held.disclosedUntil(HOLDER, DEGREE)), until, "agreed");
        vm.warp(until + 1);
        _expectHeld(false);
        vm.assertEq(uint256(held.disclosedUntil(HOLDER, DEGREE)), 0, "over");
    }

    function test_consent_is_for_a_time_that_lies_ahead_and_for_a_year_at_most() public {
        uint64 latest = uint64(block.timestamp) + 366 days;
        uint64[2] memory wrong = [uint64(block.timestamp), latest + 1];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory consent = _consent(DEGREE, wrong[i]);
            vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.DisclosureTime.selector, wrong[i], latest));
            held.disclose(HOLDER, DEGREE, wrong[i], consent);
        }
        _disclose(DEGREE, latest);
    }

    /// TRUST-8, TRUST-2.
    function test_a_revocation_that_was_shown_cannot_be_undone_by_an_older_proof() public {
        _disclose(DEGREE, _day());
        uint64 early = _anchored();
        _show(early, FIRST);
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        uint64 late = _anchored();
        _expectHeld(true);
        _show(late, FIRST);
        _expectHeld(false);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredFacts.FactOlder.selector, early, late));
        _show(early, FIRST);
    }

    /// TRUST-3.
    function test_what_nobody_shows_again_lapses() public {
        _disclose(DEGREE, _day());
        uint64 shownAt = uint64(block.timestamp);
        uint64 number = _anchored();
        vm.warp(shownAt + MAX_AGE);
        _show(number, FIRST);
        _expectHeld(true);
        vm.warp(shownAt + MAX_AGE + 1);
        _expectHeld(false);
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.FactLapsed.selector, number, shownAt));
        _show(number, FIRST);
        _expectHeld(false);
        _show(_anchored(), FIRST);
        _expectHeld(true);
    }

    /// TRUST-2: of two certificates of a kind, an older proof of the one does not push out the other.
    function test_an_older_proof_of_another_certificate_does_not_take_the_place_of_a_newer_one() public {
        _disclose(DEGREE, _day());
        _send(_issue(SECOND));
        uint64 early = _anchored();
        vm.warp(block.timestamp + MAX_AGE);
        uint64 late = _anchored();
        _show(late, FIRST);
        _show(early, SECOND);
        vm.assertEq(uint256(held.heldFact(HOLDER, DEGREE).origin.number), late, "the newer one stands");
        vm.warp(block.timestamp + 1);
        _expectHeld(true);
        vm.expectPartialRevert(IHeldCertificates.FactLapsed.selector);
        _show(early, SECOND);
        _expectHeld(true);
        // From the same block on the other may stand for the kind, and from any once the first does not.
        _show(late, SECOND);
        _send(_change(SECOND, CertificateStatus.REVOKED, 0, 0));
        _show(_anchored(), SECOND);
        _expectHeld(false);
        _show(late, FIRST);
        _expectHeld(true);
    }

    /// TRUST-8: whoever takes consent back cannot keep a revocation away by it.
    function test_a_loss_is_written_without_consent_and_says_nothing() public {
        uint64 until = _day();
        _disclose(DEGREE, until);
        _show(_anchored(), FIRST);
        _disclose(DEGREE, 0);
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        uint64 number = _anchored();
        vm.recordLogs();
        _show(number, FIRST);
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event discloses it");
        _disclose(DEGREE, until);
        _expectHeld(false);
    }

    function test_without_consent_nothing_is_said_of_a_loss_that_was_never_shown_to_be_one() public {
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        uint64 number = _anchored();
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.NotDisclosed.selector, HOLDER, DEGREE));
        _show(number, FIRST);
    }

    /// TRUST-8: the outcomes are those of the registry.
    function test_a_certificate_is_held_while_the_registry_would_call_it_valid() public {
        Issue memory short = _issue(SECOND);
        short.validFrom = uint64(block.timestamp);
        short.validUntil = short.validFrom + 100;
        _send(short);
        _disclose(DEGREE, _day());
        _show(_anchored(), SECOND);
        vm.warp(short.validUntil - 1);
        _expectHeld(true);
        vm.warp(short.validUntil);
        _expectHeld(false);
        uint64 number = _anchored();
        _show(number, FIRST);
        _expectHeld(true);
        _send(_change(FIRST, CertificateStatus.SUSPENDED, 6, 0));
        _show(_anchored(), FIRST);
        _expectHeld(false);
        _send(_change(FIRST, CertificateStatus.VALID, 0, 1));
        _show(_anchored(), FIRST);
        _expectHeld(true);
    }

    function test_a_renewal_takes_the_place_of_what_it_renews() public {
        _disclose(DEGREE, _day());
        _show(_anchored(), FIRST);
        Issue memory renewal = _issue(SECOND);
        renewal.previous = FIRST;
        _send(renewal);
        uint64 number = _anchored();
        _show(number, FIRST);
        _expectHeld(false);
        _show(number, SECOND);
        _expectHeld(true);
    }

    function test_what_is_not_valid_and_was_never_shown_is_nobodys_business() public {
        _disclose(DEGREE, _day());
        uint64 number = _anchored();
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.CertificateUnknown.selector, SECOND));
        _show(number, SECOND);
        _send(_change(FIRST, CertificateStatus.REVOKED, 0, 0));
        number = _anchored();
        vm.expectRevert(abi.encodeWithSelector(IHeldCertificates.CertificateNotValid.selector, FIRST, Outcome.REVOKED));
        _show(number, FIRST);
    }

    /// TRUST-5.
    function test_while_the_anchor_is_frozen_and_after_a_vote_nothing_is_held() public {
        _disclose(DEGREE, _day());
        uint64 number = _anchored();
        _show(number, FIRST);
        anchor.freeze();
        _expectHeld(false);
        vm.expectPartialRevert(IAnchor.AnchorFrozen.selector);
        _show(number, FIRST);
        anchor.trustAnew();
        _expectHeld(false);
        height = 50;
        _show(_anchored(), FIRST);
        _expectHeld(true);
    }

    /// TRUST-5: on the branch that is believed after a vote the same id may be somebody else's.
    function test_the_same_certificate_of_another_holder_does_not_refresh_the_first() public {
        uint64 until = _day();
        _disclose(DEGREE, until);
        _show(_anchored(), FIRST);
        anchor.trustAnew();
        bytes32 slot = RegistrySlots.holder(FIRST);
        uint256 word = uint256(vm.load(address(registry), slot)) >> 160 << 160;
        vm.store(address(registry), slot, bytes32(word | uint160(STRANGER)));
        held.disclose(STRANGER, DEGREE, until, _signature(STRANGER_KEY, held.discloseDigest(STRANGER, DEGREE, until)));
        _show(_anchored(), FIRST);
        vm.assertTrue(held.isHeld(STRANGER, DEGREE), "of whom it is now");
        _expectHeld(false);
    }

    /// TRUST-4.
    function test_a_block_that_lies_ahead_is_refused() public {
        _disclose(DEGREE, _day());
        uint64 time = uint64(block.timestamp) + 61;
        uint64 number = _anchoredAt(time);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredFacts.BlockAhead.selector, number, time, time - 1));
        _show(number, FIRST);
    }

    function _expectHeld(bool expected) private view {
        vm.assertEq(held.isHeld(HOLDER, DEGREE), expected, "is held");
        bytes32[] memory kinds = held.kindsOf(HOLDER);
        vm.assertEq(kinds.length, expected ? 1 : 0, "kinds");
        if (expected) vm.assertEq(kinds[0], DEGREE, "the kind");
        vm.assertEq(held.heldFact(HOLDER, DEGREE).origin.time != 0, expected, "fact");
    }
}
