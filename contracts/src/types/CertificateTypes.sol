// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// The state of a certificate; expiry follows from its validity and the time.
library CertificateStatus {
    /// The registry does not know it.
    uint8 internal constant UNKNOWN = 0;
    uint8 internal constant VALID = 1;
    uint8 internal constant SUSPENDED = 2;
    uint8 internal constant REVOKED = 3;
    /// Replaced by its renewal; never signed for.
    uint8 internal constant RENEWED = 4;
}

/// Why a status was changed, with the numbers of RFC 5280 5.3.1.
library Reason {
    uint8 internal constant UNSPECIFIED = 0;
    uint8 internal constant KEY_COMPROMISE = 1;
    uint8 internal constant AFFILIATION_CHANGED = 3;
    uint8 internal constant SUPERSEDED = 4;
    uint8 internal constant CESSATION_OF_OPERATION = 5;
    uint8 internal constant CERTIFICATE_HOLD = 6;
    uint8 internal constant PRIVILEGE_WITHDRAWN = 9;
}

/// What an inspection found.
library Outcome {
    uint8 internal constant VALID = 1;
    uint8 internal constant REVOKED = 2;
    uint8 internal constant SUSPENDED = 3;
    uint8 internal constant EXPIRED = 4;
    uint8 internal constant CANNOT_DETERMINE = 5;
    uint8 internal constant REFUSED = 6;
}

/// A key of an organization issues a certificate (EIP-712, `docs/specs/encodings.md`).
struct Issue {
    bytes32 certificateId;
    bytes32 kind;
    bytes32 organization;
    address holder;
    bytes32 contentHash;
    bytes32 sealedHash;
    uint64 validFrom;
    uint64 validUntil;
    bytes32 previous;
    uint64 deadline;
}

/// A key of the issuing organization suspends, resumes or revokes.
struct ChangeStatus {
    bytes32 certificateId;
    uint8 status;
    uint8 reason;
    uint64 revision;
    uint64 deadline;
}

/// A key with the right `inspection` records what it found.
struct Inspect {
    bytes32 certificateId;
    address holder;
    bytes32 organization;
    bytes32 presentationHash;
    uint8 outcome;
    uint64 deadline;
}

/// The status of a certificate: one storage word.
struct StatusWord {
    /// `CertificateStatus`; zero when the registry does not know the certificate.
    uint8 status;
    /// `Reason` of the last change.
    uint8 reason;
    /// How often the status was changed.
    uint48 revision;
    /// First second in force.
    uint64 validFrom;
    /// First second no longer in force; zero is without end.
    uint64 validUntil;
    /// Time of the block that set this status.
    uint64 changedAt;
}

/// Everything that the registry holds of a certificate.
struct CertificateRecord {
    StatusWord word;
    bytes32 kind;
    bytes32 organization;
    address holder;
    /// Whose key signed the issue.
    address issuer;
    uint64 issuedAt;
    uint64 issuedBlock;
    bytes32 contentHash;
    bytes32 sealedHash;
    /// The certificate that this one renews, or zero.
    bytes32 previous;
    /// The certificate that renews this one, or zero.
    bytes32 renewedBy;
    /// `keccak256(abi.encode(issueDigest, issuer, issuedAt))`.
    bytes32 commitment;
}
