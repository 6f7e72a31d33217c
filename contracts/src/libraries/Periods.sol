// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Period} from "../types/OrganizationTypes.sol";

/// Stretches of time that follow one another; the last one may be open.
library Periods {
    /// Whether the last period has no end yet.
    function isOpen(Period[] storage periods) internal view returns (bool) {
        uint256 length = periods.length;
        return length != 0 && periods[length - 1].until == 0;
    }

    /// Begins a period. The caller has checked that none is open.
    function open(Period[] storage periods, uint64 from) internal {
        periods.push(Period({from: from, until: 0}));
    }

    /// Ends the open period. The caller has checked that there is one.
    function close(Period[] storage periods, uint64 until) internal {
        periods[periods.length - 1].until = until;
    }

    /// Whether a time lies in one of the periods.
    function contain(Period[] storage periods, uint64 time) internal view returns (bool) {
        for (uint256 i = periods.length; i != 0; --i) {
            Period storage period = periods[i - 1];
            if (period.from <= time && (period.until == 0 || time < period.until)) return true;
        }
        return false;
    }
}
