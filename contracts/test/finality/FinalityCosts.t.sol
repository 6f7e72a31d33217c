// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {FinalityProof, TrustedChain} from "../../src/types/FinalityTypes.sol";
import {BundleFile, BundleVector} from "../support/BundleFile.sol";
import {ChainVector, FinalityFile, ProofVector} from "../support/FinalityFile.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// What a verification costs, for `snapshots/finality.json`: the call alone, without what a transaction costs by itself and
/// for its calldata. `docs/specs/finality.md` says how it grows.
contract FinalityCostTest {
    string private constant GROUP = "finality";
    uint256 private constant MOST_FOR_FOUR = 300_000;

    FinalityFile private file = new FinalityFile();
    BundleFile private bundles = new BundleFile();
    FinalityVerifier private verifier = new FinalityVerifier();

    function test_a_certificate_of_four_with_its_header_stays_within_its_budget() public {
        uint256 used = _verify("all of 4 signed");
        vm.assertTrue(used < MOST_FOR_FOUR, vm.toString(used));
    }

    function test_gas_grows_with_the_signers_alone() public {
        uint256 one = _verify("all of 1 signed");
        uint256 four = _verify("all of 4 signed");
        uint256 seven = _verify("all of 7 signed");
        uint256 ten = _verify("all of 10 signed");
        uint256 each = (ten - one) / 9;
        vm.assertTrue(each < 2_000, vm.toString(each));
        vm.assertTrue(four < seven && seven < ten, "more signers cost more");
    }

    function test_gas_of_the_certificate_alone() public {
        (ChainVector memory chain, FinalityProof memory proof) = _load("all of 4 signed");
        TrustedChain memory trusted = _trust(chain);
        verifier.verifyCertificate(trusted, chain.keys, proof.certificate, proof.signaturePoint);
        vm.snapshotGasLastCall(GROUP, "certificate of 4 of 4, without its header");
    }

    function test_gas_of_trusting_a_chain_of_four() public {
        _trust(file.chain(1));
        vm.snapshotGasLastCall(GROUP, "trusting a chain of 4");
    }

    function test_gas_of_what_a_header_proves() public {
        (, BundleVector memory bundle) = bundles.bundle(0);
        verifier.readHeader(bundle.header);
        vm.snapshotGasLastCall(GROUP, "reading a header");
        verifier.verifyReceipt(bundle.header, bundle.receipt.index, bundle.receipt.item, bundle.receipt.proof);
        vm.snapshotGasLastCall(GROUP, "a receipt, 3 nodes, with reading the header");
        verifier.proveAccount(bundle.state.header, bundle.state.account.account, bundle.state.proof);
        vm.snapshotGasLastCall(GROUP, "an account, 3 nodes, with reading the header");
        verifier.proveStorage(bundle.state.account, bundle.state.slots[0].slot, bundle.state.slots[0].proof);
        vm.snapshotGasLastCall(GROUP, "a slot, 2 nodes");
        verifier.proveStorage(bundle.state.account, bundle.state.slots[1].slot, bundle.state.slots[1].proof);
        vm.snapshotGasLastCall(GROUP, "an absent slot, 1 node");
    }

    function _verify(string memory name) private returns (uint256) {
        (ChainVector memory chain, FinalityProof memory proof) = _load(name);
        TrustedChain memory trusted = _trust(chain);
        verifier.verifyFinality(trusted, chain.keys, proof);
        return vm.snapshotGasLastCall(GROUP, string.concat("header and certificate, ", name));
    }

    function _load(string memory name) private view returns (ChainVector memory, FinalityProof memory) {
        ProofVector memory vector = file.named(name);
        return (file.chain(vector.chain), vector.proof);
    }

    function _trust(ChainVector memory chain) private view returns (TrustedChain memory) {
        return verifier.trust(chain.chainId, chain.genesisHash, chain.genesisHeader, chain.keys);
    }
}
