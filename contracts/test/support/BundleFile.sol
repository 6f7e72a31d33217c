// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ProvenAccount} from "../../src/types/FinalityTypes.sol";
import {vm} from "./Vm.sol";

struct Inclusion {
    uint256 index;
    bytes item;
    bytes[] proof;
}

struct SlotClaim {
    uint256 slot;
    uint256 value;
    bytes[] proof;
}

struct StateClaim {
    bytes header;
    ProvenAccount account;
    bytes[] proof;
    SlotClaim[] slots;
}

struct BundleVector {
    string name;
    string expect;
    bytes header;
    Inclusion transaction;
    Inclusion receipt;
    bool hasState;
    StateClaim state;
}

/// The vectors of proof bundles that the verifiers share (`crates/light/vectors/bundle.json`). A contract of its own, because
/// each call of it gives back the memory that reading the file takes.
contract BundleFile {
    string private constant PATH = "../crates/light/vectors/bundle.json";

    /// @return found false if there are fewer.
    function bundle(uint256 index) external view returns (bool found, BundleVector memory vector) {
        string memory json = vm.readFile(PATH);
        string memory key = string.concat(".cases[", vm.toString(index), "]");
        if (!vm.keyExistsJson(json, key)) return (false, vector);
        vector.name = vm.parseJsonString(json, string.concat(key, ".name"));
        vector.expect = vm.parseJsonString(json, string.concat(key, ".expect"));
        key = string.concat(key, ".proof");
        vector.header = vm.parseJsonBytes(json, string.concat(key, ".finality.header"));
        vector.transaction = _inclusion(json, string.concat(key, ".transaction"), ".transaction");
        vector.receipt = _inclusion(json, string.concat(key, ".receipt"), ".receipt");
        key = string.concat(key, ".state");
        vector.hasState = vm.keyExistsJson(json, key);
        if (vector.hasState) vector.state = _state(json, key, vector.header);
        return (true, vector);
    }

    function _inclusion(string memory json, string memory key, string memory item)
        private
        pure
        returns (Inclusion memory)
    {
        return Inclusion({
            index: vm.parseJsonUint(json, string.concat(key, ".index")),
            item: vm.parseJsonBytes(json, string.concat(key, item)),
            proof: vm.parseJsonBytesArray(json, string.concat(key, ".proof"))
        });
    }

    function _state(string memory json, string memory key, bytes memory header)
        private
        view
        returns (StateClaim memory state)
    {
        string memory own = string.concat(key, ".finality.header");
        state.header = vm.keyExistsJson(json, own) ? vm.parseJsonBytes(json, own) : header;
        key = string.concat(key, ".account");
        state.account = ProvenAccount({
            account: vm.parseJsonAddress(json, string.concat(key, ".address")),
            nonce: uint64(vm.parseJsonUint(json, string.concat(key, ".nonce"))),
            balance: vm.parseJsonUint(json, string.concat(key, ".balance")),
            storageRoot: vm.parseJsonBytes32(json, string.concat(key, ".storageHash")),
            codeHash: vm.parseJsonBytes32(json, string.concat(key, ".codeHash"))
        });
        state.proof = vm.parseJsonBytesArray(json, string.concat(key, ".accountProof"));
        // Every bundle with a state shows two slots.
        state.slots = new SlotClaim[](2);
        for (uint256 i = 0; i < 2; ++i) {
            string memory slot = string.concat(key, ".storageProof[", vm.toString(i), "]");
            state.slots[i].slot = vm.parseJsonUint(json, string.concat(slot, ".key"));
            state.slots[i].value = vm.parseJsonUint(json, string.concat(slot, ".value"));
            state.slots[i].proof = vm.parseJsonBytesArray(json, string.concat(slot, ".proof"));
        }
    }
}
