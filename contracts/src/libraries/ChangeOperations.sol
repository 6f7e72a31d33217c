// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ApprovalStatus, DecideChange, ProposeChange} from "../types/ChangeTypes.sol";

/// EIP-712 `hashStruct` of the operations on changes, and which step follows which.
library ChangeOperations {
    bytes32 internal constant PROPOSE_TYPEHASH =
        keccak256("ProposeChange(uint8 kind,bytes32 changeHash,bytes32 salt,uint64 expiresAt,uint64 deadline)");
    bytes32 internal constant DECIDE_TYPEHASH =
        keccak256("DecideChange(bytes32 change,uint8 status,string reason,uint64 deadline)");

    function structHash(ProposeChange calldata operation) internal pure returns (bytes32) {
        return keccak256(abi.encode(PROPOSE_TYPEHASH, operation));
    }

    function structHash(DecideChange calldata operation) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                DECIDE_TYPEHASH,
                operation.change,
                operation.status,
                keccak256(bytes(operation.reason)),
                operation.deadline
            )
        );
    }

    /// Whether an operator's signature makes a change of one status one of another.
    function isTransition(uint8 from, uint8 to) internal pure returns (bool) {
        if (to == ApprovalStatus.APPROVED || to == ApprovalStatus.REJECTED) return from == ApprovalStatus.PROPOSED;
        return to == ApprovalStatus.WITHDRAWN && (from == ApprovalStatus.PROPOSED || from == ApprovalStatus.APPROVED);
    }
}
