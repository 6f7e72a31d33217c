// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ContractFactory} from "../../src/ContractFactory.sol";
import {IContractFactory} from "../../src/interfaces/IContractFactory.sol";
import {ChangeRelease, ProposeContract, ReleaseStatus} from "../../src/types/ReleaseTypes.sol";
import {City} from "./City.sol";
import {Counter} from "./Counter.sol";
import {vm} from "./Vm.sol";

/// A city with its factory: three operators of contracts, and steps that they sign.
abstract contract ReleaseScene is City {
    bytes internal constant INTERFACE = "[]";
    bytes32 internal constant COUNTER = "counter";

    ContractFactory internal factory;

    /// Has to be called once, by whoever sets up.
    function _appoint() internal {
        factory = new ContractFactory();
        contractReleases.appointFactory(address(factory));
    }

    function _operator(uint256 index) internal pure returns (uint256 key) {
        return [FIRST_OPERATOR_KEY, SECOND_OPERATOR_KEY, THIRD_OPERATOR_KEY][index % 3];
    }

    function _initCode(uint256 first) internal pure returns (bytes memory) {
        return bytes.concat(type(Counter).creationCode, abi.encode(first));
    }

    /// The hash of the code that a simulation gives.
    function _simulated(bytes32 salt, bytes memory initCode) internal returns (bytes32 codeHash) {
        try factory.simulate(salt, initCode) {}
        catch (bytes memory answer) {
            require(bytes4(answer) == IContractFactory.Simulated.selector, "the constructor refuses");
            assembly {
                codeHash := mload(add(answer, 0x44))
            }
        }
    }

    /// The proposal of a counter.
    function _proposal(uint32 version, uint256 first) internal returns (ProposeContract memory) {
        bytes memory initCode = _initCode(first);
        bytes32 salt = bytes32(uint256(version));
        return ProposeContract({
            name: COUNTER,
            version: version,
            initCodeHash: keccak256(initCode),
            argumentsHash: keccak256(abi.encode(first)),
            runtimeCodeHash: _simulated(salt, initCode),
            interfaceHash: keccak256(INTERFACE),
            sourceHash: keccak256("source"),
            salt: salt,
            deadline: uint64(block.timestamp) + 600
        });
    }

    function _change(bytes32 release, uint8 status) internal view returns (ChangeRelease memory) {
        return ChangeRelease(release, status, "as it should be", uint64(block.timestamp) + 600);
    }

    function _signed(ChangeRelease memory operation, uint256 key) internal view returns (bytes memory) {
        return _signature(key, contractReleases.changeReleaseDigest(operation));
    }

    function _propose(ProposeContract memory operation, uint256 first, uint256 key) internal returns (bytes32) {
        return contractReleases.propose(
            operation,
            vm.addr(key),
            _signature(key, contractReleases.proposeContractDigest(operation)),
            type(Counter).creationCode,
            abi.encode(first),
            INTERFACE
        );
    }

    function _step(bytes32 release, uint8 status, uint256 key) internal {
        ChangeRelease memory operation = _change(release, status);
        contractReleases.changeRelease(operation, vm.addr(key), _signed(operation, key));
    }

    function _deploy(bytes32 release, uint256 first, uint256 key) internal {
        ChangeRelease memory operation = _change(release, ReleaseStatus.DEPLOYED);
        contractReleases.deploy(operation, vm.addr(key), _signed(operation, key), _initCode(first));
    }
}
