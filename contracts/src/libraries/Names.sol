// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Names of 1 to 32 ASCII characters in `bytes32`, padded right with zeros, so that one name has one encoding.
library Names {
    /// Whether it is a name of `[0-9A-Z-]`: an organization code.
    function isCode(bytes32 name) internal pure returns (bool) {
        return _isName(name, 0x41);
    }

    /// Whether it is a name of `[0-9a-z-]`: a kind or a right.
    function isWords(bytes32 name) internal pure returns (bool) {
        return _isName(name, 0x61);
    }

    function _isName(bytes32 name, uint8 firstLetter) private pure returns (bool) {
        uint256 length = 0;
        while (length < 32 && name[length] != 0) {
            uint8 character = uint8(name[length]);
            bool digit = character >= 0x30 && character <= 0x39;
            bool letter = character >= firstLetter && character < firstLetter + 26;
            if (!digit && !letter && character != 0x2d) return false;
            ++length;
        }
        return length > 0 && (length == 32 || uint256(name) << (length * 8) == 0);
    }
}
