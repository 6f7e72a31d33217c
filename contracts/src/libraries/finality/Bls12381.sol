// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Precompile} from "./Precompile.sol";

/// The curves of BLS12-381 through the precompiles of EIP-2537.
library Bls12381 {
    /// A G1 point: x and y of 64 bytes, big-endian. Infinity is all zeros.
    uint256 internal constant G1_BYTES = 128;
    /// A G2 point: x.c0, x.c1, y.c0, y.c1 of 64 bytes, big-endian. Infinity is all zeros.
    uint256 internal constant G2_BYTES = 256;
    /// An element of Fp2: c0 and c1 of 64 bytes, big-endian.
    uint256 internal constant FP2_BYTES = 128;

    /// The generator of G1 with the opposite y: x and y of 64 bytes.
    bytes internal constant NEGATIVE_GENERATOR = hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// (p - 1) / 2, where p is the field's modulus: of y and p - y, the larger one is above it. Its highest 16 bytes, and its
    /// lowest 32.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    address private constant G1_ADD = address(0x0b);
    address private constant G1_MSM = address(0x0c);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING_CHECK = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    uint256 private constant G1_ADD_GAS = 375;
    /// Of one point.
    uint256 private constant G1_MSM_GAS = 12_000;
    uint256 private constant G2_ADD_GAS = 600;
    uint256 private constant PAIRING_GAS = 37_700;
    uint256 private constant PAIRING_PAIR_GAS = 32_600;
    uint256 private constant MAP_FP2_TO_G2_GAS = 23_800;

    /// Adds the two G1 points in `points` (256 bytes) and puts the sum in the place of the first.
    /// @return accepted false if one of them is not on the curve. Whether they are in the subgroup is not looked at.
    function addG1(bytes memory points) internal view returns (bool accepted) {
        uint256 place = Precompile.start(points);
        return Precompile.call(G1_ADD, G1_ADD_GAS, place, 2 * G1_BYTES, place, G1_BYTES);
    }

    /// Whether a G1 point on the curve is in the subgroup.
    function isInG1(bytes memory point) internal view returns (bool) {
        // Multiplication, unlike addition, looks at the subgroup.
        bytes memory term = bytes.concat(point, bytes32(uint256(1)));
        uint256 place = Precompile.start(term);
        return Precompile.call(G1_MSM, G1_MSM_GAS, place, term.length, place, G1_BYTES);
    }

    /// Adds the two G2 points in `points` (512 bytes) and puts the sum in the place of the first.
    /// @return accepted false if one of them is not on the curve. Whether they are in the subgroup is not looked at.
    function addG2(bytes memory points) internal view returns (bool accepted) {
        uint256 place = Precompile.start(points);
        return Precompile.call(G2_ADD, G2_ADD_GAS, place, 2 * G2_BYTES, place, G2_BYTES);
    }

    /// Maps the element of Fp2 in `elements` from `from` on to a point of the subgroup G2, in `points` from `to` on.
    function mapToG2(bytes memory elements, uint256 from, bytes memory points, uint256 to) internal view {
        uint256 input = Precompile.start(elements) + from;
        uint256 output = Precompile.start(points) + to;
        Precompile.mustCall(MAP_FP2_TO_G2, MAP_FP2_TO_G2_GAS, input, FP2_BYTES, output, G2_BYTES);
    }

    /// Whether the product of the pairings in `pairs` (a G1 and a G2 point each, 384 bytes) is one.
    /// @return accepted false if one of the points is not on the curve or not in the subgroup.
    function pairingIsOne(bytes memory pairs) internal view returns (bool accepted, bool isOne) {
        uint256 gasCost = PAIRING_GAS + pairs.length / (G1_BYTES + G2_BYTES) * PAIRING_PAIR_GAS;
        bytes memory result = new bytes(32);
        accepted = Precompile.call(
            PAIRING_CHECK, gasCost, Precompile.start(pairs), pairs.length, Precompile.start(result), 32
        );
        isOne = accepted && abi.decode(result, (uint256)) == 1;
    }

    /// Whether an element of the field, `high` its highest 16 bytes and `low` its lowest 32, is above (p - 1) / 2.
    function isLarger(uint256 high, uint256 low) internal pure returns (bool) {
        return high > HALF_HIGH || (high == HALF_HIGH && low > HALF_LOW);
    }
}
