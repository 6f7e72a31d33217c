// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {KeyRecord, Period} from "../../src/types/OrganizationTypes.sol";
import {KeyFact, OrganizationFact, Origin, RightFact} from "../../src/types/TrustTypes.sol";
import {TrustRegistry} from "../../src/trust/TrustRegistry.sol";
import {City} from "../support/City.sol";
import {StateAnchor} from "../support/StateAnchor.sol";
import {vm} from "../support/Vm.sol";
import {TrustHandler} from "./TrustHandler.sol";

/// Rights on a side chain, whatever the main chain does and whatever is shown in whatever order.
contract TrustInvariants is City {
    uint64 private constant AGE = 600;

    TrustHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _handler = new TrustHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = City.setUp.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    /// All in one campaign: each step of it is paid for once.
    /// forge-config: default.invariant.runs = 96
    function invariant_what_counts_was_given_is_whole_fresh_and_not_long_lost() external view {
        _checkThatNoFactWentBack();
        _checkThatWhatCountsIsFreshOfThisGenerationAndWhole();
        _checkThatWhatWasLostLongerThanTheMaximalAgeAgoDoesNotCount();
        _checkThatNothingCountsThatWasNeverGiven();
    }

    /// The handler is not idle: what does not count by the rules above is shown in it, and counts where it belongs.
    function test_the_handler_shows_both_organizations_and_both_rights() external {
        _handler.showEverything();
        TrustRegistry trust = _handler.registry_();
        vm.assertTrue(trust.isAuthorizedNow(ISSUER, UNIVERSITY, DEGREE), "the university's");
        vm.assertTrue(trust.isAuthorizedNow(OTHER_ISSUER, OTHER_UNIVERSITY, DEGREE), "the other's");
        vm.assertTrue(trust.isAuthorizedNow(OTHER_ISSUER, OTHER_UNIVERSITY, MARRIAGE), "its other right");
    }

    /// TRUST-2.
    function _checkThatNoFactWentBack() private view {
        vm.assertFalse(_handler.wentBack(), "an older proof replaced a newer");
    }

    /// TRUST-3, TRUST-5, TRUST-6.
    function _checkThatWhatCountsIsFreshOfThisGenerationAndWhole() private view {
        TrustRegistry trust = _handler.registry_();
        OrganizationFact memory organization = trust.organizationFact(UNIVERSITY);
        RightFact memory right = trust.rightFact(UNIVERSITY, DEGREE);
        for (uint8 i = 0; i < 2; ++i) {
            address key = _handler.key(i);
            if (!trust.isAuthorizedNow(key, UNIVERSITY, DEGREE)) continue;
            KeyFact memory entry = trust.keyFact(key, UNIVERSITY, DEGREE);
            _checkFresh(organization.origin);
            _checkFresh(right.origin);
            _checkFresh(entry.origin);
            vm.assertTrue(!organization.isSuspended && right.until == 0, "stands");
        }
    }

    /// TRUST-3: whatever was shown, replayed or kept back, a loss is older than the maximal age nowhere.
    function _checkThatWhatWasLostLongerThanTheMaximalAgeAgoDoesNotCount() private view {
        Period[] memory suspensions = organizations.suspensions(UNIVERSITY);
        Period[] memory rights = organizations.rightPeriods(UNIVERSITY, DEGREE);
        bool isLost = suspensions.length != 0 && suspensions[suspensions.length - 1].until == 0
            && block.timestamp >= suspensions[suspensions.length - 1].from + AGE;
        uint64 until = rights[rights.length - 1].until;
        isLost = isLost || (until != 0 && block.timestamp >= until + AGE);
        for (uint8 i = 0; i < 2; ++i) {
            address key = _handler.key(i);
            bool counts = _handler.registry_().isAuthorizedNow(key, UNIVERSITY, DEGREE);
            vm.assertFalse(counts && (isLost || _isRevokedForLong(key)), "a lost right counts");
        }
    }

    /// TRUST-1: nothing counts that the main chain never gave.
    function _checkThatNothingCountsThatWasNeverGiven() private view {
        TrustRegistry trust = _handler.registry_();
        bytes32[2] memory rights = [DEGREE, MARRIAGE];
        for (uint8 i = 0; i < 2; ++i) {
            address key = _handler.key(i);
            vm.assertFalse(trust.isAuthorizedNow(OTHER_ISSUER, UNIVERSITY, rights[i]), "a key of another organization");
            vm.assertFalse(trust.isAuthorizedNow(key, OTHER_UNIVERSITY, DEGREE), "a key of the university elsewhere");
            vm.assertFalse(trust.isAuthorizedNow(key, OTHER_UNIVERSITY, MARRIAGE), "with another right elsewhere");
            vm.assertFalse(trust.isAuthorizedNow(key, UNIVERSITY, MARRIAGE), "a right that was not granted");
        }
        KeyRecord[] memory records = organizations.keyRecordsOf(UNIVERSITY, STRANGER, DEGREE);
        if (records.length == 0) {
            vm.assertFalse(trust.isAuthorizedNow(STRANGER, UNIVERSITY, DEGREE), "a key without a record");
        }
    }

    function _isRevokedForLong(address key) private view returns (bool) {
        KeyRecord[] memory records = organizations.keyRecordsOf(UNIVERSITY, key, DEGREE);
        for (uint256 i = 0; i < records.length; ++i) {
            bool isRevoked = records[i].revokedAt != 0 && records[i].revokedAt + AGE <= block.timestamp;
            bool isOver = records[i].notAfter != 0 && records[i].notAfter < block.timestamp;
            if (!isRevoked && !isOver) return false;
        }
        return true;
    }

    function _checkFresh(Origin memory origin) private view {
        StateAnchor anchor = _handler.anchor_();
        vm.assertEq(anchor.conflict().first, bytes32(0), "not frozen");
        vm.assertEq(uint256(origin.generation), uint256(anchor.generation()), "generation");
        vm.assertTrue(block.timestamp <= origin.time + AGE, "fresh");
    }
}
