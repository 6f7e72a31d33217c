// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateFact, CertificateProof} from "../types/TrustTypes.sol";
import {IAnchoredFacts} from "./IAnchoredFacts.sol";

/// Which kinds of certificates of another chain a holder has, as far as the holder agrees (TRUST-7 to TRUST-9 of `docs/specs/trust.md`). Neither content nor numbers
/// are answered. Sending is anybody's.
interface IHeldCertificates is IAnchoredFacts {
    event Disclosed(address indexed holder, bytes32 indexed kind, uint64 until, uint256 nonce);
    /// That a certificate is lost is written without an event, when its holder agrees no longer that the kind is shown.
    event CertificateShown(
        address indexed holder, bytes32 indexed kind, uint64 indexed number, uint64 time, uint8 status
    );

    /// The holder has to agree first: `disclose`.
    error NotDisclosed(address holder, bytes32 kind);
    /// Give zero to take it back, or a time that lies ahead, at most `latest`.
    error DisclosureTime(uint64 until, uint64 latest);
    /// It has to be signed by the holder, for the nonce that is next.
    error SignatureInvalid(address signer, bytes32 digest);
    /// The other chain knows no such certificate.
    error CertificateUnknown(bytes32 certificateId);
    /// It is not valid, and was never shown: there is nothing to say of it. @param outcome of `Outcome`.
    error CertificateNotValid(bytes32 certificateId, uint8 outcome);
    /// The block is too old for the certificate to count: prove it from a newer one. @param time of the block, in seconds.
    error FactLapsed(uint64 number, uint64 time);

    /// Agrees that certificates of a kind may be shown, or takes it back. Anybody, with the holder's signature.
    /// @param until last second for which the holder agrees; zero takes it back.
    function disclose(address holder, bytes32 kind, uint64 until, bytes calldata signature) external;

    /// Shows a certificate as it stands in a block that is anchored with the registry's account. Anybody, if the holder has agreed; that it is no longer valid, also without
    /// that, if it was shown before.
    function show(uint64 number, bytes32 certificateId, CertificateProof calldata proof) external;

    /// Whether it was shown that the holder has a certificate of the kind, which is valid now, and the holder agrees that this is said.
    function isHeld(address holder, bytes32 kind) external view returns (bool);

    /// The kinds of which the same is true.
    function kindsOf(address holder) external view returns (bytes32[] memory);

    /// What was shown of it; all zero unless {isHeld}.
    function heldFact(address holder, bytes32 kind) external view returns (CertificateFact memory);

    /// Last second for which the holder agrees; zero when the holder does not.
    function disclosedUntil(address holder, bytes32 kind) external view returns (uint64);

    /// What a holder signs next for a kind and a time (EIP-712), for those who sign without a library.
    function discloseDigest(address holder, bytes32 kind, uint64 until) external view returns (bytes32);
}
