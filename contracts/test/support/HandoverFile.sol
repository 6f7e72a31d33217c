// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {FinalityProof, HandoverProof} from "../../src/types/FinalityTypes.sol";
import {vm} from "./Vm.sol";

struct HandoverStep {
    HandoverProof proof;
    bytes keys;
}

struct HandoverVector {
    string name;
    string expect;
    HandoverStep[] steps;
    FinalityProof finality;
}

/// A chain whose validators changed, as the node's simulation ran it (`crates/light/vectors/handover.json`).
contract HandoverFile {
    string private constant PATH = "../crates/light/vectors/handover.json";
    uint256 private constant MAX_STEPS = 8;

    function chain()
        external
        view
        returns (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory keys)
    {
        string memory json = vm.readFile(PATH);
        chainId = uint64(vm.parseJsonUint(json, ".essentials.chainId"));
        genesisHash = vm.parseJsonBytes32(json, ".essentials.genesisHash");
        header = vm.parseJsonBytes(json, ".genesisHeader");
        keys = vm.parseJsonBytes(json, ".keys");
    }

    /// @return found false if there are fewer.
    function vectorAt(uint256 index) external view returns (bool found, HandoverVector memory vector) {
        string memory json = vm.readFile(PATH);
        string memory key = _entry(".cases", index);
        if (!vm.keyExistsJson(json, key)) return (false, vector);
        vector.name = vm.parseJsonString(json, string.concat(key, ".name"));
        vector.expect = vm.parseJsonString(json, string.concat(key, ".expect"));
        vector.finality = _finality(json, string.concat(key, ".proof"), string.concat(key, ".points.signaturePoint"));
        string memory handovers = string.concat(key, ".proof.handovers");
        uint256 count = 0;
        while (count < MAX_STEPS && vm.keyExistsJson(json, _entry(handovers, count))) ++count;
        vector.steps = new HandoverStep[](count);
        for (uint256 i = 0; i < count; ++i) {
            vector.steps[i] = _step(json, _entry(handovers, i), _entry(string.concat(key, ".points.handovers"), i));
        }
        return (true, vector);
    }

    function _step(string memory json, string memory place, string memory points)
        private
        view
        returns (HandoverStep memory step)
    {
        step.keys = vm.parseJsonBytes(json, string.concat(points, ".keys"));
        step.proof.last = _finality(json, place, string.concat(points, ".signaturePoint"));
        string memory registry = string.concat(place, ".registry");
        step.proof.account = vm.parseJsonBytesArray(json, string.concat(registry, ".accountProof"));
        string memory slots = string.concat(registry, ".storageProof");
        step.proof.setHash = vm.parseJsonBytesArray(json, string.concat(_entry(slots, 0), ".proof"));
        if (vm.keyExistsJson(json, _entry(slots, 1))) {
            step.proof.epochLength = vm.parseJsonBytesArray(json, string.concat(_entry(slots, 1), ".proof"));
        }
    }

    function _finality(string memory json, string memory place, string memory point)
        private
        view
        returns (FinalityProof memory proof)
    {
        proof.header = vm.parseJsonBytes(json, string.concat(place, ".header"));
        proof.certificate = vm.parseJsonBytes(json, string.concat(place, ".certificate"));
        proof.signaturePoint = vm.parseJsonBytes(json, point);
        string memory descendants = string.concat(place, ".descendants");
        if (vm.keyExistsJson(json, descendants)) proof.descendants = vm.parseJsonBytesArray(json, descendants);
    }

    function _entry(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }
}
