// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// A version of a digital asset (S-ASSET; `docs/specs/sharing.md`).
struct AssetVersion {
    /// `bytes32` of an ASCII name, for example `parquet`.
    bytes32 dataType;
    /// `sha-256`, or zero for small text that stands in `metadata`.
    bytes32 hashAlgorithm;
    /// Of the sealed bytes.
    bytes32 fingerprint;
    /// Length of the sealed bytes.
    uint64 size;
    /// Time of the block that published it; zero when there is no such version.
    uint64 publishedAt;
    /// Under which of the asset's keys it is sealed.
    uint32 keyEpoch;
    /// Sealed access information, or small text.
    bytes metadata;
}

/// Where a request stands.
enum RequestState {
    None,
    Pending,
    Approved,
    Refused,
    Granted,
    Ended
}

/// A request for a version.
struct AccessRequest {
    address reader;
    uint64 requestedAt;
    RequestState state;
    uint32 version;
    /// By which right of use; zero when its reader is listed.
    uint64 right;
    /// X25519 public key to which the data key is to be sealed.
    bytes32 readerKey;
    /// Hash of the stated purpose.
    bytes32 purpose;
}

/// A right of use: who may use the asset, for what, until when (M-APP, S-ASSET). It stays with the asset when that changes hands.
struct UseRight {
    /// Who has it; zero when there is no such right.
    address holder;
    /// Time of the block that gave it.
    uint64 givenAt;
    /// Hash of the stated purpose.
    bytes32 purpose;
    /// Its last second.
    uint64 validUntil;
    /// When the owner took it back; zero while it has not.
    uint64 withdrawnAt;
}

/// A resource in the directory (S-DIR).
struct Resource {
    address asset;
    uint64 registeredAt;
    /// Bit *i*: role *i* may see the description; all bits: everybody.
    uint32 visibility;
    bytes32 organization;
    bytes32 descriptionHash;
    /// Empty unless everybody may see it.
    string description;
}
