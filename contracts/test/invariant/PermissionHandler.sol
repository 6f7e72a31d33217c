// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {PermissionList} from "../../src/types/PermissionTypes.sol";
import {Consortium} from "../support/Consortium.sol";
import {vm} from "../support/Vm.sol";

/// Three organizations and a stranger that propose and vote on permissions at random, among eight subjects.
contract PermissionHandler is Consortium {
    uint256 private constant CALLERS = 4;
    uint256 private constant SUBJECTS = 8;

    function permit(uint8 by, uint8 list, uint8 pick) external {
        vm.prank(_voter(by % CALLERS));
        try permissions.proposePermit(_listed(list), bytes32(uint256(pick % SUBJECTS)), _organization(by % 26)) {}
            catch {}
    }

    function forbid(uint8 by, uint8 list, uint8 pick) external {
        vm.prank(_voter(by % CALLERS));
        try permissions.proposeForbid(_listed(list), bytes32(uint256(pick % SUBJECTS))) {} catch {}
    }

    function mode(uint8 by, uint8 list, bool closed) external {
        vm.prank(_voter(by % CALLERS));
        try permissions.proposeMode(_listed(list), closed) {} catch {}
    }

    function vote(uint8 by, uint256 id) external {
        uint256 count = permissions.proposalCount();
        if (count == 0) return;
        vm.prank(_voter(by % CALLERS));
        try permissions.vote(count - 1 - id % (count < 4 ? count : 4)) {} catch {}
    }

    function wait(uint32 time) external {
        vm.warp(block.timestamp + time % 4 days);
    }

    function _listed(uint8 list) private pure returns (PermissionList) {
        return PermissionList(list % 3);
    }
}
