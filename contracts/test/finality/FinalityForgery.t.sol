// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {CertificateFault, FinalityProof, TrustedChain} from "../../src/types/FinalityTypes.sol";
import {ChainVector, FinalityFile} from "../support/FinalityFile.sol";
import {FinalityOutcomes} from "../support/FinalityOutcomes.sol";
import {FinalityVerifier} from "../support/FinalityVerifier.sol";
import {vm} from "../support/Vm.sol";

/// Nothing but a genuine proof is accepted, and every refusal has a name (FINALITY-2 to FINALITY-5).
contract FinalityForgeryTest {
    FinalityFile private file = new FinalityFile();
    FinalityVerifier private verifier = new FinalityVerifier();

    TrustedChain private chain;
    bytes private keys;
    FinalityProof private proof;

    function setUp() public {
        ChainVector memory vector = file.chain(1);
        chain = verifier.trust(vector.chainId, vector.genesisHash, vector.genesisHeader, vector.keys);
        keys = vector.keys;
        FinalityProof memory genuine = file.named("3 of 4 signed").proof;
        (proof.header, proof.certificate, proof.signaturePoint) =
        (genuine.header, genuine.certificate, genuine.signaturePoint);
    }

    function test_the_proof_that_is_forged_here_is_genuine() public view {
        verifier.verifyFinality(chain, keys, proof);
    }

    function testFuzz_no_certificate_with_flipped_bits_is_accepted(uint256[3] calldata bits) public view {
        FinalityProof memory forged = proof;
        forged.certificate = _flipped(forged.certificate, bits);
        _expectRefusal(forged);
    }

    function testFuzz_no_signature_point_with_flipped_bits_is_accepted(uint256[3] calldata bits) public view {
        FinalityProof memory forged = proof;
        forged.signaturePoint = _flipped(forged.signaturePoint, bits);
        vm.assertEq(_expectRefusal(forged), "CertificateMalformed", "the point is not the certificate's");
    }

    function testFuzz_no_header_with_flipped_bits_is_accepted(uint256[3] calldata bits) public view {
        FinalityProof memory forged = proof;
        forged.header = _flipped(forged.header, bits);
        _expectRefusal(forged);
    }

    function testFuzz_no_bytes_are_taken_for_a_certificate(bytes calldata garbage) public view {
        FinalityProof memory forged = proof;
        forged.certificate = garbage;
        _expectRefusal(forged);
    }

    function testFuzz_no_bytes_are_taken_for_a_header(bytes calldata garbage) public view {
        FinalityProof memory forged = proof;
        forged.header = garbage;
        vm.assertEq(_expectRefusal(forged), "HeaderMalformed", "named");
    }

    /// Signers that the sum was not made of: an unknown signature whichever they are.
    function testFuzz_no_other_signers_are_believed(uint8 signers) public view {
        FinalityProof memory forged = proof;
        uint256 bitmapPlace = 43;
        if (bytes1(signers) == forged.certificate[bitmapPlace]) return;
        forged.certificate[bitmapPlace] = bytes1(signers);
        _expectRefusal(forged);
    }

    /// Too little gas is no verdict: a relay that is paid for little must not make a genuine block look forged.
    function testFuzz_too_little_gas_never_refuses_a_genuine_proof(uint256 gasLimit) public view {
        FinalityProof memory genuine = proof;
        bytes memory call = abi.encodeCall(FinalityVerifier.verifyFinality, (chain, keys, genuine));
        (bool done, bytes memory answer) = address(verifier).staticcall{gas: 1_000 + gasLimit % 210_000}(call);
        if (done || answer.length == 0) return;
        vm.assertEq(bytes4(answer), IFinalityErrors.GasTooLow.selector, FinalityOutcomes.check(answer));
    }

    function test_other_keys_than_the_trusted_ones_are_refused() public {
        bytes memory other = file.chain(2).keys;
        vm.expectRevert(
            abi.encodeWithSelector(IFinalityErrors.ValidatorKeysMismatch.selector, keccak256(keys), keccak256(other))
        );
        verifier.verifyFinality(chain, other, proof);
    }

    function test_a_signature_point_of_another_length_is_refused() public {
        FinalityProof memory forged = proof;
        forged.signaturePoint = bytes.concat(forged.signaturePoint, hex"00");
        vm.expectRevert(_malformed(CertificateFault.SignaturePointDiffers));
        verifier.verifyFinality(chain, keys, forged);
        forged.signaturePoint = "";
        vm.expectRevert(_malformed(CertificateFault.SignaturePointDiffers));
        verifier.verifyFinality(chain, keys, forged);
    }

    function test_the_point_of_another_signature_is_refused() public {
        FinalityProof memory forged = proof;
        forged.signaturePoint = file.named("all of 4 signed").proof.signaturePoint;
        vm.expectRevert(_malformed(CertificateFault.SignaturePointDiffers));
        verifier.verifyFinality(chain, keys, forged);
    }

    /// The precompile reads 64 bytes an element, the certificate has 48: what stands in the others must not be free.
    function test_a_signature_point_with_something_in_its_padding_is_refused() public {
        FinalityProof memory forged = proof;
        forged.signaturePoint[64] = 0x01;
        vm.expectRevert(_malformed(CertificateFault.SignatureNotOnCurve));
        verifier.verifyFinality(chain, keys, forged);
    }

    function test_too_many_linking_headers_are_refused_before_they_are_read() public {
        FinalityProof memory forged = proof;
        forged.descendants = new bytes[](1025);
        vm.expectRevert(abi.encodeWithSelector(IFinalityErrors.TooManyHeaders.selector, 1025, 1024));
        verifier.verifyFinality(chain, keys, forged);
    }

    function test_a_certificate_is_of_one_chain() public {
        TrustedChain memory other = chain;
        other.chainId += 1;
        vm.expectRevert(IFinalityErrors.FinalitySignature.selector);
        verifier.verifyFinality(other, keys, proof);
        other = chain;
        other.genesisHash = keccak256("another genesis");
        vm.expectRevert(IFinalityErrors.FinalitySignature.selector);
        verifier.verifyFinality(other, keys, proof);
    }

    function _expectRefusal(FinalityProof memory forged) private view returns (string memory check) {
        try verifier.verifyFinality(chain, keys, forged) {
            vm.assertTrue(false, "a forgery was accepted");
        } catch (bytes memory refusal) {
            check = FinalityOutcomes.check(refusal);
            vm.assertTrue(bytes(check).length != 0, vm.toString(refusal));
        }
    }

    /// One to three bits flipped; the first always is.
    function _flipped(bytes memory data, uint256[3] calldata bits) private pure returns (bytes memory) {
        bytes32 before = keccak256(data);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 bit = bits[i] % (8 * data.length);
            if (i == 0 || bits[i] % 2 == 1) data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        }
        // Two of them may have been the same one.
        if (keccak256(data) == before) data[0] ^= 0x01;
        return data;
    }

    function _malformed(CertificateFault fault) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFinalityErrors.CertificateMalformed.selector, fault);
    }
}
