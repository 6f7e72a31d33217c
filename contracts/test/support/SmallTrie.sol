// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// A Merkle-Patricia trie over keys of two bytes, made straight from the definition in the yellow paper (appendix D), with
/// values short enough for nodes that stand in their parents and long enough for ones that do not.
library SmallTrie {
    uint256 private constant KEY_NIBBLES = 4;
    /// RLP of the empty string.
    bytes private constant NOTHING = hex"80";

    /// @param keys none twice.
    function root(uint16[] memory keys) internal pure returns (bytes32) {
        return keccak256(keys.length == 0 ? NOTHING : _node(keys, 0));
    }

    /// The nodes on a key's way, root first, whether it leads to a value or not.
    /// @param withShort whether nodes that stand in their parents are among them; geth leaves them out.
    function path(uint16[] memory keys, uint16 key, bool withShort) internal pure returns (bytes[] memory nodes) {
        nodes = new bytes[](KEY_NIBBLES + 1);
        uint256 count = 0;
        uint256 depth = 0;
        while (keys.length != 0) {
            bytes memory node = _node(keys, depth);
            if (depth == 0 || node.length >= 32 || withShort) nodes[count++] = node;
            uint256 shared = _shared(keys, depth);
            bool isBranch = keys.length > 1 && shared == 0;
            if (keys.length == 1 || (!isBranch && _part(keys[0], depth, shared) != _part(key, depth, shared))) break;
            if (isBranch) (keys, shared) = (_with(keys, depth, _part(key, depth, 1)), 1);
            depth += shared;
        }
        assembly ("memory-safe") {
            mstore(nodes, count)
        }
    }

    /// What stands under a key: 1 to 40 bytes.
    function value(uint16 key) internal pure returns (bytes memory bytes_) {
        bytes_ = abi.encode(keccak256(abi.encode(key)), key);
        uint256 length = 1 + uint256(keccak256(abi.encode("length", key))) % 40;
        assembly ("memory-safe") {
            mstore(bytes_, length)
        }
    }

    function _node(uint16[] memory keys, uint256 depth) private pure returns (bytes memory) {
        uint256 shared = _shared(keys, depth);
        if (keys.length == 1) return _pair(_path(keys[0], depth, shared, 2), RLP.encode(value(keys[0])));
        if (shared != 0) return _pair(_path(keys[0], depth, shared, 0), _child(keys, depth + shared));
        bytes[] memory members = new bytes[](17);
        for (uint256 i = 0; i < 16; ++i) {
            members[i] = _child(_with(keys, depth, i), depth + 1);
        }
        members[16] = NOTHING;
        return RLP.encode(members);
    }

    function _child(uint16[] memory keys, uint256 depth) private pure returns (bytes memory) {
        if (keys.length == 0) return NOTHING;
        bytes memory node = _node(keys, depth);
        return node.length < 32 ? node : RLP.encode(keccak256(node));
    }

    function _pair(bytes memory first, bytes memory second) private pure returns (bytes memory) {
        bytes[] memory members = new bytes[](2);
        (members[0], members[1]) = (RLP.encode(first), second);
        return RLP.encode(members);
    }

    /// The hex-prefix encoding of some nibbles of a key.
    function _path(uint16 key, uint256 depth, uint256 count, uint256 flags) private pure returns (bytes memory bytes_) {
        bytes memory nibbles = new bytes(count % 2 == 1 ? count + 1 : count + 2);
        nibbles[0] = bytes1(uint8(flags + count % 2));
        for (uint256 i = 0; i < count; ++i) {
            nibbles[nibbles.length - count + i] = bytes1(uint8(_part(key, depth + i, 1)));
        }
        bytes_ = new bytes(nibbles.length / 2);
        for (uint256 i = 0; i < bytes_.length; ++i) {
            bytes_[i] = (nibbles[2 * i] << 4) | nibbles[2 * i + 1];
        }
    }

    /// How many nibbles all keys share from a depth on.
    function _shared(uint16[] memory keys, uint256 depth) private pure returns (uint256 count) {
        for (; depth + count < KEY_NIBBLES; ++count) {
            for (uint256 i = 1; i < keys.length; ++i) {
                if (_part(keys[i], depth + count, 1) != _part(keys[0], depth + count, 1)) return count;
            }
        }
    }

    function _part(uint16 key, uint256 depth, uint256 count) private pure returns (uint256) {
        return (uint256(key) >> (4 * (KEY_NIBBLES - depth - count))) % (16 ** count);
    }

    /// The keys that have that nibble there.
    function _with(uint16[] memory keys, uint256 depth, uint256 nibble) private pure returns (uint16[] memory some) {
        some = new uint16[](keys.length);
        uint256 count = 0;
        for (uint256 i = 0; i < keys.length; ++i) {
            if (_part(keys[i], depth, 1) == nibble) some[count++] = keys[i];
        }
        assembly ("memory-safe") {
            mstore(some, count)
        }
    }
}
