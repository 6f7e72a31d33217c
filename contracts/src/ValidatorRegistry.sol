// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IValidatorRegistry} from "./interfaces/IValidatorRegistry.sol";
import {Pages} from "./libraries/Pages.sol";
import {CompressedPoint} from "./libraries/finality/CompressedPoint.sol";
import {Possession} from "./libraries/finality/Possession.sol";
import {ValidatorSet} from "./libraries/finality/ValidatorSet.sol";
import {
    GenesisValidator,
    Proposal,
    ProposalKind,
    ProposalState,
    Seat,
    Validator,
    ValidatorRecord
} from "./types/ValidatorTypes.sol";

/// The validators and their votes; see {IValidatorRegistry}. The first five slots are read by nodes and proven to light clients:
/// their places are part of the protocol.
contract ValidatorRegistry is IValidatorRegistry {
    /// A signer bitmap has no room for more.
    uint256 public constant MAX_VALIDATORS = 256;
    /// How long votes are taken, in seconds.
    uint64 public constant VOTING_PERIOD = 14 days;
    /// Proposals of one organization that are open at a time.
    uint256 public constant MAX_OPEN_OF_ORGANIZATION = 8;
    /// Proposals of all organizations that are open at a time.
    uint256 public constant MAX_OPEN_PROPOSALS = 256;
    /// Fewest blocks of an epoch: each change of epoch costs a moment.
    uint64 public constant MIN_EPOCH_LENGTH = 8;

    uint256 private constant G1_BYTES = 128;
    bytes32 private constant SET_DOMAIN = "chancery-validators";

    bytes32 private _setHash; // slot 0
    uint64 private _epochLength; // slot 1
    bytes32[] private _peerKeys; // slot 2, ascending
    mapping(bytes32 peerKey => ValidatorRecord) private _records; // slot 3
    uint64[] private _changedEpochs; // slot 4, ascending
    mapping(bytes32 blsKeyHash => bytes32 peerKey) private _peerOfKey;
    bytes32[] private _organizations;
    mapping(bytes32 organization => Seat) private _seats;
    mapping(address voter => bytes32) private _organizationOf;
    Proposal[] private _proposals;
    mapping(uint256 id => bytes32[]) private _votes;
    mapping(uint256 id => mapping(bytes32 organization => bool)) private _hasVoted;
    uint256 private _openCount;
    mapping(bytes32 organization => uint256) private _openOf;

    constructor(uint64 epochLength_, GenesisValidator[] memory first) {
        if (epochLength_ < MIN_EPOCH_LENGTH) revert EpochTooShort(epochLength_, MIN_EPOCH_LENGTH);
        _epochLength = epochLength_;
        for (uint256 i = 0; i < first.length; ++i) {
            GenesisValidator memory member = first[i];
            if (i != 0 && member.peerKey <= first[i - 1].peerKey) revert ValidatorOrder(i);
            if (member.blsKey.length != 48) revert BlsKeyLength(member.blsKey.length);
            (bytes32 start, bytes16 end) = _split(member.blsKey);
            bool seated = _seats[member.organization].validators != 0;
            if (seated && _seats[member.organization].voter != member.voter) {
                revert VoterNotWanted(member.organization);
            }
            _checkAddition(member.organization, member.peerKey, start, end, seated ? address(0) : member.voter);
            _add(member.organization, member.peerKey, start, end, member.voter);
        }
        if (first.length == 0) revert LastValidator();
        _commit();
    }

    /// @inheritdoc IValidatorRegistry
    function proposeAddition(
        bytes32 organization,
        bytes32 peerKey,
        bytes calldata blsKey,
        bytes calldata possession,
        address voter
    ) external returns (uint256 id) {
        bytes32 proposer = _voting();
        if (blsKey.length != G1_BYTES) revert BlsKeyLength(blsKey.length);
        ValidatorSet.check(blsKey);
        (bytes32 start, bytes16 end) = _split(CompressedPoint.g1(blsKey));
        _checkAddition(organization, peerKey, start, end, voter);
        if (!Possession.isProven(blsKey, possession)) revert PossessionNotProven();
        id = _propose(proposer, ProposalKind.AddValidator, organization, peerKey, start, end, voter);
    }

    /// @inheritdoc IValidatorRegistry
    function proposeRemoval(bytes32 peerKey) external returns (uint256 id) {
        bytes32 proposer = _voting();
        _checkRemoval(peerKey);
        ValidatorRecord storage member = _records[peerKey];
        id = _propose(
            proposer,
            ProposalKind.RemoveValidator,
            member.organization,
            peerKey,
            member.blsKeyStart,
            member.blsKeyEnd,
            address(0)
        );
    }

    /// @inheritdoc IValidatorRegistry
    function proposeVoter(bytes32 organization, address voter) external returns (uint256 id) {
        bytes32 proposer = _voting();
        _checkVoterChange(organization, voter);
        id = _propose(proposer, ProposalKind.ChangeVoter, organization, 0, 0, 0, voter);
    }

    /// @inheritdoc IValidatorRegistry
    function vote(uint256 id) external {
        bytes32 organization = _voting();
        _checkOpen(id);
        _vote(id, organization);
        _carryOutIfPassed(id);
    }

    /// @inheritdoc IValidatorRegistry
    function settle(uint256 id) external {
        _checkOpen(id);
        if (!_carryOutIfPassed(id)) revert NotEnoughVotes(_countVotes(id), _organizations.length);
    }

    /// @inheritdoc IValidatorRegistry
    function withdraw(uint256 id) external {
        bytes32 organization = _voting();
        _checkOpen(id);
        if (_proposerOf(id) != organization) revert NotProposer(id, _proposerOf(id));
        _close(id, ProposalState.Withdrawn);
        emit Withdrawn(id);
    }

    /// @inheritdoc IValidatorRegistry
    function clear(uint256 id) external {
        if (id >= _proposals.length) revert ProposalUnknown(id);
        Proposal storage asked = _proposals[id];
        if (asked.state != ProposalState.Open) revert ProposalClosed(id);
        if (block.timestamp <= asked.expiresAt) revert ProposalNotExpired(id, asked.expiresAt);
        _close(id, ProposalState.Expired);
        emit Cleared(id);
    }

    /// @inheritdoc IValidatorRegistry
    function openProposals(bytes32 organization) external view returns (uint256 own, uint256 all) {
        return (_openOf[organization], _openCount);
    }

    /// @inheritdoc IValidatorRegistry
    function setHash() external view returns (bytes32) {
        return _setHash;
    }

    /// @inheritdoc IValidatorRegistry
    function epochLength() external view returns (uint64) {
        return _epochLength;
    }

    /// @inheritdoc IValidatorRegistry
    function validatorCount() external view returns (uint256) {
        return _peerKeys.length;
    }

    /// @inheritdoc IValidatorRegistry
    function validators(uint256 offset, uint256 limit) external view returns (Validator[] memory page) {
        page = new Validator[](Pages.rows(_peerKeys.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            bytes32 peerKey = _peerKeys[offset + i];
            ValidatorRecord storage member = _records[peerKey];
            page[i] = Validator({
                organization: member.organization,
                peerKey: peerKey,
                blsKey: bytes.concat(member.blsKeyStart, member.blsKeyEnd)
            });
        }
    }

    /// @inheritdoc IValidatorRegistry
    function changedEpochCount() external view returns (uint256) {
        return _changedEpochs.length;
    }

    /// @inheritdoc IValidatorRegistry
    function changedEpochs(uint256 offset, uint256 limit) external view returns (uint64[] memory page) {
        page = new uint64[](Pages.rows(_changedEpochs.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _changedEpochs[offset + i];
        }
    }

    /// @inheritdoc IValidatorRegistry
    function organizationCount() external view returns (uint256) {
        return _organizations.length;
    }

    /// @inheritdoc IValidatorRegistry
    function organizations(uint256 offset, uint256 limit) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(_organizations.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _organizations[offset + i];
        }
    }

    /// @inheritdoc IValidatorRegistry
    function seat(bytes32 organization) external view returns (Seat memory) {
        return _seats[organization];
    }

    /// @inheritdoc IValidatorRegistry
    function organizationOf(address voter) external view returns (bytes32) {
        return _organizationOf[voter];
    }

    /// @inheritdoc IValidatorRegistry
    function proposalCount() external view returns (uint256) {
        return _proposals.length;
    }

    /// @inheritdoc IValidatorRegistry
    function proposal(uint256 id) external view returns (Proposal memory found) {
        if (id >= _proposals.length) revert ProposalUnknown(id);
        found = _proposals[id];
        if (found.state == ProposalState.Open && block.timestamp > found.expiresAt) {
            found.state = ProposalState.Expired;
        }
    }

    /// @inheritdoc IValidatorRegistry
    function votes(uint256 id) external view returns (bytes32[] memory) {
        return _votes[id];
    }

    function _propose(
        bytes32 proposer,
        ProposalKind kind,
        bytes32 organization,
        bytes32 peerKey,
        bytes32 start,
        bytes16 end,
        address voter
    ) private returns (uint256 id) {
        if (_openOf[proposer] >= MAX_OPEN_OF_ORGANIZATION) {
            revert TooManyProposalsOfOrganization(proposer, MAX_OPEN_OF_ORGANIZATION);
        }
        if (_openCount >= MAX_OPEN_PROPOSALS) revert TooManyProposals(MAX_OPEN_PROPOSALS);
        ++_openOf[proposer];
        ++_openCount;
        id = _proposals.length;
        uint64 expiresAt = uint64(block.timestamp) + VOTING_PERIOD;
        _proposals.push(
            Proposal({
                kind: kind,
                state: ProposalState.Open,
                expiresAt: expiresAt,
                voter: voter,
                organization: organization,
                peerKey: peerKey,
                blsKeyStart: start,
                blsKeyEnd: end
            })
        );
        bytes memory blsKey = start == 0 ? bytes("") : bytes.concat(start, end);
        emit Proposed(id, proposer, kind, organization, peerKey, blsKey, voter, expiresAt);
        _vote(id, proposer);
        _carryOutIfPassed(id);
    }

    function _vote(uint256 id, bytes32 organization) private {
        if (_hasVoted[id][organization]) revert AlreadyVoted(id, organization);
        _hasVoted[id][organization] = true;
        _votes[id].push(organization);
        emit Voted(id, organization);
    }

    /// Carries a proposal out when more than two thirds of those who have a vote now agreed. It may have become impossible since
    /// it was made: then the vote is refused with the reason, and the proposal stays open.
    function _carryOutIfPassed(uint256 id) private returns (bool) {
        if (3 * _countVotes(id) <= 2 * _organizations.length) return false;
        Proposal storage passed = _proposals[id];
        _close(id, ProposalState.Passed);
        emit Passed(id);
        if (passed.kind == ProposalKind.AddValidator) {
            (bytes32 organization, bytes32 peerKey) = (passed.organization, passed.peerKey);
            (bytes32 start, bytes16 end, address voter) = (passed.blsKeyStart, passed.blsKeyEnd, passed.voter);
            _checkAddition(organization, peerKey, start, end, voter);
            _add(organization, peerKey, start, end, voter);
            _noteChange();
        } else if (passed.kind == ProposalKind.RemoveValidator) {
            _checkRemoval(passed.peerKey);
            _remove(passed.peerKey);
            _noteChange();
        } else {
            _checkVoterChange(passed.organization, passed.voter);
            _setVoter(passed.organization, passed.voter);
        }
        return true;
    }

    /// It no longer counts as open.
    function _close(uint256 id, ProposalState state) private {
        _proposals[id].state = state;
        --_openOf[_proposerOf(id)];
        --_openCount;
    }

    /// Proposing is voting for it, so the first vote is the proposer's.
    function _proposerOf(uint256 id) private view returns (bytes32) {
        return _votes[id][0];
    }

    /// Votes of organizations that have a vote now: one that left no longer counts, however it voted.
    function _countVotes(uint256 id) private view returns (uint256 count) {
        bytes32[] storage cast = _votes[id];
        for (uint256 i = 0; i < cast.length; ++i) {
            if (_seats[cast[i]].validators != 0) ++count;
        }
    }

    function _add(bytes32 organization, bytes32 peerKey, bytes32 start, bytes16 end, address voter) private {
        _records[peerKey] = ValidatorRecord({organization: organization, blsKeyStart: start, blsKeyEnd: end});
        _peerOfKey[_keyHash(start, end)] = peerKey;
        _peerKeys.push(peerKey);
        uint256 place = _peerKeys.length - 1;
        for (; place != 0 && _peerKeys[place - 1] > peerKey; --place) {
            _peerKeys[place] = _peerKeys[place - 1];
        }
        _peerKeys[place] = peerKey;
        Seat storage its = _seats[organization];
        if (its.validators == 0) {
            its.position = uint32(_organizations.length);
            _organizations.push(organization);
            _setVoter(organization, voter);
        }
        ++its.validators;
        emit ValidatorAdded(organization, peerKey, bytes.concat(start, end));
    }

    function _remove(bytes32 peerKey) private {
        ValidatorRecord memory gone = _records[peerKey];
        delete _records[peerKey];
        delete _peerOfKey[_keyHash(gone.blsKeyStart, gone.blsKeyEnd)];
        uint256 place = 0;
        while (_peerKeys[place] != peerKey) ++place;
        for (; place + 1 < _peerKeys.length; ++place) {
            _peerKeys[place] = _peerKeys[place + 1];
        }
        _peerKeys.pop();
        Seat storage its = _seats[gone.organization];
        --its.validators;
        if (its.validators == 0) {
            bytes32 last = _organizations[_organizations.length - 1];
            _organizations[its.position] = last;
            _seats[last].position = its.position;
            _organizations.pop();
            _setVoter(gone.organization, address(0));
            delete _seats[gone.organization];
        }
        emit ValidatorRemoved(gone.organization, peerKey, bytes.concat(gone.blsKeyStart, gone.blsKeyEnd));
    }

    function _setVoter(bytes32 organization, address voter) private {
        address previous = _seats[organization].voter;
        delete _organizationOf[previous];
        if (voter != address(0)) _organizationOf[voter] = organization;
        _seats[organization].voter = voter;
        emit VoterChanged(organization, previous, voter);
    }

    /// The set after the last block of this epoch is another one.
    function _noteChange() private {
        uint64 epoch = uint64(block.number) / _epochLength;
        uint256 changes = _changedEpochs.length;
        if (changes == 0 || _changedEpochs[changes - 1] != epoch) _changedEpochs.push(epoch);
        _commit();
    }

    /// Writes the hash of the set that now is.
    function _commit() private {
        bytes[] memory keys = new bytes[](_peerKeys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            ValidatorRecord storage member = _records[_peerKeys[i]];
            keys[i] = bytes.concat(member.blsKeyStart, member.blsKeyEnd);
        }
        _setHash = keccak256(abi.encode(SET_DOMAIN, keys));
        emit ValidatorSetChanged(_setHash, keys.length);
    }

    function _voting() private view returns (bytes32 organization) {
        organization = _organizationOf[msg.sender];
        if (organization == 0) revert NotAVoter(msg.sender);
    }

    function _checkOpen(uint256 id) private view {
        if (id >= _proposals.length) revert ProposalUnknown(id);
        Proposal storage asked = _proposals[id];
        if (asked.state != ProposalState.Open || block.timestamp > asked.expiresAt) revert ProposalClosed(id);
    }

    function _checkAddition(bytes32 organization, bytes32 peerKey, bytes32 start, bytes16 end, address voter)
        private
        view
    {
        _checkName(organization);
        if (peerKey == 0) revert PeerKeyZero();
        if (_peerKeys.length >= MAX_VALIDATORS) revert ValidatorSetFull(MAX_VALIDATORS);
        if (_records[peerKey].organization != 0) revert PeerKeyTaken(peerKey);
        bytes32 other = _peerOfKey[_keyHash(start, end)];
        if (other != 0) revert BlsKeyTaken(other);
        if (_seats[organization].validators == 0) {
            _checkVoter(voter);
        } else if (voter != address(0)) {
            revert VoterNotWanted(organization);
        }
    }

    function _checkRemoval(bytes32 peerKey) private view {
        if (_records[peerKey].organization == 0) revert ValidatorUnknown(peerKey);
        if (_peerKeys.length == 1) revert LastValidator();
    }

    function _checkVoterChange(bytes32 organization, address voter) private view {
        if (_seats[organization].validators == 0) revert OrganizationUnknown(organization);
        _checkVoter(voter);
    }

    function _checkVoter(address voter) private view {
        if (voter == address(0) || _organizationOf[voter] != 0) revert VoterUnusable(voter);
    }

    /// Not empty, and nothing after the first zero byte, so that one name has one encoding.
    function _checkName(bytes32 name) private pure {
        bool ended = name[0] == 0;
        for (uint256 i = 0; i < 32; ++i) {
            if (name[i] == 0) ended = true;
            else if (ended) revert OrganizationNameMalformed(name);
        }
        if (name == 0) revert OrganizationNameMalformed(name);
    }

    function _keyHash(bytes32 start, bytes16 end) private pure returns (bytes32) {
        return keccak256(bytes.concat(start, end));
    }

    /// The two parts in which a compressed key of 48 bytes is stored.
    function _split(bytes memory key) private pure returns (bytes32 start, bytes16 end) {
        assembly ("memory-safe") {
            start := mload(add(key, 0x20))
            end := shl(128, shr(128, mload(add(key, 0x40)))) // what follows the key may be anything
        }
    }
}
