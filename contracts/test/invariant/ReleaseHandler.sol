// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ReleaseStatus} from "../../src/types/ReleaseTypes.sol";
import {ReleaseScene} from "../support/ReleaseScene.sol";

/// Three operators take any step of any release in any order.
contract ReleaseHandler is ReleaseScene {
    bytes32[] public ids;
    uint32 private _version;

    constructor() {
        setUp();
        _appoint();
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function proposeNext(uint8 operator) external {
        if (ids.length >= 16) return;
        ++_version;
        ids.push(_propose(_proposal(_version, _version), _version, _operator(operator)));
    }

    function step(uint8 pick, uint8 status, uint8 operator) external {
        if (ids.length == 0) return;
        try this.stepAs(ids[pick % ids.length], status % 7, _operator(operator)) {} catch {}
    }

    function deployOne(uint8 pick, uint8 operator) external {
        if (ids.length == 0) return;
        uint256 index = pick % ids.length;
        try this.deployAs(ids[index], index + 1, _operator(operator)) {} catch {}
    }

    function stepAs(bytes32 release, uint8 status, uint256 key) external {
        _step(release, status, key);
    }

    function deployAs(bytes32 release, uint256 first, uint256 key) external {
        _deploy(release, first, key);
    }
}
