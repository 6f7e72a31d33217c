// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {Part, Read, Write} from "../../src/types/AllianceTypes.sol";
import {vm} from "../support/Vm.sol";

/// What the Rust side hashes (`crates/bridge/vectors/alliance.json`) is hashed alike here.
contract AllianceVectorsTest {
    string private constant PATH = "../crates/bridge/vectors/alliance.json";

    function test_a_part_has_the_hash_of_the_file() public view {
        string memory json = vm.readFile(PATH);
        for (uint256 i = 0; i < 2; ++i) {
            string memory key = string.concat(".parts[", vm.toString(i), "]");
            bytes32 expected = vm.parseJsonBytes32(json, string.concat(key, ".hash"));
            vm.assertEq(this.hashOf(_part(json, key)), expected, key);
        }
    }

    function test_a_word_of_a_request_has_its_state_and_deadline_where_they_are_read() public view {
        string memory json = vm.readFile(PATH);
        uint256 word = uint256(vm.parseJsonBytes32(json, ".words.sequenced"));
        vm.assertEq(word, 1 | 1_790_000_060 << 8 | 3 << 72, "sequenced");
        word = uint256(vm.parseJsonBytes32(json, ".words.onePrepared"));
        vm.assertEq(word, 1 | 1_790_000_060 << 8 | 3 << 72 | 2 << 88, "the second of three is prepared");
    }

    function hashOf(Part calldata part) external pure returns (bytes32) {
        return AllianceMessages.structHash(part);
    }

    function _part(string memory json, string memory key) private pure returns (Part memory part) {
        part.member = vm.parseJsonBytes32(json, string.concat(key, ".member"));
        part.call = vm.parseJsonBytes(json, string.concat(key, ".call"));
        bytes32[] memory keys = vm.parseJsonBytes32Array(json, string.concat(key, ".readKeys"));
        bytes32[] memory others = vm.parseJsonBytes32Array(json, string.concat(key, ".readVersions"));
        part.reads = new Read[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            // Versions have 64 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            part.reads[i] = Read(keys[i], uint64(uint256(others[i])));
        }
        keys = vm.parseJsonBytes32Array(json, string.concat(key, ".writeKeys"));
        others = vm.parseJsonBytes32Array(json, string.concat(key, ".writeValues"));
        part.writes = new Write[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            part.writes[i] = Write(keys[i], others[i]);
        }
    }
}
