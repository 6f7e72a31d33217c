// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Entry, Outcome} from "../../src/types/AllianceTypes.sol";
import {vm} from "../support/Vm.sol";
import {RequestHandler} from "./RequestHandler.sol";

/// A node contract, whatever is shown to it in whatever order, again and again (ALLIANCE-3, ALLIANCE-4, ALLIANCE-6).
contract NodeContractsInvariants {
    RequestHandler private _handler = new RequestHandler();

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_an_outcome_follows_from_the_decision_alone() external view {
        for (uint64 number = 1; number <= _handler.count(); ++number) {
            Outcome found = _handler.outcomeOf(number);
            if (found == Outcome.Applied) vm.assertTrue(_handler.commits(number), "applied without a commit");
            if (found == Outcome.Released) vm.assertTrue(!_handler.commits(number), "released in spite of a commit");
        }
    }

    function invariant_keys_are_held_by_reserved_requests_and_by_no_others() external view {
        for (uint256 i = 0; i < _handler.KEYS(); ++i) {
            Entry memory entry = _handler.entryOf(i);
            (uint64 writer, uint64 readers) = (0, 0);
            uint256 writers = 0;
            for (uint64 number = 1; number <= _handler.count(); ++number) {
                if (_handler.outcomeOf(number) != Outcome.Reserved) continue;
                if (_handler.writes(number, i)) {
                    (writer, writers) = (number, writers + 1);
                } else if (_handler.reads(number, i)) {
                    ++readers;
                    vm.assertTrue(entry.oldestReader <= number, "the oldest reader is remembered");
                }
            }
            vm.assertTrue(writers <= 1 && (writers == 0 || readers == 0), "a writer is alone");
            vm.assertEq(uint256(entry.writer), uint256(writer), "writer");
            vm.assertEq(uint256(entry.readers), uint256(readers), "readers");
        }
    }

    function invariant_a_version_counts_what_was_applied() external view {
        for (uint256 i = 0; i < _handler.KEYS(); ++i) {
            uint256 applied = 0;
            for (uint64 number = 1; number <= _handler.count(); ++number) {
                if (_handler.outcomeOf(number) == Outcome.Applied && _handler.writes(number, i)) ++applied;
            }
            vm.assertEq(uint256(_handler.entryOf(i).version), applied, "version");
        }
    }
}
