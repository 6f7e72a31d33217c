// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeStatus, Inspect, Issue} from "../types/CertificateTypes.sol";

/// EIP-712 `hashStruct` of the operations on certificates. Every member is one word, so a struct's encoding is its type
/// hash followed by `abi.encode` of the struct.
library CertificateOperations {
    bytes32 internal constant ISSUE_TYPEHASH = keccak256(
        "Issue(bytes32 certificateId,bytes32 kind,bytes32 organization,address holder,bytes32 contentHash,bytes32 sealedHash,uint64 validFrom,uint64 validUntil,bytes32 previous,uint64 deadline)"
    );
    bytes32 internal constant CHANGE_STATUS_TYPEHASH =
        keccak256("ChangeStatus(bytes32 certificateId,uint8 status,uint8 reason,uint64 revision,uint64 deadline)");
    bytes32 internal constant INSPECT_TYPEHASH = keccak256(
        "Inspect(bytes32 certificateId,address holder,bytes32 organization,bytes32 presentationHash,uint8 outcome,uint64 deadline)"
    );

    function structHash(Issue calldata operation) internal pure returns (bytes32) {
        return keccak256(abi.encode(ISSUE_TYPEHASH, operation));
    }

    function structHash(ChangeStatus calldata operation) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHANGE_STATUS_TYPEHASH, operation));
    }

    function structHash(Inspect calldata operation) internal pure returns (bytes32) {
        return keccak256(abi.encode(INSPECT_TYPEHASH, operation));
    }
}
