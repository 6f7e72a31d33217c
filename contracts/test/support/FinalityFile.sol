// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {FinalityProof} from "../../src/types/FinalityTypes.sol";
import {vm} from "./Vm.sol";

struct ChainVector {
    uint64 chainId;
    bytes32 genesisHash;
    bytes genesisHeader;
    bytes keys;
    uint256 validators;
}

struct ProofVector {
    string name;
    uint256 chain;
    string expect;
    string reason;
    FinalityProof proof;
}

struct SetVector {
    string name;
    string expect;
    string reason;
    bytes keys;
}

/// The vectors that the verifiers share (`crates/light/vectors/finality.json`). A contract of its own, because each call of it
/// gives back the memory that reading the file takes.
contract FinalityFile {
    string private constant PATH = "../crates/light/vectors/finality.json";

    function chain(uint256 index) external view returns (ChainVector memory vector) {
        string memory json = vm.readFile(PATH);
        string memory key = _entry("chains", index);
        vector.chainId = uint64(vm.parseJsonUint(json, string.concat(key, ".essentials.chainId")));
        vector.genesisHash = vm.parseJsonBytes32(json, string.concat(key, ".essentials.genesisHash"));
        vector.genesisHeader = vm.parseJsonBytes(json, string.concat(key, ".genesisHeader"));
        vector.keys = vm.parseJsonBytes(json, string.concat(key, ".keys"));
        vector.validators = vector.keys.length / 128;
    }

    /// @return found false if there are fewer.
    function proof(uint256 index) external view returns (bool found, ProofVector memory vector) {
        string memory json = vm.readFile(PATH);
        string memory key = _entry("cases", index);
        if (!vm.keyExistsJson(json, key)) return (false, vector);
        vector.name = vm.parseJsonString(json, string.concat(key, ".name"));
        vector.chain = vm.parseJsonUint(json, string.concat(key, ".chain"));
        vector.expect = vm.parseJsonString(json, string.concat(key, ".expect"));
        vector.reason = _optional(json, string.concat(key, ".reason"));
        vector.proof.header = vm.parseJsonBytes(json, string.concat(key, ".proof.header"));
        vector.proof.certificate = vm.parseJsonBytes(json, string.concat(key, ".proof.certificate"));
        vector.proof.signaturePoint = vm.parseJsonBytes(json, string.concat(key, ".signaturePoint"));
        string memory descendants = string.concat(key, ".proof.descendants");
        if (vm.keyExistsJson(json, descendants)) {
            vector.proof.descendants = vm.parseJsonBytesArray(json, descendants);
        }
        return (true, vector);
    }

    /// @return found false if there are fewer.
    function set(uint256 index) external view returns (bool found, SetVector memory vector) {
        string memory json = vm.readFile(PATH);
        string memory key = _entry("sets", index);
        if (!vm.keyExistsJson(json, key)) return (false, vector);
        vector.name = vm.parseJsonString(json, string.concat(key, ".name"));
        vector.expect = vm.parseJsonString(json, string.concat(key, ".expect"));
        vector.reason = _optional(json, string.concat(key, ".reason"));
        vector.keys = vm.parseJsonBytes(json, string.concat(key, ".keys"));
        return (true, vector);
    }

    /// The proof of that name; the first cases are the genuine ones of each size.
    function named(string calldata name) external view returns (ProofVector memory vector) {
        bytes32 wanted = keccak256(bytes(name));
        bool found = true;
        for (uint256 i = 0; found; ++i) {
            (found, vector) = this.proof(i);
            if (found && keccak256(bytes(vector.name)) == wanted) return vector;
        }
        revert(string.concat("no vector named ", name));
    }

    function _optional(string memory json, string memory key) private view returns (string memory) {
        return vm.keyExistsJson(json, key) ? vm.parseJsonString(json, key) : "";
    }

    function _entry(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(index), "]");
    }
}
