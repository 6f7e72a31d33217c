// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ApprovalStatus, ChangeKind, DecideChange, ProposeChange} from "../../src/types/ChangeTypes.sol";
import {City} from "./City.sol";
import {vm} from "./Vm.sol";

/// A city whose three operators change its configuration by proposals that they sign.
abstract contract ChangeScene is City {
    bytes internal constant CONTENT = "{\"change\":\"offerService\"}";

    function _changeOperator(uint256 index) internal pure returns (uint256 key) {
        return [FIRST_OPERATOR_KEY, SECOND_OPERATOR_KEY, THIRD_OPERATOR_KEY][index % 3];
    }

    function _proposalOf(uint256 salt) internal view returns (ProposeChange memory) {
        return ProposeChange({
            kind: ChangeKind.SERVICES,
            changeHash: keccak256(CONTENT),
            salt: bytes32(salt),
            expiresAt: uint64(block.timestamp) + 7 days,
            deadline: uint64(block.timestamp) + 600
        });
    }

    function _proposeChange(ProposeChange memory operation, uint256 key) internal returns (bytes32) {
        return
            approvals.propose(
                operation, vm.addr(key), _signature(key, approvals.proposeChangeDigest(operation)), CONTENT
            );
    }

    function _decide(bytes32 change, uint8 status, uint256 key) internal {
        DecideChange memory operation = _decision(change, status);
        approvals.decide(operation, vm.addr(key), _signature(key, approvals.decideChangeDigest(operation)));
    }

    function _decision(bytes32 change, uint8 status) internal view returns (DecideChange memory) {
        return
            DecideChange(change, status, status == ApprovalStatus.APPROVED ? "" : "why", uint64(block.timestamp) + 600);
    }

    function _apply(bytes32 change) internal {
        vm.prank(OPERATOR);
        approvals.markApplied(change);
    }
}
