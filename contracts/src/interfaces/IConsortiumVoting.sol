// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Decisions of the organizations that run this chain's validators, by the rules of {IValidatorRegistry} (MEMBER-1, MEMBER-5): each
/// has one vote, more than two thirds of those that have one now decide, votes are taken for 14 days, and open proposals are bounded.
interface IConsortiumVoting {
    event Voted(uint256 indexed id, bytes32 indexed organization);
    event Passed(uint256 indexed id);
    event Withdrawn(uint256 indexed id);
    event Cleared(uint256 indexed id);

    /// Ask an organization that runs a validator; this account votes for none.
    error NotAVoter(address account);
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

    /// How many proposals there ever were; they are numbered from zero.
    function proposalCount() external view returns (uint256);

    /// Which organizations voted for it, in that order.
    function votes(uint256 id) external view returns (bytes32[] memory);
}
