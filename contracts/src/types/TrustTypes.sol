// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IHeldCertificates} from "../interfaces/IHeldCertificates.sol";

/// Where a fact comes from.
struct Origin {
    /// Of the anchor, when it was shown: what an earlier one recorded counts no more.
    uint32 generation;
    /// Number of the anchored block.
    uint64 number;
    /// Time of that block, in seconds; zero when nothing was shown.
    uint64 time;
}

/// What was shown of an organization.
struct OrganizationFact {
    Origin origin;
    bool isSuspended;
    /// First second at which it counts: the time of the block that first showed it standing, since a suspension was shown if there was one.
    uint64 from;
}

/// What was shown of an organization's right.
struct RightFact {
    Origin origin;
    /// Of the period, in the order of granting.
    uint64 index;
    /// First second of it.
    uint64 from;
    /// First second after it; zero when it has no end.
    uint64 until;
}

/// What was shown of a key of an organization.
struct KeyFact {
    Origin origin;
    /// Of the record, in the order of authorization.
    uint64 index;
    /// First second at which it counts.
    uint64 notBefore;
    /// Last second at which it counts; zero is without end.
    uint64 notAfter;
    /// First second at which it no longer counts; zero is not revoked.
    uint64 revokedAt;
}

/// Why a signature does not count. The first that applies.
enum Refusal {
    /// It counts.
    None,
    /// Two branches of the main chain are final: the organizations have to vote on the anchor.
    AnchorFrozen,
    /// Show the organization.
    OrganizationNotShown,
    /// Show the organization anew.
    OrganizationLapsed,
    /// The main chain has suspended it.
    OrganizationSuspended,
    /// It stands from a second on that has not come here.
    OrganizationNotYet,
    /// Show the right.
    RightNotShown,
    /// Show the right anew.
    RightLapsed,
    /// The main chain has taken it away.
    RightEnded,
    /// The main chain gives it from a second on that has not come here.
    RightNotYet,
    /// Show the key's record.
    KeyNotShown,
    /// Show the key's record anew.
    KeyLapsed,
    /// Its time has not come.
    KeyNotYet,
    /// Its time is over, or it was revoked.
    KeyEnded
}

/// What was shown of a certificate.
struct CertificateFact {
    Origin origin;
    /// `CertificateStatus` in that block.
    uint8 status;
    /// First second in force.
    uint64 validFrom;
    /// First second no longer in force; zero is without end.
    uint64 validUntil;
    /// Who has issued it.
    bytes32 organization;
}

/// Trie nodes for the slots of a certificate, root first.
struct CertificateProof {
    bytes[] word;
    /// Holder and the kind's number.
    bytes[] holder;
    bytes[] organization;
    /// The kind, in the registry's list.
    bytes[] kind;
}

/// Whoever gets a certificate of `kind` has to hold one of `requiredKind` on the chain that `source` follows.
struct Condition {
    bytes32 kind;
    IHeldCertificates source;
    bytes32 requiredKind;
}

/// A kind of certificates of another chain, and the contract to which they are shown.
struct KindSource {
    bytes32 kind;
    IHeldCertificates source;
}
