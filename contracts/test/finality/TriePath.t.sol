// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {PathEnd, TriePath} from "../../src/libraries/finality/TriePath.sol";
import {SmallTrie} from "../support/SmallTrie.sol";
import {vm} from "../support/Vm.sol";

/// A path ends in a value exactly where the trie holds one, and in nothing exactly where it does not (FINALITY-9).
contract TriePathTest {
    function testFuzz_a_key_is_found_where_it_is_and_nowhere_else(uint16[6] calldata drawn, uint16 count, uint16 other)
        public
        pure
    {
        uint16[] memory keys = _distinct(drawn, count % 7);
        bytes32 root = SmallTrie.root(keys);
        _expect(root, keys, other);
        for (uint256 i = 0; i < keys.length; ++i) {
            _expect(root, keys, keys[i]);
            // A neighbour shares all of the path but its end, or its middle.
            _expect(root, keys, keys[i] ^ 1);
            _expect(root, keys, keys[i] ^ 0x0100);
        }
    }

    function testFuzz_a_path_without_its_last_node_shows_nothing(uint16[6] calldata drawn, uint16 key) public pure {
        uint16[] memory keys = _distinct(drawn, 6);
        bytes[] memory nodes = SmallTrie.path(keys, key, false);
        assembly ("memory-safe") {
            mstore(nodes, sub(mload(nodes), 1))
        }
        _expectEnd(SmallTrie.root(keys), key, nodes, PathEnd.Unproven);
    }

    function testFuzz_a_path_with_a_node_too_many_shows_nothing(
        uint16[6] calldata drawn,
        uint16 key,
        bytes calldata more
    ) public pure {
        uint16[] memory keys = _distinct(drawn, 6);
        bytes[] memory nodes = SmallTrie.path(keys, key, false);
        bytes[] memory longer = new bytes[](nodes.length + 1);
        for (uint256 i = 0; i < nodes.length; ++i) {
            longer[i] = nodes[i];
        }
        longer[nodes.length] = more;
        _expectEnd(SmallTrie.root(keys), key, longer, PathEnd.Unproven);
    }

    function testFuzz_another_root_has_another_path(uint16[6] calldata drawn, uint16 key, bytes32 root) public pure {
        uint16[] memory keys = _distinct(drawn, 6);
        if (root == SmallTrie.root(keys)) return;
        _expectEnd(root, key, SmallTrie.path(keys, key, false), PathEnd.Unproven);
    }

    function test_an_empty_trie_needs_no_nodes() public pure {
        uint16[] memory none = new uint16[](0);
        vm.assertEq(SmallTrie.root(none), TriePath.EMPTY_ROOT, "the empty root");
        _expectEnd(TriePath.EMPTY_ROOT, 7, new bytes[](0), PathEnd.Absent);
        _expectEnd(TriePath.EMPTY_ROOT, 7, new bytes[](1), PathEnd.Unproven);
    }

    function _expect(bytes32 root, uint16[] memory keys, uint16 key) private pure {
        bool held = false;
        for (uint256 i = 0; i < keys.length; ++i) {
            held = held || keys[i] == key;
        }
        for (uint256 i = 0; i < 2; ++i) {
            bytes[] memory nodes = SmallTrie.path(keys, key, i == 0);
            _expectEnd(root, key, nodes, held ? PathEnd.Value : PathEnd.Absent);
            if (held) _expectRead(root, key, nodes);
        }
    }

    function _expectRead(bytes32 root, uint16 key, bytes[] memory nodes) private pure {
        (bytes memory value, TrieProof.ProofError fault) = TrieProof.tryTraverse(root, abi.encodePacked(key), nodes);
        vm.assertEq(uint256(fault), 0, "OpenZeppelin's reads it too");
        vm.assertEq(value, SmallTrie.value(key), "value");
        (, bytes memory found) = TriePath.find(root, abi.encodePacked(key), nodes);
        vm.assertEq(found, value, "and reads the same");
    }

    function _expectEnd(bytes32 root, uint16 key, bytes[] memory nodes, PathEnd expected) private pure {
        (PathEnd end,) = TriePath.find(root, abi.encodePacked(key), nodes);
        vm.assertEq(uint256(end), uint256(expected), vm.toString(key));
    }

    /// Keys none twice, half of them from a few, so that they share parts of their paths.
    function _distinct(uint16[6] calldata drawn, uint256 count) private pure returns (uint16[] memory keys) {
        keys = new uint16[](count);
        uint256 kept = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint16 key = i % 2 == 0 ? drawn[i] & 0x1112 : drawn[i];
            bool seen = false;
            for (uint256 j = 0; j < kept; ++j) {
                seen = seen || keys[j] == key;
            }
            if (!seen) keys[kept++] = key;
        }
        assembly ("memory-safe") {
            mstore(keys, kept)
        }
    }
}
