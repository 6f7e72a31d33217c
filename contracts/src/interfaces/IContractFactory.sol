// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Makes contracts for {IContractReleases} and for nobody else. It stands in no genesis: an account that may create contracts puts it on the chain.
interface IContractFactory {
    /// Only the registry of releases makes contracts here.
    error NotReleases(address caller);
    /// Correct the constructor or its arguments: it ends without a reason.
    error CreationFailed();
    /// What a simulation answers, always as a refusal, so that it changes nothing.
    error Simulated(address created, bytes32 runtimeCodeHash, uint256 runtimeCodeBytes);

    /// Makes a contract (EIP-1014). The registry of releases.
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address created);

    /// Makes it and takes it back: {Simulated} says what it would be, another refusal is the constructor's own.
    function simulate(bytes32 salt, bytes calldata initCode) external;
}
