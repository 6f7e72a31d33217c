// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Predeploys} from "../../src/libraries/Predeploys.sol";

/// A contract to be released: what its constructor is given, and where it stands, is in its code.
contract Counter {
    /// The first number is too high.
    error TooHigh(uint256 first);

    address public immutable self = address(this);
    uint256 public immutable first;
    uint256 public count;

    constructor(uint256 first_) {
        if (first_ > 100) revert TooHigh(first_);
        first = first_;
        count = first_;
    }

    function increment() external {
        ++count;
    }
}

/// Its code differs whenever it is made.
contract Moment {
    uint256 public immutable made = block.timestamp;
}

/// What a constructor is told to call.
interface Prompter {
    function prompt() external view returns (bytes memory);
}

/// Its constructor calls the registry of releases.
contract Reentrant {
    constructor(Prompter prompter) {
        bytes memory call = prompter.prompt();
        if (call.length == 0) return;
        (bool done, bytes memory reason) = Predeploys.CONTRACT_RELEASES.call(call);
        if (done) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
