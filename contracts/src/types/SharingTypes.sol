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
    /// X25519 public key to which the data key is to be sealed.
    bytes32 readerKey;
    /// Hash of the stated purpose.
    bytes32 purpose;
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
