// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.30;

/// @notice Counts, for whoever deployed it alone.
contract Counter {
    address public immutable OWNER = msg.sender;
    uint256 public count;

    event Counted(address indexed by, uint256 count);

    error NotOwner(address caller, address owner);

    constructor(uint256 start) {
        count = start;
    }

    function add(uint256 step) external {
        if (msg.sender != OWNER) revert NotOwner(msg.sender, OWNER);
        count += step;
        emit Counted(msg.sender, count);
    }
}
