// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Part, Read, Write} from "../types/AllianceTypes.sol";

/// EIP-712 `hashStruct` of what an alliance signs (`docs/specs/alliance.md`, "Messages"). Reads and writes have members of one word, so their
/// encoding is the type hash followed by `abi.encode`.
library AllianceMessages {
    bytes32 internal constant READ_TYPEHASH = keccak256("Read(bytes32 key,uint64 version)");
    bytes32 internal constant WRITE_TYPEHASH = keccak256("Write(bytes32 key,bytes32 value)");
    bytes32 internal constant PART_TYPEHASH = keccak256(
        "Part(bytes32 member,bytes call,Read[] reads,Write[] writes)Read(bytes32 key,uint64 version)Write(bytes32 key,bytes32 value)"
    );

    function structHash(Part calldata part) internal pure returns (bytes32) {
        bytes32[] memory reads = new bytes32[](part.reads.length);
        for (uint256 i = 0; i < reads.length; ++i) {
            Read calldata read = part.reads[i];
            reads[i] = keccak256(abi.encode(READ_TYPEHASH, read.key, read.version));
        }
        bytes32[] memory writes = new bytes32[](part.writes.length);
        for (uint256 i = 0; i < writes.length; ++i) {
            Write calldata write = part.writes[i];
            writes[i] = keccak256(abi.encode(WRITE_TYPEHASH, write.key, write.value));
        }
        return keccak256(
            abi.encode(
                PART_TYPEHASH,
                part.member,
                keccak256(part.call),
                keccak256(abi.encodePacked(reads)),
                keccak256(abi.encodePacked(writes))
            )
        );
    }
}
