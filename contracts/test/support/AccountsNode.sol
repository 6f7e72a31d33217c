// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {NodeContract} from "../../src/bridge/NodeContract.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {Part, Read, Write} from "../../src/types/AllianceTypes.sol";

/// A bank: a key is an account, a call pays into it or out of it. No account is overdrawn, and none gets more than a limit.
contract AccountsNode is NodeContract {
    uint256 public constant LIMIT = 1_000_000;

    error Overdrawn(bytes32 account);

    constructor(IAnchor anchor, address alliance, bytes32 member) NodeContract(anchor, alliance, member) {}

    function deposit(bytes32 account, uint256 amount) external {
        (bytes32 balance,) = _get(account);
        _set(account, bytes32(uint256(balance) + amount));
    }

    function suggest(bytes calldata call) external view returns (Read[] memory reads, Write[] memory writes) {
        (bytes32 account, int256 change) = abi.decode(call, (bytes32, int256));
        (bytes32 value, uint64 version) = _get(account);
        // Balances are at most the limit.
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 balance = int256(uint256(value)) + change;
        if (balance < 0) revert Overdrawn(account);
        (reads, writes) = (new Read[](1), new Write[](1));
        reads[0] = Read(account, version);
        // forge-lint: disable-next-line(unsafe-typecast)
        writes[0] = Write(account, bytes32(uint256(balance)));
    }

    function _accepts(Part calldata part) internal pure override returns (bool) {
        for (uint256 i = 0; i < part.writes.length; ++i) {
            if (uint256(part.writes[i].value) > LIMIT) return false;
        }
        return true;
    }
}
