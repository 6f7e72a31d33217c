// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IContractFactory} from "./interfaces/IContractFactory.sol";
import {Predeploys} from "./libraries/Predeploys.sol";

/// See {IContractFactory}. It has no state and no constructor, so that its code is the same on every chain.
contract ContractFactory is IContractFactory {
    /// @inheritdoc IContractFactory
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address) {
        if (msg.sender != Predeploys.CONTRACT_RELEASES) revert NotReleases(msg.sender);
        return _create(salt, initCode);
    }

    /// @inheritdoc IContractFactory
    function simulate(bytes32 salt, bytes calldata initCode) external {
        address created = _create(salt, initCode);
        revert Simulated(created, created.codehash, created.code.length);
    }

    function _create(bytes32 salt, bytes memory initCode) private returns (address created) {
        assembly ("memory-safe") {
            created := create2(0, add(initCode, 0x20), mload(initCode), salt)
            // The constructor's own reason.
            if and(iszero(created), gt(returndatasize(), 0)) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
        if (created == address(0)) revert CreationFailed();
    }
}
