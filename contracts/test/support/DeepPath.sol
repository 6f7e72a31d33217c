// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// The way to one word of a storage trie below branches that are full, made from the definition (yellow paper, appendix D). What else they lead to, nobody has.
library DeepPath {
    uint256 private constant KEY_NIBBLES = 64;

    /// @param key hash of the slot.
    /// @param branches at most 63.
    /// @return nodes root first.
    function to(bytes32 key, uint256 word, uint256 branches)
        internal
        pure
        returns (bytes[] memory nodes, bytes32 root)
    {
        nodes = new bytes[](branches + 1);
        nodes[branches] = _leaf(key, word, branches);
        for (uint256 below = branches; below > 0; --below) {
            nodes[below - 1] = _branch(_nibble(key, below - 1), keccak256(nodes[below]), below);
        }
        root = keccak256(nodes[0]);
    }

    function _branch(uint256 nibble, bytes32 child, uint256 depth) private pure returns (bytes memory) {
        bytes[] memory members = new bytes[](17);
        for (uint256 i = 0; i < 16; ++i) {
            members[i] = RLP.encode(i == nibble ? child : keccak256(abi.encode(depth, i)));
        }
        members[16] = hex"80";
        return RLP.encode(members);
    }

    /// The rest of the key in the hex-prefix encoding, with the flag of a leaf.
    function _leaf(bytes32 key, uint256 word, uint256 from) private pure returns (bytes memory) {
        uint256 count = KEY_NIBBLES - from;
        bytes memory rest = new bytes(count / 2 + 1);
        rest[0] = bytes1(uint8(count % 2 == 0 ? 0x20 : 0x30 + _nibble(key, from)));
        for (uint256 i = 1; i < rest.length; ++i) {
            uint256 at = KEY_NIBBLES - 2 * (rest.length - i);
            rest[i] = bytes1(uint8(16 * _nibble(key, at) + _nibble(key, at + 1)));
        }
        bytes[] memory members = new bytes[](2);
        members[0] = RLP.encode(rest);
        members[1] = RLP.encode(RLP.encode(word));
        return RLP.encode(members);
    }

    function _nibble(bytes32 key, uint256 at) private pure returns (uint256) {
        return uint8(key[at / 2]) >> (at % 2 == 0 ? 4 : 0) & 0x0f;
    }
}
