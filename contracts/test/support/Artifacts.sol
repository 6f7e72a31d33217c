// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// Compiled artifacts, read in tests.
library Artifacts {
    /// What `forge build` has written of a contract, in JSON.
    function read(string memory name) internal view returns (string memory) {
        return vm.readFile(string.concat("out/", name, ".sol/", name, ".json"));
    }

    /// The contract that a source file is named after.
    function contractIn(string memory path) internal pure returns (string memory) {
        bytes memory whole = bytes(path);
        uint256 end = whole.length - bytes(".sol").length;
        uint256 start = end;
        while (start > 0 && whole[start - 1] != "/") --start;
        bytes memory name = new bytes(end - start);
        for (uint256 i = 0; i < name.length; ++i) {
            name[i] = whole[start + i];
        }
        return string(name);
    }

    /// The signature with this name; reverts when there is none.
    function identifier(string[] memory signatures, string memory name) internal pure returns (string memory) {
        bytes memory wanted = bytes.concat(bytes(name), "(");
        for (uint256 i = 0; i < signatures.length; ++i) {
            bytes memory signature = bytes(signatures[i]);
            if (signature.length < wanted.length) continue;
            bytes memory start = new bytes(wanted.length);
            for (uint256 j = 0; j < wanted.length; ++j) {
                start[j] = signature[j];
            }
            if (keccak256(start) == keccak256(wanted)) return signatures[i];
        }
        revert(string.concat("no identifier for ", name));
    }

    /// The path of a member of the i-th entry of the ABI.
    function entry(uint256 i, string memory member) internal pure returns (string memory) {
        return string.concat(".abi[", vm.toString(i), "]", member);
    }

    function equal(string memory one, string memory other) internal pure returns (bool) {
        return keccak256(bytes(one)) == keccak256(bytes(other));
    }
}
