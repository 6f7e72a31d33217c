// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Permissions} from "../../src/Permissions.sol";
import {ValidatorRegistry} from "../../src/ValidatorRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {GenesisPermission} from "../../src/types/PermissionTypes.sol";
import {GenesisValidator} from "../../src/types/ValidatorTypes.sol";
import {BlsKeys} from "./BlsKeys.sol";
import {City} from "./City.sol";

/// A chain of several organizations with a validator each. Validator *i* has peer key 16 (i + 1), secret 100 + i and voter 0x7000 + i.
abstract contract Consortium is City {
    uint64 internal constant EPOCH_LENGTH = 1024;

    ValidatorRegistry internal members = ValidatorRegistry(Predeploys.VALIDATOR_REGISTRY);
    Permissions internal permissions = Permissions(Predeploys.PERMISSIONS);
    BlsKeys internal bls = new BlsKeys();

    function _consortium(uint256 count) internal {
        GenesisValidator[] memory first = new GenesisValidator[](count);
        for (uint256 i = 0; i < count; ++i) {
            first[i] = GenesisValidator(_organization(i), _peerKey(i), bls.compressed(_secret(i)), _voter(i));
        }
        _construct(
            Predeploys.VALIDATOR_REGISTRY,
            abi.encodePacked(type(ValidatorRegistry).creationCode, abi.encode(EPOCH_LENGTH, first))
        );
        bool[3] memory closed;
        _permissions(closed, new GenesisPermission[](0));
    }

    function _permissions(bool[3] memory closed, GenesisPermission[] memory first) internal {
        _construct(Predeploys.PERMISSIONS, abi.encodePacked(type(Permissions).creationCode, abi.encode(closed, first)));
    }

    function _organization(uint256 index) internal pure returns (bytes32) {
        return bytes32(bytes.concat("Ministry ", bytes1(uint8(0x41 + index))));
    }

    function _peerKey(uint256 index) internal pure returns (bytes32) {
        return bytes32(16 * (index + 1));
    }

    function _secret(uint256 index) internal pure returns (uint256) {
        return 100 + index;
    }

    function _voter(uint256 index) internal pure returns (address) {
        return address(uint160(0x7000 + index));
    }

    /// An account as a list has it.
    function _subject(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
