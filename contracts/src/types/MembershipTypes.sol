// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../interfaces/IAnchor.sol";

/// Whose word counts for a member, and how much.
struct Endorser {
    /// The node's name.
    bytes32 node;
    uint64 weight;
}

/// With whom a chain wants to communicate, and on what terms.
struct Requirement {
    /// What for; the same in requirements that belong together.
    bytes32 purpose;
    /// What the chain is called in the alliance.
    bytes32 name;
    /// EIP-155 chain id.
    uint64 chainId;
    /// Hash of its genesis header; zero for a chain without finality certificates.
    bytes32 genesisHash;
    /// Where its node contract stands, on that chain.
    address nodeContract;
    /// Last second in which it stands.
    uint64 openUntil;
    /// Names of the members that it wants to communicate with, ascending.
    bytes32[] partners;
    Endorser[] endorsers;
}

/// What is wrong with a list of endorsers, in the order in which it is looked through.
enum PolicyFault {
    /// None, or more than 64.
    EndorserCount,
    WeightZero,
    Duplicate
}

enum AllianceState {
    /// Waits for the members to accept.
    Proposed,
    Active,
    Dissolved
}

/// A member. Its name stands for one chain and one node contract for ever.
struct Member {
    /// Issues its certificates and votes for it.
    address authority;
    uint64 chainId;
    /// It is of the alliance now.
    bool isActive;
    /// It has accepted the alliance as it was proposed.
    bool hasAccepted;
    /// Zero for a foreign chain.
    bytes32 genesisHash;
    address nodeContract;
    /// Follows its chain; none for a foreign chain.
    IAnchor anchor;
}

enum BallotKind {
    /// Takes a member in by its requirement, or renews its policy and authority.
    Admit,
    Remove,
    Dissolve
}

/// What members vote on. Whoever wants the same votes for the same words.
struct Ballot {
    BallotKind kind;
    /// For `Remove`: whom. Zero otherwise.
    bytes32 member;
    /// For `Admit`: number of the requirement. Zero otherwise.
    uint256 requirement;
    /// For `Admit`: follows its chain; none for a foreign chain. None otherwise.
    IAnchor anchor;
}

/// Who a node is.
struct IdentityCertificate {
    /// Its name.
    bytes32 node;
    /// Its member's name; zero when there is no such certificate.
    bytes32 member;
    /// Signs for it.
    address key;
    /// First second in which it no longer counts.
    uint64 validUntil;
    bool isRevoked;
}

/// What a node may do, for a short time.
struct TransactionCertificate {
    /// Serial number of the identity; zero when there is no such certificate.
    uint64 identity;
    /// First second in which it no longer counts.
    uint64 validUntil;
    /// 1: put requests together. 2: endorse and attest. 3: both.
    uint8 scope;
    bool isRevoked;
}
