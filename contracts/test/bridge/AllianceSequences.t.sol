// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAlliance} from "../../src/interfaces/IAlliance.sol";
import {RequestState} from "../../src/types/AllianceTypes.sol";
import {Endorsement, PartReference, Request} from "../../src/types/RequestTypes.sol";
import {Partnership} from "../support/Partnership.sol";
import {Vm, vm} from "../support/Vm.sol";

/// What the rules in `crates/bridge` say of a request (`vectors/sequences.json`), the contract says: who is named, with which fault, whose weight is
/// missing, and so what the request becomes (ALLIANCE-10, ALLIANCE-11).
contract AllianceSequencesTest is Partnership {
    string private constant PATH = "../crates/bridge/vectors/sequences.json";
    uint64 private constant UNKNOWN = 9999;

    uint64[] private serials;
    uint256[] private keys;

    function setUp() public override {
        super.setUp();
        string memory json = vm.readFile(PATH);
        bytes32[] memory nodes = vm.parseJsonBytes32Array(json, ".nodes");
        bytes32[] memory members = vm.parseJsonBytes32Array(json, ".members");
        for (uint256 i = 0; i < nodes.length; ++i) {
            _issueCase(json, i, members[i], nodes[i]);
        }
        vm.prank(_authority(TAX));
        alliance.leave(TAX);
        vm.warp(NOW + vm.parseJsonUint(json, ".waitSeconds"));
    }

    function test_every_verdict_is_that_of_the_rules() public {
        uint256 count = 0;
        for (; this.caseHolds(count); ++count) {}
        vm.assertEq(count, 96, "every case");
    }

    /// External, so that each case gives back its memory.
    function caseHolds(uint256 index) external returns (bool) {
        string memory json = vm.readFile(PATH);
        string memory place = string.concat(".cases[", vm.toString(index), "]");
        if (!vm.keyExistsJson(json, place)) return false;
        Request memory request = _caseRequest(json, place, index);
        Endorsement[] memory endorsements = _caseEndorsements(json, place, request);
        vm.recordLogs();
        uint64 number = _submit(request, endorsements);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 named = _checkBad(json, place, logs);
        uint256 missing = _checkMissing(json, place, logs);
        vm.assertEq(logs.length, named + missing + 1, "nothing else but the outcome");
        RequestState expected = named + missing == 0 ? RequestState.Sequenced : RequestState.Invalid;
        vm.assertEq(uint256(alliance.requestAt(number).state), uint256(expected), place);
        return true;
    }

    function _checkBad(string memory json, string memory place, Vm.Log[] memory logs) private view returns (uint256) {
        bytes32[] memory members = vm.parseJsonBytes32Array(json, string.concat(place, ".badMembers"));
        bytes32[] memory certificates_ = vm.parseJsonBytes32Array(json, string.concat(place, ".badCertificates"));
        bytes32[] memory faults = vm.parseJsonBytes32Array(json, string.concat(place, ".faults"));
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IAlliance.BadSignature.selector) continue;
            vm.assertTrue(found < faults.length, place);
            vm.assertEq(logs[i].topics[2], members[found], place);
            vm.assertEq(uint256(logs[i].topics[3]), _serial(uint256(certificates_[found])), place);
            vm.assertEq(abi.decode(logs[i].data, (bytes32)), faults[found], place);
            ++found;
        }
        vm.assertEq(found, faults.length, place);
        return found;
    }

    function _checkMissing(string memory json, string memory place, Vm.Log[] memory logs)
        private
        pure
        returns (uint256)
    {
        bytes32[] memory members = vm.parseJsonBytes32Array(json, string.concat(place, ".missing"));
        bytes32[] memory weights = vm.parseJsonBytes32Array(json, string.concat(place, ".weights"));
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IAlliance.WeightMissing.selector) continue;
            vm.assertTrue(found < members.length, place);
            vm.assertEq(logs[i].topics[2], members[found], place);
            (bytes32 weight,) = abi.decode(logs[i].data, (bytes32, bytes32));
            vm.assertEq(weight, weights[found], place);
            ++found;
        }
        vm.assertEq(found, members.length, place);
        return found;
    }

    function _caseRequest(string memory json, string memory place, uint256 index)
        private
        view
        returns (Request memory request)
    {
        bytes32[] memory parts = vm.parseJsonBytes32Array(json, string.concat(place, ".parts"));
        request = _request(bytes32(index + 1), 1);
        request.parts = new PartReference[](parts.length);
        for (uint256 i = 0; i < parts.length; ++i) {
            request.parts[i] = PartReference(parts[i], keccak256(abi.encode(index, i)));
        }
    }

    function _caseEndorsements(string memory json, string memory place, Request memory request)
        private
        view
        returns (Endorsement[] memory endorsements)
    {
        bytes32[] memory certificates_ = vm.parseJsonBytes32Array(json, string.concat(place, ".certificates"));
        bytes32[] memory members = vm.parseJsonBytes32Array(json, string.concat(place, ".members"));
        bytes32[] memory signed = vm.parseJsonBytes32Array(json, string.concat(place, ".signed"));
        endorsements = new Endorsement[](members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            uint256 which = uint256(certificates_[i]);
            uint256 key = which < keys.length && signed[i] != 0 ? keys[which] : _key("nobody", "at all");
            endorsements[i] = _endorseUnder(request, members[i], _serial(which), key);
        }
    }

    function _issueCase(string memory json, uint256 i, bytes32 member, bytes32 node) private {
        uint256 key = _key(member, bytes32(i));
        uint64 until = uint64(_word(json, ".validUntil", i));
        vm.prank(_authority(member));
        uint64 identity = alliance.issueIdentity(member, node, vm.addr(key), NOW + 3000);
        vm.prank(_authority(member));
        // Scopes are 1 to 3.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 serial = alliance.issueTransaction(identity, uint8(_word(json, ".scopes", i)), NOW + until);
        if (_word(json, ".revoked", i) != 0) {
            vm.prank(_authority(member));
            alliance.revokeTransaction(serial);
        }
        if (_word(json, ".identityRevoked", i) != 0) {
            vm.prank(_authority(member));
            alliance.revokeIdentity(identity);
        }
        serials.push(serial);
        keys.push(key);
    }

    /// Serial numbers are the contract's, places in the list are the file's.
    function _serial(uint256 place) private view returns (uint64) {
        return place < serials.length ? serials[place] : UNKNOWN;
    }

    function _word(string memory json, string memory list, uint256 i) private pure returns (uint256) {
        return uint256(vm.parseJsonBytes32Array(json, list)[i]);
    }
}
