// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Whose signatures count: what a certificate registry asks, of the registry on its own chain or of what was proven of another chain's.
interface IAuthorizations {
    /// Whether a signature of the key may be recorded in this block.
    function isAuthorizedNow(address key, bytes32 code, bytes32 right) external view returns (bool);
}
