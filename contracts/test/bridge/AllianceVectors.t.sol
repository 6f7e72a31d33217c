// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Alliance} from "../../src/bridge/Alliance.sol";
import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {Outcome, Part, Read, Write} from "../../src/types/AllianceTypes.sol";
import {Endorsement, PartReference, Request} from "../../src/types/RequestTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";

/// What the Rust side hashes (`crates/bridge/vectors/alliance.json`) is hashed alike here.
contract AllianceVectorsTest is Partnership {
    string private constant PATH = "../crates/bridge/vectors/alliance.json";

    function test_a_part_has_the_hash_of_the_file() public view {
        string memory json = vm.readFile(PATH);
        for (uint256 i = 0; i < 2; ++i) {
            string memory key = string.concat(".parts[", vm.toString(i), "]");
            bytes32 expected = vm.parseJsonBytes32(json, string.concat(key, ".hash"));
            vm.assertEq(this.partHash(_part(json, key)), expected, key);
        }
    }

    function test_a_word_of_a_request_has_its_state_and_deadline_where_they_are_read() public view {
        string memory json = vm.readFile(PATH);
        uint256 word = uint256(vm.parseJsonBytes32(json, ".words.sequenced"));
        vm.assertEq(word, 1 | 1_790_000_060 << 8 | 3 << 72, "sequenced");
        word = uint256(vm.parseJsonBytes32(json, ".words.onePrepared"));
        vm.assertEq(word, 1 | 1_790_000_060 << 8 | 3 << 72 | 2 << 88, "the second of three is prepared");
    }

    /// What is signed, for the chain and the contract of the file.
    function test_digests_are_those_of_the_file() public {
        string memory json = vm.readFile(PATH);
        Request memory request = _vectorRequest(json);
        bytes32 requestHash = vm.parseJsonBytes32(json, ".request.hash");
        vm.assertEq(this.hashOf(request), requestHash, "request");
        Alliance at = Alliance(vm.parseJsonAddress(json, ".domain.verifyingContract"));
        vm.etch(address(at), address(alliance).code);
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));

        Endorsement[] memory endorsements = new Endorsement[](2);
        for (uint256 i = 0; i < 2; ++i) {
            string memory key = string.concat(".endorsements[", vm.toString(i), "]");
            endorsements[i] = Endorsement(
                uint64(vm.parseJsonUint(json, string.concat(key, ".certificate"))),
                vm.parseJsonBytes32(json, string.concat(key, ".member")),
                vm.parseJsonBytes(json, string.concat(key, ".signature"))
            );
        }
        bytes32 expected = vm.parseJsonBytes32(json, ".sequenceDigest");
        vm.assertEq(at.sequenceDigest(request, endorsements), expected, "sequence");
        expected = vm.parseJsonBytes32(json, ".endorseDigest");
        vm.assertEq(at.endorseDigest(requestHash, request.parts[0].member, 8), expected, "endorse");
        expected = vm.parseJsonBytes32(json, ".attestDigest");
        vm.assertEq(at.attestDigest(3, request.parts[0].partHash, Outcome.Refused, 8), expected, "attest");
    }

    function _vectorRequest(string memory json) private pure returns (Request memory request) {
        request.idempotencyKey = vm.parseJsonBytes32(json, ".request.idempotencyKey");
        request.certificate = uint64(vm.parseJsonUint(json, ".request.certificate"));
        request.validUntil = uint64(vm.parseJsonUint(json, ".request.validUntil"));
        request.window = uint64(vm.parseJsonUint(json, ".request.window"));
        request.parts = new PartReference[](2);
        for (uint256 i = 0; i < 2; ++i) {
            string memory key = string.concat(".parts[", vm.toString(i), "]");
            request.parts[i] = PartReference(
                vm.parseJsonBytes32(json, string.concat(key, ".member")),
                vm.parseJsonBytes32(json, string.concat(key, ".hash"))
            );
        }
    }

    function partHash(Part calldata part) external pure returns (bytes32) {
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
