// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// How a key's path through a Merkle-Patricia trie ends.
enum PathEnd {
    /// The nodes are no path from the root, or do not lead to the end of it.
    Unproven,
    /// The trie holds nothing under the key.
    Absent,
    /// The trie holds a value under the key, in the last of the nodes.
    Value
}

/// Tells how a key's path ends, and what stands there. OpenZeppelin's `TrieProof` reads a value, but where there is none it reverts with an
/// error that garbage gives as well, so that absence could neither be proven nor be told from a forgery; to walk with both costs as much gas again,
/// and code that an anchor has no room for. `test/finality/TriePath.t.sol` holds each value to what OpenZeppelin reads.
///
/// A node is looked into only when its hash is the one expected. So its form is the trie's, and need not be checked again.
library TriePath {
    /// `keccak256(RLP(""))`: the root of a trie that holds nothing.
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;

    /// A key's nibbles that are left, the first one highest.
    struct Rest {
        uint256 nibbles;
        uint256 count;
    }

    /// An RLP item in memory: where its contents are.
    struct Item {
        uint256 start;
        uint256 length;
        bool isList;
    }

    /// @param key at most 32 bytes, and no other key of the trie begins with it or is its beginning.
    /// @param proof the nodes, root first.
    /// @return found how the path ends.
    /// @return value what stands under the key; empty unless `found` is `Value`.
    function find(bytes32 root, bytes memory key, bytes[] memory proof)
        internal
        pure
        returns (PathEnd found, bytes memory value)
    {
        if (root == EMPTY_ROOT) return (proof.length == 0 ? PathEnd.Absent : PathEnd.Unproven, value);
        Rest memory rest = Rest({nibbles: uint256(_load(_start(key))), count: 2 * key.length});
        for (uint256 i = 0; i < proof.length && keccak256(proof[i]) == root; ++i) {
            Item memory node = _item(_start(proof[i]));
            Item memory child;
            (found, child) = _enter(node, rest);
            // A short node stands in its parent, and may be given by itself too.
            while (found == PathEnd.Unproven && child.isList) {
                if (i + 1 < proof.length && _isSame(_item(_start(proof[i + 1])), child)) ++i;
                (found, child) = _enter(child, rest);
            }
            if (found != PathEnd.Unproven) {
                if (i != proof.length - 1) return (PathEnd.Unproven, value);
                if (found == PathEnd.Value) value = _contents(child);
                return (found, value);
            }
            root = _load(child.start);
        }
    }

    /// Follows the path through a node.
    /// @return found `Unproven` if it goes on to `child`: a hash, or a short node.
    function _enter(Item memory node, Rest memory rest) private pure returns (PathEnd found, Item memory child) {
        Item memory first = _item(node.start);
        child = _item(_after(first));
        bool isBranch = _after(child) != _after(node);
        if (!isBranch) return (_enterPath(first, rest), child);
        uint256 nibble = _take(rest, 1);
        child = first;
        for (uint256 i = 0; i < nibble; ++i) {
            child = _item(_after(child));
        }
        // An empty string where a child would be.
        if (child.length == 0) found = PathEnd.Absent;
    }

    /// The path of an extension or a leaf begins with a nibble of flags (2: leaf, 1: odd length), and one of padding if even.
    function _enterPath(Item memory path, Rest memory rest) private pure returns (PathEnd) {
        uint256 flags = uint256(_load(path.start)) >> 252;
        bool odd = flags & 1 == 1;
        uint256 count = 2 * path.length - (odd ? 1 : 2);
        uint256 nibbles = odd ? uint256(_load(path.start)) << 4 : uint256(_load(path.start + 1));
        // A shift by 256 leaves nothing: an empty path is the beginning of any.
        if (count > rest.count || (nibbles ^ rest.nibbles) >> (256 - 4 * count) != 0) return PathEnd.Absent;
        _take(rest, count);
        bool isLeaf = flags & 2 == 2;
        return isLeaf ? PathEnd.Value : PathEnd.Unproven;
    }

    /// Takes nibbles from the front.
    function _take(Rest memory rest, uint256 count) private pure returns (uint256 nibbles) {
        nibbles = rest.nibbles >> (256 - 4 * count);
        rest.nibbles <<= 4 * count;
        rest.count -= count;
    }

    /// The item that begins at a place in memory.
    function _item(uint256 place) private pure returns (Item memory item) {
        uint256 prefix = uint256(_load(place)) >> 248;
        if (prefix < 0x80) return Item({start: place, length: 1, isList: false});
        item.isList = prefix >= 0xc0;
        uint256 length = prefix - (item.isList ? 0xc0 : 0x80);
        if (length <= 55) {
            (item.start, item.length) = (place + 1, length);
        } else {
            uint256 lengthBytes = length - 55;
            item.start = place + 1 + lengthBytes;
            item.length = uint256(_load(place + 1)) >> (256 - 8 * lengthBytes);
        }
    }

    function _after(Item memory item) private pure returns (uint256) {
        return item.start + item.length;
    }

    function _contents(Item memory item) private pure returns (bytes memory bytes_) {
        (uint256 start, uint256 length) = (item.start, item.length);
        bytes_ = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(bytes_, 0x20), start, length)
        }
    }

    function _isSame(Item memory one, Item memory other) private pure returns (bool same) {
        (uint256 oneStart, uint256 otherStart, uint256 length) = (one.start, other.start, one.length);
        if (length != other.length) return false;
        assembly ("memory-safe") {
            same := eq(keccak256(oneStart, length), keccak256(otherStart, length))
        }
    }

    function _load(uint256 place) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(place)
        }
    }

    function _start(bytes memory data) private pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := add(data, 0x20)
        }
    }
}
