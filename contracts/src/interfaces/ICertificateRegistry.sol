// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateRecord, ChangeStatus, Inspect, Issue, StatusWord} from "../types/CertificateTypes.sol";

/// Certificates of the kinds of this chain: issue, renew, suspend, resume, revoke, inspect (C-LIFE, C-ISSUE, C-QR).
///
/// What counts is who signed, not who sends: anybody may relay a signed operation. A signature is by a secp256k1 key
/// (65 bytes, low s) or, where the signing address is a contract, by ERC-1271.
interface ICertificateRegistry {
    /// @param digest the EIP-712 digest that the issuer signed.
    event CertificateIssued(
        bytes32 indexed certificateId,
        bytes32 indexed organization,
        address indexed holder,
        Issue operation,
        address issuer,
        bytes32 digest,
        bytes signature,
        bytes sealedPayload
    );
    event CertificateRenewed(bytes32 indexed certificateId, bytes32 indexed renewedBy, uint64 revision);
    event CertificateStatusChanged(
        bytes32 indexed certificateId,
        bytes32 indexed organization,
        address indexed issuer,
        ChangeStatus operation,
        bytes32 digest,
        bytes signature
    );
    /// @param registered what the registry itself held in this block; all zero when it does not know the certificate.
    /// @param registeredOutcome what that amounts to at this block's time.
    event CertificateInspected(
        bytes32 indexed certificateId,
        bytes32 indexed organization,
        address indexed inspector,
        Inspect operation,
        bytes32 digest,
        StatusWord registered,
        uint8 registeredOutcome,
        bytes signature
    );

    /// Sign again with a later deadline.
    error OperationExpired(uint64 deadline, uint256 currentTime);
    /// Sign exactly what is sent, for this chain and contract, with the key of `signer`.
    error SignatureInvalid(address signer, bytes32 digest);
    /// Let the organization's administrator authorize the key for the right on this chain.
    error SignerNotAuthorized(address signer, bytes32 organization, bytes32 right);
    /// Send it to the side chain of that kind.
    error KindNotEnabled(bytes32 kind);
    /// Name one kind or more, each 1 to 32 characters of `[0-9a-z-]`, none twice.
    error KindMalformed(bytes32 kind);
    /// Draw another id.
    error CertificateIdZero();
    /// Draw another id: it stands for an issued certificate.
    error CertificateAlreadyIssued(bytes32 certificateId);
    /// Check the id and the chain.
    error CertificateUnknown(bytes32 certificateId);
    /// Give the holder's address.
    error HolderZero();
    /// Give the hash of the document.
    error ContentHashZero();
    /// Give an end after the beginning, or zero for none.
    error ValidityMalformed(uint64 validFrom, uint64 validUntil);
    /// Seal less: 1 to `maximum` bytes.
    error SealedPayloadLength(uint256 length, uint256 maximum);
    /// Send the payload that was signed for.
    error SealedPayloadMismatch(bytes32 expected, bytes32 actual);
    /// A renewal has the holder, kind and organization of the certificate that it renews.
    error RenewalMismatch(bytes32 previous);
    /// Issue a new certificate instead: this one is suspended, revoked or was renewed already.
    error RenewalOfStatus(bytes32 previous, uint8 status);
    /// Read the certificate again and sign for its current revision.
    error RevisionStale(bytes32 certificateId, uint64 expected, uint64 actual);
    /// Valid can be suspended or revoked, suspended can be resumed or revoked, revoked and renewed are final.
    error StatusTransition(uint8 from, uint8 to);
    /// Resume with 0; suspend with 0 or 6; revoke with 0, 1, 3, 4, 5 or 9.
    error ReasonMalformed(uint8 status, uint8 reason);
    /// Use 1 to 6.
    error OutcomeUnknown(uint8 outcome);
    /// Give the hash of the presentation.
    error PresentationHashZero();
    /// Nothing is to be done: it stands recorded.
    error InspectionAlreadyRecorded(bytes32 digest);

    /// Issues a certificate, or renews one when `operation.previous` is given.
    /// @param issuer whose signature it is; authorized by the organization for the kind.
    /// @param sealedPayload the document sealed to the holder; goes to the event, its hash is in the operation.
    function issue(Issue calldata operation, address issuer, bytes calldata signature, bytes calldata sealedPayload)
        external;

    /// Suspends, resumes or revokes.
    /// @param issuer whose signature it is; authorized by the issuing organization for the kind.
    function changeStatus(ChangeStatus calldata operation, address issuer, bytes calldata signature) external;

    /// Records an inspection beside what the registry itself holds. Unknown certificates can be inspected too.
    /// @param inspector whose signature it is; authorized by its organization for `inspection`.
    function inspect(Inspect calldata operation, address inspector, bytes calldata signature) external;

    /// The status; all zero when the certificate is unknown.
    function statusOf(bytes32 certificateId) external view returns (StatusWord memory);

    /// Everything that is held; `word.status` is zero when the certificate is unknown.
    function certificate(bytes32 certificateId) external view returns (CertificateRecord memory);

    /// What a certificate amounts to at a time, as it stands now: one of the outcomes but "cannot determine".
    function outcomeAt(bytes32 certificateId, uint64 time) external view returns (uint8);

    /// Whether an inspection with this digest was recorded.
    function isInspectionRecorded(bytes32 digest) external view returns (bool);

    /// The kinds of this chain.
    function kinds() external view returns (bytes32[] memory);

    /// Whether a kind is one of this chain's.
    function isKindEnabled(bytes32 kind) external view returns (bool);

    /// The contract that says who may sign: the organizations' registry of this chain, or what was proven of another's.
    function organizationRegistry() external view returns (address);

    /// EIP-712 digests, for those who sign without a library.
    function issueDigest(Issue calldata operation) external view returns (bytes32);
    function changeStatusDigest(ChangeStatus calldata operation) external view returns (bytes32);
    function inspectDigest(Inspect calldata operation) external view returns (bytes32);
}
