// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Lower-case hexadecimal digits, all 32 of 16 bytes at a time: one by one they would cost as much as a tenth of a certificate.
library HexDigits {
    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// The 64 digits of a word, without a prefix.
    function digits(bytes32 word) internal pure returns (bytes memory) {
        return abi.encodePacked(_digits(uint256(word) >> 128), _digits(uint256(word) & type(uint128).max));
    }

    function _digits(uint256 half) private pure returns (uint256 spread) {
        unchecked {
            // Halves move apart until each nibble has a byte.
            spread = (half | half << 64) & 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
            spread = (spread | spread << 32) & 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
            spread = (spread | spread << 16) & 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
            spread = (spread | spread << 8) & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
            spread = (spread | spread << 4) & (0x0f * ONES);
            // From 10 on a nibble plus 6 carries; its digit is a letter, 0x27 above where the digits would go on.
            uint256 letters = ((spread + 0x06 * ONES) >> 4) & ONES;
            return spread + 0x30 * ONES + 0x27 * letters;
        }
    }
}
