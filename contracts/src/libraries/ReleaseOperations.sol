// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeRelease, ProposeContract, ReleaseStatus} from "../types/ReleaseTypes.sol";

/// EIP-712 `hashStruct` of the operations on releases, and which step follows which.
library ReleaseOperations {
    bytes32 internal constant PROPOSE_TYPEHASH = keccak256(
        "ProposeContract(bytes32 name,uint32 version,bytes32 initCodeHash,bytes32 argumentsHash,bytes32 runtimeCodeHash,bytes32 interfaceHash,bytes32 sourceHash,bytes32 salt,uint64 deadline)"
    );
    bytes32 internal constant CHANGE_TYPEHASH =
        keccak256("ChangeRelease(bytes32 release,uint8 status,string reason,uint64 deadline)");

    function structHash(ProposeContract calldata operation) internal pure returns (bytes32) {
        return keccak256(abi.encode(PROPOSE_TYPEHASH, operation));
    }

    function structHash(ChangeRelease calldata operation) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                CHANGE_TYPEHASH,
                operation.release,
                operation.status,
                keccak256(bytes(operation.reason)),
                operation.deadline
            )
        );
    }

    /// Whether a release of one status may become one of another.
    function isTransition(uint8 from, uint8 to) internal pure returns (bool) {
        if (to == ReleaseStatus.APPROVED || to == ReleaseStatus.REJECTED) return from == ReleaseStatus.PROPOSED;
        if (to == ReleaseStatus.DEPLOYED) return from == ReleaseStatus.APPROVED;
        if (to == ReleaseStatus.RELEASED) return from == ReleaseStatus.DEPLOYED;
        return to == ReleaseStatus.WITHDRAWN
            && (from == ReleaseStatus.PROPOSED
                || from == ReleaseStatus.APPROVED
                || from == ReleaseStatus.DEPLOYED
                || from == ReleaseStatus.RELEASED);
    }
}
