// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {KeyRecord, Organization, Period} from "../../src/types/OrganizationTypes.sol";
import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";
import {OrganizationHandler} from "./OrganizationHandler.sol";

/// The history of organizations and keys, whatever happens in whatever order.
contract OrganizationsInvariants is City {
    OrganizationHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _handler = new OrganizationHandler();
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

    /// What a key was allowed when it signed stays good, whatever was taken away later; only a compromise reaches back.
    function invariant_what_was_allowed_stays_good() external view {
        for (uint256 i = 0; i < _handler.observationCount(); ++i) {
            (address key, uint64 time, bool authorized) = _handler.observations(i);
            if (!authorized) continue;
            uint64 compromised = _handler.compromisedFrom(key);
            if (compromised != 0 && compromised <= time) continue;
            vm.assertTrue(organizations.isAuthorized(key, UNIVERSITY, DEGREE, time), "stays good");
        }
    }

    function invariant_periods_follow_one_another() external view {
        _checkPeriods(organizations.suspensions(UNIVERSITY));
        _checkPeriods(organizations.rightPeriods(UNIVERSITY, DEGREE));
        Organization memory held = organizations.organization(UNIVERSITY);
        Period[] memory suspensions = organizations.suspensions(UNIVERSITY);
        bool open = suspensions.length != 0 && suspensions[suspensions.length - 1].until == 0;
        vm.assertEq(held.suspended, open, "suspended while a period is open");
    }

    function invariant_at_most_one_record_of_a_key_is_open() external view {
        KeyRecord[] memory records = organizations.keyRecordsOf(UNIVERSITY, ISSUER, DEGREE);
        uint256 open = 0;
        for (uint256 i = 0; i < records.length; ++i) {
            bool over = records[i].notAfter != 0 && records[i].notAfter < block.timestamp;
            if (records[i].revokedAt == 0 && !over) ++open;
        }
        vm.assertTrue(open <= 1, "open records");
        vm.assertTrue(records.length <= organizations.MAX_RECORDS_PER_KEY(), "bounded");
    }

    function _checkPeriods(Period[] memory periods) private pure {
        for (uint256 i = 0; i + 1 < periods.length; ++i) {
            vm.assertTrue(periods[i].until != 0, "only the last one is open");
            // A period that was ended in the second in which it began reaches one second into the next one.
            vm.assertTrue(periods[i].until <= periods[i + 1].from + 1, "in order");
        }
    }
}
