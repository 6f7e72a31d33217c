// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// A validator as the genesis names it. Proofs of possession stand in the genesis file, where every node checks them.
struct GenesisValidator {
    /// The organization that runs it.
    bytes32 organization;
    /// Ed25519 key that authenticates its connections.
    bytes32 peerKey;
    /// Compressed BLS12-381 G1 key that signs finality, 48 bytes.
    bytes blsKey;
    /// Votes for the organization; the same for each of its validators.
    address voter;
}

/// A member of the validator set.
struct Validator {
    bytes32 organization;
    bytes32 peerKey;
    /// Compressed, 48 bytes.
    bytes blsKey;
}

/// A member as it is stored, by its peer key. Nodes read these slots (`docs/specs/finality.md`, "The validator registry").
struct ValidatorRecord {
    /// Zero when there is none.
    bytes32 organization;
    /// The first 32 bytes of the compressed BLS key.
    bytes32 blsKeyStart;
    /// Its last 16.
    bytes16 blsKeyEnd;
}

/// An organization that runs at least one validator, and so has one vote.
struct Seat {
    /// Who casts the vote.
    address voter;
    /// How many validators it runs; zero when it has no seat.
    uint32 validators;
    /// Where it stands in the list of organizations.
    uint32 position;
}

/// What a proposal would do.
enum ProposalKind {
    AddValidator,
    RemoveValidator,
    ChangeVoter
}

/// What became of a proposal.
enum ProposalState {
    /// There is no such proposal.
    Unknown,
    /// Votes are taken until it expires.
    Open,
    /// More than two thirds of the organizations agreed, and it was carried out.
    Passed,
    /// Its time is over.
    Expired,
    /// Its proposer took it back.
    Withdrawn
}

/// A proposal to the organizations.
struct Proposal {
    ProposalKind kind;
    ProposalState state;
    /// Last second in which votes are taken.
    uint64 expiresAt;
    /// For `AddValidator` and `ChangeVoter`: who shall vote for the organization. Zero for a further validator of an
    /// organization that has a seat.
    address voter;
    /// Whose validator, or voter, it is about.
    bytes32 organization;
    /// The validator's peer key; zero for `ChangeVoter`.
    bytes32 peerKey;
    /// For `AddValidator`: the compressed BLS key, as in {ValidatorRecord}.
    bytes32 blsKeyStart;
    bytes16 blsKeyEnd;
}
