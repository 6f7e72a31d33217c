// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Outcome, RequestState} from "../../src/types/AllianceTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// The whole protocol with the contracts themselves, whatever a relay does (ALLIANCE-1, ALLIANCE-2, ALLIANCE-5, ALLIANCE-7, ALLIANCE-9).
contract ProtocolInvariants {
    int256 private constant MONEY = 400;
    ProtocolHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() external {
        _handler = new ProtocolHandler();
        _handler.prepare();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = Partnership.setUp.selector;
        selectors[1] = ProtocolHandler.prepare.selector;
        selectors[2] = ProtocolHandler.settle.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    function invariant_both_or_neither_and_money_is_constant() external view {
        _assertNoHalfCommit();
        _assertMoney();
        _assertCommitsRestOnReservations();
    }

    /// ALLIANCE-7: whatever has happened, one header after the deadlines ends every reservation.
    function afterInvariant() external {
        _handler.settle();
        vm.assertFalse(_handler.isHeld(), "something is held");
        vm.assertTrue(_handler.money() == MONEY, "money, settled");
    }

    /// ALLIANCE-5.
    function _assertNoHalfCommit() private view {
        for (uint64 number = 1; number <= _handler.count(); ++number) {
            (Outcome one, Outcome other) = (_handler.outcomeOf(number, 0), _handler.outcomeOf(number, 1));
            vm.assertFalse(one == Outcome.Applied && _isGivenBack(other), "half, at the first");
            vm.assertFalse(other == Outcome.Applied && _isGivenBack(one), "half, at the second");
        }
    }

    /// ALLIANCE-9: what is committed and not applied yet is counted.
    function _assertMoney() private view {
        int256 sum = _handler.money();
        for (uint64 number = 1; number <= _handler.count(); ++number) {
            if (_handler.stateOf(number) != RequestState.Committed) continue;
            for (uint256 party = 0; party < 2; ++party) {
                if (_handler.outcomeOf(number, party) != Outcome.Applied) sum += _handler.changeOf(number, party);
            }
        }
        vm.assertTrue(sum == MONEY, "money");
    }

    /// ALLIANCE-2: of a committed request every part is reserved or applied.
    function _assertCommitsRestOnReservations() private view {
        for (uint64 number = 1; number <= _handler.count(); ++number) {
            if (_handler.stateOf(number) != RequestState.Committed) continue;
            for (uint256 party = 0; party < 2; ++party) {
                Outcome found = _handler.outcomeOf(number, party);
                vm.assertTrue(found == Outcome.Reserved || found == Outcome.Applied, "reserved");
            }
        }
    }

    function _isGivenBack(Outcome outcome) private pure returns (bool) {
        return outcome == Outcome.Released || outcome == Outcome.Refused;
    }
}
