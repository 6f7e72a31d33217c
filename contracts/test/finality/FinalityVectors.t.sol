// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {FinalHeader, TrustedChain} from "../../src/types/FinalityTypes.sol";
import {ChainVector, FinalityFile, ProofVector, SetVector} from "../support/FinalityFile.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// The vectors that the Rust verifier generates and is held to: the same outcomes, named alike (FINALITY-1 to FINALITY-7).
contract FinalityVectorsTest {
    FinalityFile private file = new FinalityFile();
    FinalityVerifier private verifier = new FinalityVerifier();

    function test_every_proof_ends_as_the_vectors_say() public view {
        uint256 count = 0;
        for (; this.proofHolds(count); ++count) {}
        vm.assertTrue(count >= 80, "the file has all cases");
    }

    /// External, so that each case gives back its memory.
    function proofHolds(uint256 index) external view returns (bool found) {
        ProofVector memory vector;
        (found, vector) = file.proof(index);
        if (!found) return false;
        ChainVector memory chain = file.chain(vector.chain);
        TrustedChain memory trusted = verifier.trust(chain.chainId, chain.genesisHash, chain.genesisHeader, chain.keys);
        try verifier.verifyFinality(trusted, chain.keys, vector.proof) returns (FinalHeader memory header) {
            vm.assertEq("ok", vector.expect, vector.name);
            vm.assertEq(header.hash, keccak256(vector.proof.header), vector.name);
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), vector.expect, vector.name);
            vm.assertEq(FinalityOutcomes.reason(refusal), vector.reason, vector.name);
        }
    }

    function test_every_validator_set_is_judged_as_the_vectors_say() public view {
        uint256 count = 0;
        for (; this.setHolds(count); ++count) {}
        vm.assertTrue(count >= 7, "the file has all sets");
    }

    function setHolds(uint256 index) external view returns (bool found) {
        SetVector memory vector;
        (found, vector) = file.set(index);
        if (!found) return false;
        try verifier.check(vector.keys) {
            vm.assertEq("ok", vector.expect, vector.name);
        } catch (bytes memory refusal) {
            vm.assertEq(FinalityOutcomes.check(refusal), vector.expect, vector.name);
            vm.assertEq(FinalityOutcomes.reason(refusal), vector.reason, vector.name);
        }
    }
}
