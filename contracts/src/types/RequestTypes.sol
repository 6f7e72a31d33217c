// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RequestState} from "./AllianceTypes.sol";

/// A part as the alliance chain sees it.
struct PartReference {
    /// The member's name.
    bytes32 member;
    /// EIP-712 `hashStruct` of the part.
    bytes32 partHash;
}

/// A request over the parts of several members. Endorsers sign its hash.
struct Request {
    /// Chosen by the requester: the same request sent again has the same number (ALLIANCE-13).
    bytes32 idempotencyKey;
    /// Serial number of the requester's transaction certificate.
    uint64 certificate;
    /// Last second in which it is sequenced.
    uint64 validUntil;
    /// Seconds from sequencing to the deadline.
    uint64 window;
    /// Ascending by member.
    PartReference[] parts;
}

/// An endorser's signature of `Endorse`.
struct Endorsement {
    /// Serial number of the endorser's transaction certificate.
    uint64 certificate;
    /// Whose part.
    bytes32 member;
    bytes signature;
}

/// An endorser's signature of `Attest`, for a foreign member.
struct Attestation {
    /// Serial number of the endorser's transaction certificate.
    uint64 certificate;
    bytes signature;
}

/// One word of storage, which is what members are shown.
struct RequestRecord {
    RequestState state;
    /// Last second in which it can be committed.
    uint64 deadline;
    /// How many parts it has.
    uint16 parties;
    /// Bit *i* is set when part *i* is known to be reserved.
    uint16 prepared;
}

/// What is wrong with a signature: the first that applies, in this order.
enum SignatureFault {
    NoFault,
    /// There is no transaction certificate of that serial number.
    CertificateUnknown,
    CertificateRevoked,
    CertificateExpired,
    IdentityRevoked,
    IdentityExpired,
    /// The node's member is no longer of the alliance.
    MemberInactive,
    /// The certificate does not allow it.
    ScopeMissing,
    /// The member's policy does not name the node, or the node is another member's.
    NotAnEndorser,
    /// It is not the node's signature of this message.
    SignatureWrong
}
