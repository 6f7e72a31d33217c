// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {KeyFault, TrustedChain} from "../../types/FinalityTypes.sol";
import {Bls12381} from "./Bls12381.sol";
import {CertificateReader} from "./CertificateReader.sol";
import {CompressedPoint} from "./CompressedPoint.sol";
import {HeaderReader} from "./HeaderReader.sol";

/// The public keys of a chain's validators: EIP-2537 G1 points of 128 bytes each, one after another, in the order of the set.
library ValidatorSet {
    uint256 private constant KEY_BYTES = Bls12381.G1_BYTES;
    bytes32 private constant COMMITMENT_DOMAIN = "chancery-validators";

    /// Votes needed among `validators`: all but the third that may be faulty.
    function quorum(uint256 validators) internal pure returns (uint256) {
        return validators - (validators - 1) / 3;
    }

    /// A chain to be trusted for its genesis hash: its genesis header has that hash and commits to the keys, and these are
    /// a set (FINALITY-7). That each key was shown with a proof of possession stands behind the genesis hash (FINALITY-8).
    function trust(uint64 chainId, bytes32 genesisHash, bytes calldata genesisHeader, bytes calldata keys)
        internal
        view
        returns (TrustedChain memory)
    {
        check(keys);
        bytes32 found = keccak256(genesisHeader);
        bytes32 committed = HeaderReader.genesisCommitment(genesisHeader);
        if (found != genesisHash) revert IFinalityErrors.GenesisHashMismatch(genesisHash, found);
        bytes32 commitment_ = commitment(keys);
        if (committed != commitment_) revert IFinalityErrors.GenesisValidatorsMismatch(committed, commitment_);
        return TrustedChain({chainId: chainId, fromEpoch: 0, genesisHash: genesisHash, keysHash: keccak256(keys)});
    }

    /// What the genesis header carries for these keys (`docs/specs/encodings.md`).
    function commitment(bytes calldata keys) internal pure returns (bytes32) {
        bytes[] memory compressed = new bytes[](count(keys));
        for (uint256 i = 0; i < compressed.length; ++i) {
            compressed[i] = CompressedPoint.g1(_key(keys, i));
        }
        return keccak256(abi.encode(COMMITMENT_DOMAIN, compressed));
    }

    /// Refuses what is no set: nobody or too many, a key twice, a key that is no point of the subgroup or is infinity.
    /// Infinity would sign everything, and a key outside the subgroup could be more than one.
    function check(bytes calldata keys) internal view {
        uint256 validators = count(keys);
        bytes32[] memory hashes = new bytes32[](validators);
        for (uint256 i = 0; i < validators; ++i) {
            bytes calldata key = _key(keys, i);
            hashes[i] = keccak256(key);
            for (uint256 j = 0; j < i; ++j) {
                if (hashes[j] == hashes[i]) revert IFinalityErrors.DuplicateKey(i);
            }
            if (CompressedPoint.isInfinity(key)) revert IFinalityErrors.MalformedKey(i, KeyFault.IsInfinity);
            if (!_isOnCurve(key)) revert IFinalityErrors.MalformedKey(i, KeyFault.NotOnCurve);
            if (!Bls12381.isInG1(key)) revert IFinalityErrors.MalformedKey(i, KeyFault.NotInSubgroup);
        }
    }

    /// How many keys there are.
    function count(bytes calldata keys) internal pure returns (uint256 validators) {
        validators = keys.length / KEY_BYTES;
        if (keys.length % KEY_BYTES != 0 || validators == 0 || validators > CertificateReader.MAX_VALIDATORS) {
            revert IFinalityErrors.ValidatorCount(keys.length);
        }
    }

    /// The sum of the signers' keys. `signers` has a bit that is set, and none beyond the set.
    function aggregate(bytes calldata keys, uint256 signers) internal view returns (bytes memory sum) {
        // Two points: the sum so far, and the one to add.
        bytes memory points = new bytes(2 * KEY_BYTES);
        uint256 place = 0;
        for (uint256 i = 0; signers != 0; (++i, signers >>= 1)) {
            if (signers & 1 == 0) continue;
            assembly ("memory-safe") {
                calldatacopy(add(add(points, 0x20), place), add(keys.offset, mul(i, 128)), 128)
            }
            if (place != 0 && !Bls12381.addG1(points)) {
                revert IFinalityErrors.MalformedKey(i, KeyFault.NotOnCurve);
            }
            place = KEY_BYTES;
        }
        assembly ("memory-safe") {
            mstore(points, 128) // the sum alone; what follows it stays unused
        }
        return points;
    }

    function _key(bytes calldata keys, uint256 index) private pure returns (bytes calldata) {
        return keys[index * KEY_BYTES:(index + 1) * KEY_BYTES];
    }

    function _isOnCurve(bytes calldata key) private view returns (bool) {
        return Bls12381.addG1(bytes.concat(key, new bytes(KEY_BYTES)));
    }
}
