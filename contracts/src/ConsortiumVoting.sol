// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IConsortiumVoting} from "./interfaces/IConsortiumVoting.sol";
import {IValidatorRegistry} from "./interfaces/IValidatorRegistry.sol";
import {Predeploys} from "./libraries/Predeploys.sol";
import {ProposalState} from "./types/ValidatorTypes.sol";

/// Votes of the organizations on what a contract decides; see {IConsortiumVoting}. Who they are, and who votes for them, is what the
/// validator registry says now, so one vote changes both. Its storage has a place of its own (ERC-7201): the slots of the contract
/// that inherits it begin at zero.
abstract contract ConsortiumVoting is IConsortiumVoting {
    /// How long votes are taken, in seconds.
    uint64 public constant VOTING_PERIOD = 14 days;
    /// Proposals of one organization that are open at a time.
    uint256 public constant MAX_OPEN_OF_ORGANIZATION = 8;
    /// Proposals of all organizations that are open at a time.
    uint256 public constant MAX_OPEN_PROPOSALS = 256;

    struct Ballot {
        /// As it was left; that the time of an open one is over follows from the clock until it is cleared.
        ProposalState state;
        uint64 expiresAt;
        bytes32[] votes;
        mapping(bytes32 organization => bool) hasVoted;
    }

    /// @custom:storage-location erc7201:chancery.consortium-voting
    struct Ballots {
        uint256 count;
        mapping(uint256 id => Ballot) byId;
        uint256 openCount;
        mapping(bytes32 organization => uint256) openOf;
    }

    /// keccak256(abi.encode(uint256(keccak256("chancery.consortium-voting")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant BALLOTS_SLOT = 0xb9fc2be199ece52deb6fbce932fe3ae3673d80c467c7b19350ee97a8aa8ea200;

    IValidatorRegistry private constant ORGANIZATIONS = IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY);

    /// @inheritdoc IConsortiumVoting
    function vote(uint256 id) external {
        bytes32 organization = _voting();
        _checkOpen(id);
        _cast(id, organization);
        _carryOutIfPassed(id);
    }

    /// @inheritdoc IConsortiumVoting
    function settle(uint256 id) external {
        _checkOpen(id);
        if (!_carryOutIfPassed(id)) revert NotEnoughVotes(_countVotes(id), ORGANIZATIONS.organizationCount());
    }

    /// @inheritdoc IConsortiumVoting
    function withdraw(uint256 id) external {
        bytes32 organization = _voting();
        _checkOpen(id);
        if (_proposerOf(id) != organization) revert NotProposer(id, _proposerOf(id));
        _close(id, ProposalState.Withdrawn);
        emit Withdrawn(id);
    }

    /// @inheritdoc IConsortiumVoting
    function clear(uint256 id) external {
        if (id >= _ballots().count) revert ProposalUnknown(id);
        Ballot storage asked = _ballots().byId[id];
        if (asked.state != ProposalState.Open) revert ProposalClosed(id);
        if (block.timestamp <= asked.expiresAt) revert ProposalNotExpired(id, asked.expiresAt);
        _close(id, ProposalState.Expired);
        emit Cleared(id);
    }

    /// @inheritdoc IConsortiumVoting
    function openProposals(bytes32 organization) external view returns (uint256 own, uint256 all) {
        return (_ballots().openOf[organization], _ballots().openCount);
    }

    /// @inheritdoc IConsortiumVoting
    function proposalCount() public view returns (uint256) {
        return _ballots().count;
    }

    /// @inheritdoc IConsortiumVoting
    function votes(uint256 id) external view returns (bytes32[] memory) {
        return _ballots().byId[id].votes;
    }

    /// Does what the organizations have agreed on. It may have become impossible since it was proposed: then it reverts with the reason,
    /// the vote is refused, and the proposal stays open.
    function _carryOut(uint256 id) internal virtual;

    /// The organization that the caller votes for.
    function _voting() internal view returns (bytes32 organization) {
        organization = ORGANIZATIONS.organizationOf(msg.sender);
        if (organization == 0) revert NotAVoter(msg.sender);
    }

    /// Takes the next number, unless too many are open.
    function _openBallot(bytes32 proposer) internal returns (uint256 id, uint64 expiresAt) {
        Ballots storage ballots = _ballots();
        if (ballots.openOf[proposer] >= MAX_OPEN_OF_ORGANIZATION) {
            revert TooManyProposalsOfOrganization(proposer, MAX_OPEN_OF_ORGANIZATION);
        }
        if (ballots.openCount >= MAX_OPEN_PROPOSALS) revert TooManyProposals(MAX_OPEN_PROPOSALS);
        ++ballots.openOf[proposer];
        ++ballots.openCount;
        id = ballots.count++;
        expiresAt = uint64(block.timestamp) + VOTING_PERIOD;
        Ballot storage ballot = ballots.byId[id];
        ballot.state = ProposalState.Open;
        ballot.expiresAt = expiresAt;
    }

    /// The proposer's own vote, and the end of it where that is enough.
    function _castFirst(uint256 id, bytes32 proposer) internal {
        _cast(id, proposer);
        _carryOutIfPassed(id);
    }

    /// A ballot as it stands now.
    function _ballot(uint256 id) internal view returns (ProposalState state, uint64 expiresAt) {
        if (id >= _ballots().count) revert ProposalUnknown(id);
        Ballot storage ballot = _ballots().byId[id];
        (state, expiresAt) = (ballot.state, ballot.expiresAt);
        if (state == ProposalState.Open && block.timestamp > expiresAt) state = ProposalState.Expired;
    }

    function _cast(uint256 id, bytes32 organization) private {
        Ballot storage ballot = _ballots().byId[id];
        if (ballot.hasVoted[organization]) revert AlreadyVoted(id, organization);
        ballot.hasVoted[organization] = true;
        ballot.votes.push(organization);
        emit Voted(id, organization);
    }

    function _carryOutIfPassed(uint256 id) private returns (bool) {
        if (3 * _countVotes(id) <= 2 * ORGANIZATIONS.organizationCount()) return false;
        _close(id, ProposalState.Passed);
        emit Passed(id);
        _carryOut(id);
        return true;
    }

    /// It no longer counts as open.
    function _close(uint256 id, ProposalState state) private {
        Ballots storage ballots = _ballots();
        ballots.byId[id].state = state;
        --ballots.openOf[_proposerOf(id)];
        --ballots.openCount;
    }

    /// Proposing is voting for it, so the first vote is the proposer's.
    function _proposerOf(uint256 id) private view returns (bytes32) {
        return _ballots().byId[id].votes[0];
    }

    /// Votes of organizations that have a vote now: one that left no longer counts, however it voted.
    function _countVotes(uint256 id) private view returns (uint256 count) {
        bytes32[] storage cast = _ballots().byId[id].votes;
        for (uint256 i = 0; i < cast.length; ++i) {
            if (ORGANIZATIONS.seat(cast[i]).validators != 0) ++count;
        }
    }

    function _checkOpen(uint256 id) private view {
        (ProposalState state,) = _ballot(id);
        if (state != ProposalState.Open) revert ProposalClosed(id);
    }

    function _ballots() private pure returns (Ballots storage ballots) {
        assembly ("memory-safe") {
            ballots.slot := BALLOTS_SLOT
        }
    }
}
