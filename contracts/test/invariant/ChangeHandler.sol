// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeScene} from "../support/ChangeScene.sol";
import {vm} from "../support/Vm.sol";

/// Three operators take any step of any change in any order, and time passes.
contract ChangeHandler is ChangeScene {
    bytes32[] public ids;
    uint256 private _salt;

    constructor() {
        setUp();
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function proposeNext(uint8 operator) external {
        if (ids.length >= 24) return;
        ++_salt;
        ids.push(_proposeChange(_proposalOf(_salt), _changeOperator(operator)));
    }

    function decideOne(uint8 pick, uint8 status, uint8 operator) external {
        if (ids.length == 0) return;
        try this.decideAs(ids[pick % ids.length], status % 7, _changeOperator(operator)) {} catch {}
    }

    function applyOne(uint8 pick) external {
        if (ids.length == 0) return;
        try this.applyIt(ids[pick % ids.length]) {} catch {}
    }

    function pass(uint16 minutes_) external {
        vm.warp(block.timestamp + uint256(minutes_ % 2880) * 60);
    }

    function decideAs(bytes32 change, uint8 status, uint256 key) external {
        _decide(change, status, key);
    }

    function applyIt(bytes32 change) external {
        _apply(change);
    }
}
