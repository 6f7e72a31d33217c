// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ReleaseStatus} from "../src/types/ReleaseTypes.sol";
import {ReleaseScene} from "./support/ReleaseScene.sol";
import {vm} from "./support/Vm.sol";

/// What the steps to a release cost, for `snapshots/releases.json`.
contract ReleaseCostTest is ReleaseScene {
    function setUp() public override {
        super.setUp();
        _appoint();
    }

    function test_cost_of_a_release() public {
        bytes32 release = _propose(_proposal(1, 7), 7, FIRST_OPERATOR_KEY);
        vm.snapshotGasLastCall("releases", "propose");
        _step(release, ReleaseStatus.APPROVED, SECOND_OPERATOR_KEY);
        vm.snapshotGasLastCall("releases", "approve");
        _deploy(release, 7, FIRST_OPERATOR_KEY);
        vm.snapshotGasLastCall("releases", "deploy");
        _step(release, ReleaseStatus.RELEASED, SECOND_OPERATOR_KEY);
        vm.snapshotGasLastCall("releases", "release");
    }
}
