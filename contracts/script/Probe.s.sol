// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.30;

interface Broadcaster {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @notice Something to deploy.
contract Probe {
    uint256 public value;

    function set(uint256 newValue) external {
        value = newValue;
    }
}

/// @notice Deploys and calls a contract through `forge script`, so that a test can hold a chain to what Foundry needs.
contract ProbeScript {
    Broadcaster private constant VM = Broadcaster(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external {
        VM.startBroadcast();
        Probe probe = new Probe();
        probe.set(7);
        VM.stopBroadcast();
        assert(probe.value() == 7);
    }
}
