// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Decisions of the organizations that run this chain's validators, by the rules of {IValidatorRegistry} (MEMBER-1, MEMBER-5): each
/// has one vote, more than two thirds of those that have one now decide, votes are taken for 14 days.
interface IConsortiumVoting {
    event Voted(uint256 indexed id, bytes32 indexed organization);
    event Passed(uint256 indexed id);

    /// Ask an organization that runs a validator; this account votes for none.
    error NotAVoter(address account);
    /// Ask for a proposal that exists.
    error ProposalUnknown(uint256 id);
    /// It has passed, or its time is over: propose it again.
    error ProposalClosed(uint256 id);
    /// The organization has voted for it already.
    error AlreadyVoted(uint256 id, bytes32 organization);
    /// More than two thirds of the organizations have to vote for it first.
    error NotEnoughVotes(uint256 votes, uint256 organizations);

    /// Votes for a proposal, and carries it out if that is enough. A voter.
    function vote(uint256 id) external;

    /// Carries out a proposal whose votes became enough because organizations left. Anybody.
    function settle(uint256 id) external;

    /// How many proposals there ever were; they are numbered from zero.
    function proposalCount() external view returns (uint256);

    /// Which organizations voted for it, in that order.
    function votes(uint256 id) external view returns (bytes32[] memory);
}
