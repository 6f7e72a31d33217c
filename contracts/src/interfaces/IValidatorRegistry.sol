// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Proposal, ProposalKind, Seat, Validator} from "../types/ValidatorTypes.sol";

/// The validators of this chain, and how their organizations change them by vote (MEMBER-1 to MEMBER-6 of
/// `docs/specs/finality.md`).
///
/// Each organization that runs a validator has one vote, whatever the number of its validators. Proposing is voting for it. A
/// proposal passes when more than two thirds of the organizations have voted for it, and is carried out at once; the chain's
/// nodes take the set over at the end of the epoch. What the set is after the last block of an epoch decides the next one.
interface IValidatorRegistry {
    event Proposed(
        uint256 indexed id,
        bytes32 indexed proposer,
        ProposalKind kind,
        bytes32 organization,
        bytes32 peerKey,
        bytes blsKey,
        address voter,
        uint64 expiresAt
    );
    event Voted(uint256 indexed id, bytes32 indexed organization);
    event Passed(uint256 indexed id);
    event Withdrawn(uint256 indexed id);
    event Cleared(uint256 indexed id);
    event ValidatorAdded(bytes32 indexed organization, bytes32 indexed peerKey, bytes blsKey);
    event ValidatorRemoved(bytes32 indexed organization, bytes32 indexed peerKey, bytes blsKey);
    event VoterChanged(bytes32 indexed organization, address indexed previous, address indexed voter);
    event ValidatorSetChanged(bytes32 indexed setHash, uint256 validators);

    /// Use a length of at least `minimum` blocks.
    error EpochTooShort(uint64 length, uint64 minimum);
    /// Use 1 to 32 bytes of UTF-8, padded right with zeros.
    error OrganizationNameMalformed(bytes32 organization);
    /// Ask an organization that runs a validator; this account votes for none.
    error NotAVoter(address account);
    /// Give the address of an account that votes for no organization yet.
    error VoterUnusable(address voter);
    /// Leave the voter out: the organization has a seat, and its voter is changed by a proposal of its own.
    error VoterNotWanted(bytes32 organization);
    /// Name an organization that runs a validator.
    error OrganizationUnknown(bytes32 organization);
    /// Name a validator of the set.
    error ValidatorUnknown(bytes32 peerKey);
    /// Give an Ed25519 key.
    error PeerKeyZero();
    /// Give a peer key that no validator has.
    error PeerKeyTaken(bytes32 peerKey);
    /// Give a BLS key that no validator has.
    error BlsKeyTaken(bytes32 peerKey);
    /// Give the key as a G1 point of 128 bytes (EIP-2537).
    error BlsKeyLength(uint256 length);
    /// Have the validator make the proof again with the same key: it does not show that the key's secret is known.
    error PossessionNotProven();
    /// A chain has at least one validator.
    error LastValidator();
    /// A chain has at most `maximum` validators.
    error ValidatorSetFull(uint256 maximum);
    /// Genesis validators stand in the order of their peer keys, each once.
    error ValidatorOrder(uint256 index);
    /// Ask for a proposal that exists.
    error ProposalUnknown(uint256 id);
    /// It has passed, or its time is over: propose it again.
    error ProposalClosed(uint256 id);
    /// Withdraw a proposal of this organization's, or wait until one is voted for, or clear one whose time is over.
    error TooManyProposalsOfOrganization(bytes32 organization, uint256 maximum);
    /// Clear proposals whose time is over, or wait until some are voted for.
    error TooManyProposals(uint256 maximum);
    /// Only the organization that made a proposal takes it back.
    error NotProposer(uint256 id, bytes32 proposer);
    /// Clear it when its time is over.
    error ProposalNotExpired(uint256 id, uint64 expiresAt);
    /// The organization has voted for it already.
    error AlreadyVoted(uint256 id, bytes32 organization);
    /// More than two thirds of the organizations have to vote for it first.
    error NotEnoughVotes(uint256 votes, uint256 organizations);

    /// Proposes a validator. A voter.
    /// @param organization who runs it; with a `voter` if it has no seat yet, else with the zero address.
    /// @param peerKey Ed25519 key.
    /// @param blsKey uncompressed G1 point, 128 bytes (EIP-2537).
    /// @param possession the key's proof of possession (FINALITY-8) as an uncompressed G2 point, 256 bytes.
    function proposeAddition(
        bytes32 organization,
        bytes32 peerKey,
        bytes calldata blsKey,
        bytes calldata possession,
        address voter
    ) external returns (uint256 id);

    /// Proposes that a validator leaves; its organization loses its vote with its last one. A voter.
    function proposeRemoval(bytes32 peerKey) external returns (uint256 id);

    /// Proposes that another account votes for an organization: its key was lost or stolen. A voter.
    function proposeVoter(bytes32 organization, address voter) external returns (uint256 id);

    /// Votes for a proposal, and carries it out if that is enough. A voter.
    function vote(uint256 id) external;

    /// Carries out a proposal whose votes became enough because organizations left. Anybody.
    function settle(uint256 id) external;

    /// Takes a proposal back. The voter of the organization that made it.
    function withdraw(uint256 id) external;

    /// Notes that a proposal's time is over, so that it no longer counts as open. Anybody.
    function clear(uint256 id) external;

    /// How many proposals count as open: those of an organization, and all. One whose time is over counts until it is cleared.
    function openProposals(bytes32 organization) external view returns (uint256 own, uint256 all);

    /// What light clients follow: `keccak256(abi.encode("chancery-validators", keys))` over the compressed keys in the order of
    /// the set. Slot 0.
    function setHash() external view returns (bytes32);

    /// Blocks of an epoch. Slot 1.
    function epochLength() external view returns (uint64);

    /// How many validators there are.
    function validatorCount() external view returns (uint256);

    /// Validators in the order of the set (ascending peer keys), at most 100.
    function validators(uint256 offset, uint256 limit) external view returns (Validator[] memory);

    /// In how many epochs the set was changed.
    function changedEpochCount() external view returns (uint256);

    /// Epochs in which the set was changed, ascending: the set after the last block of each decides from the next epoch on, until it
    /// is changed again. At most 100.
    function changedEpochs(uint256 offset, uint256 limit) external view returns (uint64[] memory);

    /// How many organizations have a vote.
    function organizationCount() external view returns (uint256);

    /// Organizations that have a vote, at most 100.
    function organizations(uint256 offset, uint256 limit) external view returns (bytes32[] memory);

    /// An organization's vote and validators; all zero when it has none.
    function seat(bytes32 organization) external view returns (Seat memory);

    /// The organization that an account votes for; zero for none.
    function organizationOf(address voter) external view returns (bytes32);

    /// How many proposals there ever were; they are numbered from zero.
    function proposalCount() external view returns (uint256);

    /// A proposal as it stands now.
    function proposal(uint256 id) external view returns (Proposal memory);

    /// Which organizations voted for it, in that order.
    function votes(uint256 id) external view returns (bytes32[] memory);
}
