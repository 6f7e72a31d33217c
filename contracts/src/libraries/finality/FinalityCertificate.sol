// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {
    Certificate,
    CertificateFault,
    FinalHeader,
    FinalityProof,
    RoundFault,
    TrustedChain
} from "../../types/FinalityTypes.sol";
import {Bls12381} from "./Bls12381.sol";
import {CertificateReader} from "./CertificateReader.sol";
import {CompressedPoint} from "./CompressedPoint.sol";
import {HashToG2} from "./HashToG2.sol";
import {HeaderReader} from "./HeaderReader.sol";
import {HexDigits} from "./HexDigits.sol";
import {ValidatorSet} from "./ValidatorSet.sol";

/// Decides whether a block of another chain is final (FINALITY-1 to FINALITY-6 of `docs/specs/finality.md`), on any chain that
/// has the precompiles of EIP-2537. Every refusal is an error of `IFinalityErrors`, the first that applies in the order there.
///
/// `ValidatorSet.trust` makes the chain to verify against; `HeaderProof` proves what a final header commits to.
library FinalityCertificate {
    using CertificateReader for Certificate;

    /// Most headers that may lie between a block and the descendant whose certificate finalised it.
    uint256 internal constant MAX_LINKING_HEADERS = 1024;

    /// Verifies that a block is final: its header leads, directly or through linking headers, to a block that a quorum of the
    /// chain's validators signed.
    /// @param keys the validators' keys that the chain was trusted with.
    function verifyFinality(TrustedChain memory chain, bytes calldata keys, FinalityProof calldata proof)
        internal
        view
        returns (FinalHeader memory header)
    {
        uint256 links = proof.descendants.length;
        if (links > MAX_LINKING_HEADERS) revert IFinalityErrors.TooManyHeaders(links, MAX_LINKING_HEADERS);
        header = HeaderReader.read(proof.header);
        FinalHeader memory last = header;
        for (uint256 i = 0; i < links; ++i) {
            FinalHeader memory next = HeaderReader.read(proof.descendants[i]);
            if (next.parentHash != last.hash || next.number != uint256(last.number) + 1) {
                revert IFinalityErrors.HeaderLinkBroken(i);
            }
            last = next;
        }
        Certificate memory certificate = CertificateReader.read(proof.certificate);
        _matchHeader(certificate, last);
        verifyCertificate(chain, keys, certificate, proof.signaturePoint);
    }

    /// Verifies a certificate by itself: a quorum of the chain's validators signed this block hash in this round. What the
    /// block is, the certificate does not say.
    /// @param signaturePoint the certificate's signature as an EIP-2537 G2 point.
    function verifyCertificate(
        TrustedChain memory chain,
        bytes calldata keys,
        Certificate memory certificate,
        bytes calldata signaturePoint
    ) internal view {
        bytes32 keysHash = keccak256(keys);
        if (keysHash != chain.keysHash) revert IFinalityErrors.ValidatorKeysMismatch(chain.keysHash, keysHash);
        if (certificate.epoch < chain.fromEpoch) {
            revert IFinalityErrors.EpochMismatch(chain.fromEpoch, certificate.epoch);
        }
        uint256 expected = ValidatorSet.count(keys);
        uint256 found = certificate.validators;
        if (found != expected) revert IFinalityErrors.UnknownValidator(expected, found);
        (uint256 signers, uint256 quorum) = (certificate.signerCount(), ValidatorSet.quorum(expected));
        if (signers < quorum) revert IFinalityErrors.BelowQuorum(signers, quorum);
        _checkEncoding(certificate.signature, signaturePoint);
        bytes memory message = bytes.concat(_namespace(chain), certificate.message);
        _checkSignature(
            ValidatorSet.aggregate(keys, certificate.signers),
            HashToG2.hash(message, HashToG2.SIGNATURES),
            signaturePoint
        );
    }

    /// FINALITY-3 and FINALITY-5.
    function _matchHeader(Certificate memory certificate, FinalHeader memory header) private pure {
        if (certificate.blockHash != header.hash) {
            revert IFinalityErrors.HeaderHashMismatch(certificate.blockHash, header.hash);
        }
        if (certificate.epoch != header.epoch) revert IFinalityErrors.RoundMismatch(RoundFault.OtherEpoch);
        if (certificate.finalView < header.proposedView) {
            revert IFinalityErrors.RoundMismatch(RoundFault.FinalBeforeProposed);
        }
        if (certificate.finalView == header.proposedView && certificate.parentView != header.parentView) {
            revert IFinalityErrors.RoundMismatch(RoundFault.OtherParentView);
        }
    }

    /// What stands before the message in what validators sign (FINALITY-1): the namespace, with its length.
    function _namespace(TrustedChain memory chain) private pure returns (bytes memory) {
        bytes memory name = bytes.concat(
            "chancery-", bytes(Strings.toString(chain.chainId)), "-0x", HexDigits.digits(chain.genesisHash), "_FINALIZE"
        );
        // The length is a varint; with a chain id of 20 digits the name has 105 bytes, so one byte is enough.
        return bytes.concat(bytes1(uint8(name.length)), name);
    }

    /// FINALITY-2 for the signature: compressed as it should be, of a point other than infinity, and of the point given.
    function _checkEncoding(bytes memory signature, bytes calldata signaturePoint) private pure {
        uint8 flags = uint8(signature[0]);
        if (flags & CompressedPoint.COMPRESSED == 0) _refuse(CertificateFault.SignatureNotCompressed);
        if (flags & CompressedPoint.INFINITY != 0) _refuse(CertificateFault.SignatureIsInfinity);
        if (
            signaturePoint.length != Bls12381.G2_BYTES || CompressedPoint.isInfinity(signaturePoint)
                || keccak256(CompressedPoint.g2(signaturePoint)) != keccak256(signature)
        ) _refuse(CertificateFault.SignaturePointDiffers);
    }

    /// FINALITY-4: e(key, message) = e(generator, signature), as a product that is one.
    function _checkSignature(bytes memory key, bytes memory messagePoint, bytes calldata signaturePoint) private view {
        bytes memory pairs = bytes.concat(key, messagePoint, Bls12381.NEGATIVE_GENERATOR, signaturePoint);
        (bool accepted, bool isOne) = Bls12381.pairingIsOne(pairs);
        if (!accepted) {
            // The other points were checked or made here. Addition looks at the curve alone.
            bool onCurve = Bls12381.addG2(bytes.concat(signaturePoint, new bytes(Bls12381.G2_BYTES)));
            _refuse(onCurve ? CertificateFault.SignatureNotInSubgroup : CertificateFault.SignatureNotOnCurve);
        }
        if (!isOne) revert IFinalityErrors.FinalitySignature();
    }

    function _refuse(CertificateFault fault) private pure {
        revert IFinalityErrors.CertificateMalformed(fault);
    }
}
