// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CompressedPoint} from "../../src/libraries/finality/CompressedPoint.sol";
import {HashToG2} from "../../src/libraries/finality/HashToG2.sol";

/// BLS keys from small secrets, made by the precompiles. That proofs made elsewhere are accepted is shown by the simulation of `crates/chain`.
contract BlsKeys {
    bytes private constant GENERATOR = hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    /// The public key, uncompressed.
    function key(uint256 secret) public view returns (bytes memory) {
        return _times(address(0x0c), GENERATOR, secret);
    }

    /// The public key, compressed.
    function compressed(uint256 secret) public view returns (bytes memory) {
        return this.compress(key(secret));
    }

    /// The proof that the secret is known, uncompressed.
    function possession(uint256 secret) public view returns (bytes memory) {
        bytes memory message = bytes.concat("\x12chancery-validator", compressed(secret));
        return _times(address(0x0e), HashToG2.hash(message, HashToG2.POSSESSION), secret);
    }

    function compress(bytes calldata point) external pure returns (bytes memory) {
        return CompressedPoint.g1(point);
    }

    function _times(address precompile, bytes memory point, uint256 scalar) private view returns (bytes memory) {
        (bool done, bytes memory product) = precompile.staticcall(bytes.concat(point, bytes32(scalar)));
        require(done, "a multiplication failed");
        return product;
    }
}
