// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Outcome, Part, Read, Write} from "../types/AllianceTypes.sol";
import {Endorsement, PartReference, Request} from "../types/RequestTypes.sol";

/// EIP-712 `hashStruct` of what an alliance signs (`docs/specs/alliance.md`, "Messages"). Where all members are one word, the
/// encoding is the type hash followed by `abi.encode`.
library AllianceMessages {
    bytes32 internal constant READ_TYPEHASH = keccak256("Read(bytes32 key,uint64 version)");
    bytes32 internal constant WRITE_TYPEHASH = keccak256("Write(bytes32 key,bytes32 value)");
    bytes32 internal constant PART_TYPEHASH = keccak256(
        "Part(bytes32 member,bytes call,Read[] reads,Write[] writes)Read(bytes32 key,uint64 version)Write(bytes32 key,bytes32 value)"
    );
    bytes32 internal constant PART_REFERENCE_TYPEHASH = keccak256("PartReference(bytes32 member,bytes32 partHash)");
    bytes32 internal constant REQUEST_TYPEHASH = keccak256(
        "Request(bytes32 idempotencyKey,uint64 certificate,uint64 validUntil,uint64 window,PartReference[] parts)PartReference(bytes32 member,bytes32 partHash)"
    );
    bytes32 internal constant ENDORSE_TYPEHASH =
        keccak256("Endorse(bytes32 requestHash,bytes32 member,uint64 certificate)");
    bytes32 internal constant SEQUENCE_TYPEHASH = keccak256("Sequence(bytes32 requestHash,bytes32 endorsementsHash)");
    bytes32 internal constant ATTEST_TYPEHASH =
        keccak256("Attest(uint64 number,bytes32 partHash,uint8 outcome,uint64 certificate)");

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

    function structHash(Request calldata request) internal pure returns (bytes32) {
        bytes32[] memory parts = new bytes32[](request.parts.length);
        for (uint256 i = 0; i < parts.length; ++i) {
            PartReference calldata part = request.parts[i];
            parts[i] = keccak256(abi.encode(PART_REFERENCE_TYPEHASH, part.member, part.partHash));
        }
        return keccak256(
            abi.encode(
                REQUEST_TYPEHASH,
                request.idempotencyKey,
                request.certificate,
                request.validUntil,
                request.window,
                keccak256(abi.encodePacked(parts))
            )
        );
    }

    function endorse(bytes32 requestHash, bytes32 member, uint64 certificate) internal pure returns (bytes32) {
        return keccak256(abi.encode(ENDORSE_TYPEHASH, requestHash, member, certificate));
    }

    function sequence(bytes32 requestHash, Endorsement[] calldata endorsements) internal pure returns (bytes32) {
        return keccak256(abi.encode(SEQUENCE_TYPEHASH, requestHash, keccak256(abi.encode(endorsements))));
    }

    function attest(uint64 number, bytes32 partHash, Outcome outcome, uint64 certificate)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(ATTEST_TYPEHASH, number, partHash, outcome, certificate));
    }
}
