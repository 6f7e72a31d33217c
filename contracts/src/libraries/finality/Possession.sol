// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bls12381} from "./Bls12381.sol";
import {CompressedPoint} from "./CompressedPoint.sol";
import {HashToG2} from "./HashToG2.sol";

/// Whether whoever shows a validator's key knows its secret (FINALITY-8 of `docs/specs/finality.md`).
library Possession {
    /// The namespace with its length in front: nobody can take another signature of the key for this proof.
    bytes private constant NAMESPACE = "\x12chancery-validator";

    /// @param key a point of G1's subgroup other than infinity: `ValidatorSet.check` has seen it.
    /// @param proof a G2 point of 256 bytes, whatever it holds.
    function isProven(bytes calldata key, bytes calldata proof) internal view returns (bool) {
        if (proof.length != Bls12381.G2_BYTES) return false;
        bytes memory message = bytes.concat(NAMESPACE, CompressedPoint.g1(key));
        bytes memory point = HashToG2.hash(message, HashToG2.POSSESSION);
        (bool accepted, bool isOne) =
            Bls12381.pairingIsOne(bytes.concat(key, point, Bls12381.NEGATIVE_GENERATOR, proof));
        return accepted && isOne;
    }
}
