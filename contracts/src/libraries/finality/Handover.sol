// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {FinalHeader, HandoverFault, HandoverProof, ProvenAccount, TrustedChain} from "../../types/FinalityTypes.sol";
import {Predeploys} from "../Predeploys.sol";
import {FinalityCertificate} from "./FinalityCertificate.sol";
import {HeaderProof} from "./HeaderProof.sol";
import {ValidatorSet} from "./ValidatorSet.sol";

/// Follows another chain from its validators to the next ones (FINALITY-10 of `docs/specs/finality.md`).
library Handover {
    uint256 private constant SET_HASH_SLOT = 0;
    uint256 private constant EPOCH_LENGTH_SLOT = 1;

    /// The chain under the next validators. Keep it in the place of the one before: a set counts until it is handed over.
    /// @param keys the validators' keys that the chain was trusted with.
    /// @param next the next validators' keys, in the order of the set.
    function follow(
        TrustedChain memory chain,
        bytes calldata keys,
        HandoverProof calldata handover,
        bytes calldata next
    ) internal view returns (TrustedChain memory) {
        if (handover.last.descendants.length != 0) {
            revert IFinalityErrors.HandoverMalformed(HandoverFault.HasDescendants);
        }
        FinalHeader memory last = FinalityCertificate.verifyFinality(chain, keys, handover.last);
        ProvenAccount memory registry = HeaderProof.proveAccount(last, Predeploys.VALIDATOR_REGISTRY, handover.account);
        bytes32 registered = bytes32(HeaderProof.proveStorage(registry, SET_HASH_SLOT, handover.setHash));
        uint256 length = HeaderProof.proveStorage(registry, EPOCH_LENGTH_SLOT, handover.epochLength);
        uint64 epoch = uint64(last.epoch) + 1;
        // A chain that has no registry proves a length of zero, and block -1 ends no epoch.
        if (length != (uint256(last.number) + 1) / epoch || (uint256(last.number) + 1) % epoch != 0) {
            revert IFinalityErrors.HandoverMalformed(HandoverFault.NotLastOfEpoch);
        }
        bytes32 found = ValidatorSet.commitment(next);
        if (found != registered) revert IFinalityErrors.HandoverValidatorsMismatch(registered, found);
        // The registry takes no key that is none, and none twice; its code is not looked at here.
        ValidatorSet.check(next);
        return TrustedChain({
            chainId: chain.chainId, fromEpoch: epoch, genesisHash: chain.genesisHash, keysHash: keccak256(next)
        });
    }
}
