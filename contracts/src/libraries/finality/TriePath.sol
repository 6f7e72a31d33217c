// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// How a key's path through a Merkle-Patricia trie ends.
enum PathEnd {
    /// The nodes are no path from the root, or do not lead to the end of it.
    Unproven,
    /// The trie holds nothing under the key.
    Absent,
    /// The trie holds a value under the key, in the last of the nodes.
    Value
}

/// Tells how a key's path ends. OpenZeppelin's `TrieProof` reads a value, but where there is none it reverts with an error that
/// garbage gives as well, so that absence could neither be proven nor be told from a forgery.
///
/// A node is looked into only when its hash is the one expected, so the nodes of an honest trie are never refused.
library TriePath {
    using Memory for Memory.Slice;
    using RLP for Memory.Slice;

    /// `keccak256(RLP(""))`: the root of a trie that holds nothing.
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;
    uint256 private constant BRANCH_MEMBERS = 17;
    /// RLP of the empty string: where a branch has no child.
    bytes1 private constant NO_CHILD = 0x80;

    /// Where a walk stands.
    struct Place {
        /// Nibbles of the key that are left.
        Memory.Slice left;
        /// Whether the path ended, and how.
        PathEnd end;
        /// If it did not: the next node's hash, or the node itself if it is shorter than that.
        Memory.Slice child;
    }

    /// @param key as many bytes as every key of the trie has, or one of keys of which none begins with another.
    /// @param proof the nodes, root first.
    function end(bytes32 root, bytes memory key, bytes[] memory proof) internal pure returns (PathEnd) {
        if (root == EMPTY_ROOT) return proof.length == 0 ? PathEnd.Absent : PathEnd.Unproven;
        Place memory place;
        place.left = Memory.asSlice(Bytes.toNibbles(key));
        for (uint256 i = 0; i < proof.length && keccak256(proof[i]) == root; ++i) {
            _enter(place, RLP.decodeList(proof[i]));
            // A short node stands in its parent, and may be given by itself too.
            while (place.end == PathEnd.Unproven && !_isHash(place.child)) {
                if (i + 1 < proof.length && Memory.asSlice(proof[i + 1]).equal(place.child)) ++i;
                _enter(place, place.child.readList());
            }
            if (place.end != PathEnd.Unproven) return i == proof.length - 1 ? place.end : PathEnd.Unproven;
            root = place.child.readBytes32();
        }
        return PathEnd.Unproven;
    }

    function _enter(Place memory place, Memory.Slice[] memory node) private pure {
        if (node.length == BRANCH_MEMBERS) _enterBranch(place, node);
        else _enterPath(place, node);
    }

    function _enterBranch(Place memory place, Memory.Slice[] memory node) private pure {
        place.child = node[uint8(bytes1(place.left.load(0)))];
        place.left = place.left.slice(1);
        if (place.child.length() == 1 && bytes1(place.child.load(0)) == NO_CHILD) place.end = PathEnd.Absent;
    }

    /// An extension or a leaf. Its path begins with a nibble of flags (2: leaf, 1: odd length), and one of padding if even.
    function _enterPath(Place memory place, Memory.Slice[] memory node) private pure {
        bytes memory nibbles = Bytes.toNibbles(node[0].readBytes());
        uint8 flags = uint8(nibbles[0]);
        Memory.Slice path = Memory.asSlice(nibbles).slice(2 - flags % 2);
        uint256 length = path.length();
        if (length > place.left.length() || !path.equal(place.left.slice(0, length))) {
            place.end = PathEnd.Absent;
            return;
        }
        bool isLeaf = flags >= 2;
        if (isLeaf) place.end = PathEnd.Value;
        place.child = node[1];
        place.left = place.left.slice(length);
    }

    function _isHash(Memory.Slice child) private pure returns (bool) {
        return child.length() == 33;
    }
}
