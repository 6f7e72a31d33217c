// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// An organization as it stands now.
struct Organization {
    /// Its code (`docs/specs/encodings.md`).
    bytes32 code;
    /// May authorize and revoke the organization's keys.
    address administrator;
    /// Time of the block that registered it, in seconds; zero when it is unknown.
    uint64 registeredAt;
    /// Whether it is suspended.
    bool suspended;
    /// `keccak256` of its description, which is kept elsewhere.
    bytes32 metadataHash;
    /// Its name, for people.
    string name;
}

/// One authorization of one key for one right. Records are never removed: a signature is judged by the time of the block
/// in which it was recorded.
struct KeyRecord {
    address key;
    /// Time of the block that authorized it.
    uint64 authorizedAt;
    /// Why it was revoked, with the numbers of RFC 5280 5.3.1.
    uint8 reason;
    /// A kind of certificate, or `inspection`, `registration`, `submission`.
    bytes32 right;
    /// First second at which it counts.
    uint64 notBefore;
    /// Last second at which it counts; zero is without end.
    uint64 notAfter;
    /// First second at which it no longer counts; zero is not revoked.
    uint64 revokedAt;
}

/// A stretch of time.
struct Period {
    /// First second in it.
    uint64 from;
    /// First second after it; zero is without end.
    uint64 until;
}
