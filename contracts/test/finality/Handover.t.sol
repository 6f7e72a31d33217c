// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {FinalityCertificate} from "../../src/libraries/finality/FinalityCertificate.sol";
import {Handover} from "../../src/libraries/finality/Handover.sol";
import {ValidatorSet} from "../../src/libraries/finality/ValidatorSet.sol";
import {FinalHeader, FinalityProof, HandoverProof, TrustedChain} from "../../src/types/FinalityTypes.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {HandoverFile, HandoverVector} from "../support/HandoverFile.sol";
import {vm} from "../support/Vm.sol";

/// What a contract that follows a chain would do.
contract Follower {
    function trust(uint64 chainId, bytes32 genesisHash, bytes calldata header, bytes calldata keys)
        external
        view
        returns (TrustedChain memory)
    {
        return ValidatorSet.trust(chainId, genesisHash, header, keys);
    }

    function follow(
        TrustedChain calldata chain,
        bytes calldata keys,
        HandoverProof calldata handover,
        bytes calldata next
    ) external view returns (TrustedChain memory) {
        return Handover.follow(chain, keys, handover, next);
    }

    function verify(TrustedChain calldata chain, bytes calldata keys, FinalityProof calldata proof)
        external
        view
        returns (FinalHeader memory)
    {
        return FinalityCertificate.verifyFinality(chain, keys, proof);
    }
}

/// The chain that the Rust and TypeScript verifiers follow, and its forgeries (FINALITY-10).
contract HandoverTest {
    HandoverFile private file = new HandoverFile();
    Follower private follower = new Follower();

    function test_every_handover_ends_as_the_vectors_say() public view {
        uint256 count = 0;
        for (; this.vectorHolds(count); ++count) {}
        vm.assertTrue(count > 10, "the file has all cases");
    }

    function test_a_handover_of_a_handed_over_chain_is_refused() public view {
        (, HandoverVector memory vector) = file.vectorAt(0);
        (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory keys) = file.chain();
        TrustedChain memory chain = follower.trust(chainId, genesisHash, header, keys);
        TrustedChain memory next = follower.follow(chain, keys, vector.steps[0].proof, vector.steps[0].keys);
        vm.assertTrue(next.fromEpoch > chain.fromEpoch, "a later epoch");
        try follower.follow(next, vector.steps[0].keys, vector.steps[0].proof, vector.steps[0].keys) {
            vm.assertTrue(false, "it was followed twice");
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), "EpochMismatch", "refusal");
        }
    }

    function test_what_following_costs() public {
        (, HandoverVector memory vector) = file.vectorAt(0);
        (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory keys) = file.chain();
        TrustedChain memory chain = follower.trust(chainId, genesisHash, header, keys);
        follower.follow(chain, keys, vector.steps[0].proof, vector.steps[0].keys);
        vm.snapshotGasLastCall("finality", "handover from 4 validators to 4");
    }

    /// External, so that each case gives back its memory.
    function vectorHolds(uint256 index) external view returns (bool found) {
        HandoverVector memory vector;
        (found, vector) = file.vectorAt(index);
        if (!found || _isClaim(vector.name)) return found;
        try this.verify(vector) {
            vm.assertEq("ok", vector.expect, vector.name);
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), _expected(vector), vector.name);
        }
    }

    function verify(HandoverVector calldata vector) external view {
        (uint64 chainId, bytes32 genesisHash, bytes memory header, bytes memory keys) = file.chain();
        TrustedChain memory chain = follower.trust(chainId, genesisHash, header, keys);
        for (uint256 i = 0; i < vector.steps.length; ++i) {
            chain = follower.follow(chain, keys, vector.steps[i].proof, vector.steps[i].keys);
            keys = vector.steps[i].keys;
        }
        follower.verify(chain, keys, vector.finality);
    }

    /// Forgeries of what the others compare with a claim; here nothing is claimed, the value is read from the proof.
    function _isClaim(string memory name) private pure returns (bool) {
        bytes32 hash = keccak256(bytes(name));
        return hash == keccak256("another hash of the set") || hash == keccak256("another length of the epoch")
            || hash == keccak256("another account") || hash == keccak256("the registry altered");
    }

    /// Slots are not named in a proof here, so a wrong one is a path that shows nothing.
    function _expected(HandoverVector memory vector) private pure returns (string memory) {
        bytes32 hash = keccak256(bytes(vector.name));
        if (hash == keccak256("the slots in another order") || hash == keccak256("without the epoch's length")) {
            return "StorageNotProven";
        }
        if (hash == keccak256("handed over to nobody")) return "ValidatorCount";
        return vector.expect;
    }
}
