// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAnchor} from "../interfaces/IAnchor.sol";
import {Part, Read, Write} from "../types/AllianceTypes.sol";
import {NodeContract} from "./NodeContract.sol";

/// The plainest node contract: a store of words without a rule of its own. A call is `abi.encode(bytes32[] reads, Write[] writes)`: the keys that a request
/// rests on, and what it writes. Whether that is right, the member's endorsers say.
contract StoreNode is NodeContract, Ownable {
    constructor(IAnchor anchor, address alliance, bytes32 member, address owner)
        NodeContract(anchor, alliance, member)
        Ownable(owner)
    {}

    /// Writes a key outside any request; refused while a request holds it. The owner.
    function set(bytes32 key, bytes32 value) external onlyOwner {
        _set(key, value);
    }

    /// Keys have to ascend, in both lists: `reserve` refuses a part in which they do not.
    function suggest(bytes calldata call) external view returns (Read[] memory reads, Write[] memory writes) {
        bytes32[] memory keys;
        (keys, writes) = abi.decode(call, (bytes32[], Write[]));
        reads = new Read[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            (, uint64 version) = _get(keys[i]);
            reads[i] = Read(keys[i], version);
        }
    }

    function _accepts(Part calldata) internal pure override returns (bool) {
        return true;
    }
}
