// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bls12381} from "./Bls12381.sol";
import {Precompile} from "./Precompile.sol";

/// From a message to a point of G2: RFC 9380, suite `BLS12381G2_XMD:SHA-256_SSWU_RO_`, with the domains of the proof-of-possession
/// scheme.
library HashToG2 {
    /// Of signatures: `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_` and its length, 43, are what RFC 9380 calls DST_prime; its first 32 bytes.
    bytes32 internal constant SIGNATURES = "BLS_SIG_BLS12381G2_XMD:SHA-256_S";
    /// Of proofs of possession: `BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`, of the same length; its first 32 bytes.
    bytes32 internal constant POSSESSION = "BLS_POP_BLS12381G2_XMD:SHA-256_S";
    /// What both end with.
    bytes12 private constant DOMAIN_END = "SWU_RO_POP_\x2b";

    /// Two elements of Fp2: four numbers of 64 bytes that are then reduced to the field.
    uint256 private constant NUMBERS = 4;
    uint256 private constant EXPANDED_WORDS = 2 * NUMBERS;

    /// The field's modulus: its highest 16 bytes, and its lowest 32.
    uint128 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    address private constant SHA256 = address(0x02);
    address private constant MODEXP = address(0x05);
    /// Of the 77 bytes that are hashed in each step of the expansion: 60, and 12 for each word begun.
    uint256 private constant SHA256_GAS = 60 + 3 * 12;
    /// The least that it costs (EIP-7883).
    uint256 private constant MODEXP_GAS = 500;

    /// @param domain `SIGNATURES` or `POSSESSION`.
    /// @return point an EIP-2537 G2 point, in the subgroup.
    function hash(bytes memory message, bytes32 domain) internal view returns (bytes memory point) {
        bytes memory elements = _reduce(_expand(message, domain));
        point = new bytes(2 * Bls12381.G2_BYTES);
        Bls12381.mapToG2(elements, 0, point, 0);
        Bls12381.mapToG2(elements, Bls12381.FP2_BYTES, point, Bls12381.G2_BYTES);
        // What the map gives is on the curve, so it is never refused.
        assert(Bls12381.addG2(point));
        assembly ("memory-safe") {
            mstore(point, 256) // the sum alone; what follows it stays unused
        }
    }

    /// RFC 9380 5.3.1, expand_message_xmd to 256 bytes.
    function _expand(bytes memory message, bytes32 domain) private view returns (bytes32[EXPANDED_WORDS] memory words) {
        // SHA-256 has blocks of 64 bytes: one of zeros comes first. Then the message, the length wanted, and 0.
        bytes32 first =
            sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), domain, DOMAIN_END));
        // What is hashed in each step: the first hash xor the one before, the number of the step, the domain.
        bytes memory step = abi.encodePacked(bytes32(0), uint8(0), domain, DOMAIN_END);
        bytes32 word = 0;
        for (uint256 i = 0; i < EXPANDED_WORDS; ++i) {
            uint256 output;
            assembly ("memory-safe") {
                mstore(add(step, 0x20), xor(first, word))
                mstore8(add(step, 0x40), add(i, 1))
                output := add(words, mul(i, 0x20))
            }
            Precompile.mustCall(SHA256, SHA256_GAS, Precompile.start(step), step.length, output, 32);
            word = words[i];
        }
    }

    /// RFC 9380 5.2, hash_to_field: each number of two words modulo p, as 64 bytes.
    function _reduce(bytes32[EXPANDED_WORDS] memory words) private view returns (bytes memory elements) {
        // EIP-198: the lengths of base, exponent and modulus; the base, the exponent 1, the modulus.
        bytes memory input =
            abi.encodePacked(uint256(64), uint256(1), uint256(48), bytes32(0), bytes32(0), uint8(1), P_HIGH, P_LOW);
        elements = new bytes(64 * NUMBERS);
        for (uint256 i = 0; i < NUMBERS; ++i) {
            uint256 output;
            assembly ("memory-safe") {
                mcopy(add(input, 0x80), add(words, mul(i, 0x40)), 0x40)
                output := add(add(elements, 0x30), mul(i, 0x40)) // the lowest 48 of the 64 bytes
            }
            Precompile.mustCall(MODEXP, MODEXP_GAS, Precompile.start(input), input.length, output, 48);
        }
    }
}
