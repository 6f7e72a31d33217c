// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bls12381} from "./Bls12381.sol";

/// The short form of BLS12-381 points, as BLS signatures are exchanged in it: x alone, with flags in the three highest bits of
/// its first byte. What is compressed here need not be a point; then the precompiles refuse it later.
library CompressedPoint {
    /// Set in every compressed point.
    uint8 internal constant COMPRESSED = 0x80;
    /// Set if the point is infinity.
    uint8 internal constant INFINITY = 0x40;
    /// Set if y is the larger one of y and -y.
    uint8 internal constant LARGER_Y = 0x20;

    /// The 48 bytes of a G1 point of 128.
    function g1(bytes calldata point) internal pure returns (bytes memory) {
        (uint256 high, uint256 low) = abi.decode(point[64:128], (uint256, uint256));
        return bytes.concat(_flagged(bytes16(point[16:32]), Bls12381.isLarger(high, low)), point[32:64]);
    }

    /// The 96 bytes of a G2 point of 256. Coordinates are pairs; the second member comes first and decides which y is larger.
    function g2(bytes calldata point) internal pure returns (bytes memory) {
        (uint256 high0, uint256 low0, uint256 high1, uint256 low1) =
            abi.decode(point[128:256], (uint256, uint256, uint256, uint256));
        bool larger = high1 | low1 == 0 ? Bls12381.isLarger(high0, low0) : Bls12381.isLarger(high1, low1);
        return bytes.concat(_flagged(bytes16(point[80:96]), larger), point[96:128], point[16:64]);
    }

    /// Whether an uncompressed point is infinity: no other has a y of zero.
    function isInfinity(bytes calldata point) internal pure returns (bool) {
        uint256 half = point.length / 2;
        return keccak256(point[half:]) == keccak256(new bytes(half));
    }

    function _flagged(bytes16 start, bool larger) private pure returns (bytes16) {
        return start | bytes16(bytes1(larger ? COMPRESSED | LARGER_Y : COMPRESSED));
    }
}
