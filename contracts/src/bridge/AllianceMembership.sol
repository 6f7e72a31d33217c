// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EnumerableMap} from "@openzeppelin/contracts/utils/structs/EnumerableMap.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {IAllianceMembership} from "../interfaces/IAllianceMembership.sol";
import {IAnchor} from "../interfaces/IAnchor.sol";
import {IRequirementRegistry} from "../interfaces/IRequirementRegistry.sol";
import {TrustedChain} from "../types/FinalityTypes.sol";
import {AllianceState, Ballot, BallotKind, Endorser, Member, Requirement} from "../types/MembershipTypes.sol";
import {AllianceStorage} from "./AllianceStorage.sol";

/// Members of an alliance, and their votes; see {IAllianceMembership}.
abstract contract AllianceMembership is AllianceStorage, IAllianceMembership {
    using EnumerableMap for EnumerableMap.Bytes32ToUintMap;
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// How long a vote counts, in seconds.
    uint64 public constant VOTING_PERIOD = 14 days;
    /// Most members.
    uint256 public constant MAX_MEMBERS = 16;

    struct Votes {
        /// Last second in which they count.
        uint64 expiresAt;
        bytes32[] members;
    }

    /// Where members declare what they want.
    IRequirementRegistry public immutable REQUIREMENTS;

    /// @inheritdoc IAllianceMembership
    bytes32 public purpose;
    /// @inheritdoc IAllianceMembership
    AllianceState public state;
    /// @inheritdoc IAllianceMembership
    uint64 public acceptUntil;
    /// @inheritdoc IAllianceMembership
    uint64 public membership;
    uint8 private _accepted;
    EnumerableSet.Bytes32Set private _names;
    mapping(bytes32 name => Member) internal _members;
    mapping(bytes32 name => EnumerableMap.Bytes32ToUintMap) private _weights;
    /// @inheritdoc IAllianceMembership
    mapping(bytes32 name => uint256) public totalWeight;
    mapping(bytes32 place => bytes32 name) private _nameAt;
    mapping(bytes32 subject => Votes) private _votes;

    /// @param ids requirements that belong together.
    /// @param anchors in that order, what follows each one's chain; none for a foreign chain.
    constructor(IRequirementRegistry requirements, uint256[] memory ids, IAnchor[] memory anchors) {
        REQUIREMENTS = requirements;
        if (ids.length != anchors.length || !requirements.belongTogether(ids)) revert RequirementsDiffer();
        uint64 first = type(uint64).max;
        for (uint256 i = 0; i < ids.length; ++i) {
            (Requirement memory requirement, address authority) = requirements.open(ids[i]);
            purpose = requirement.purpose;
            if (requirement.openUntil < first) first = requirement.openUntil;
            _admit(ids[i], requirement, authority, anchors[i]);
        }
        acceptUntil = first;
        emit Proposed(purpose, first);
    }

    /// @inheritdoc IAllianceMembership
    function accept(bytes32 name) external {
        _checkAuthority(name);
        _checkState(AllianceState.Proposed);
        if (block.timestamp > acceptUntil) revert AcceptingOver(acceptUntil);
        Member storage accepting = _members[name];
        if (accepting.hasAccepted) revert AlreadyDone(name);
        accepting.hasAccepted = true;
        emit Accepted(name);
        if (++_accepted == _names.length()) {
            state = AllianceState.Active;
            emit Activated();
        }
    }

    /// @inheritdoc IAllianceMembership
    function lapse() external {
        _checkState(AllianceState.Proposed);
        if (block.timestamp <= acceptUntil) revert AcceptingOpen(acceptUntil);
        _dissolve();
    }

    /// @inheritdoc IAllianceMembership
    function vote(bytes32 name, Ballot calldata ballot) external {
        _checkAuthority(name);
        _checkState(AllianceState.Active);
        _checkBallot(ballot);
        Votes storage cast = _votes[_subject(ballot)];
        if (block.timestamp > cast.expiresAt) {
            delete cast.members;
            cast.expiresAt = uint64(block.timestamp) + VOTING_PERIOD;
        }
        for (uint256 i = 0; i < cast.members.length; ++i) {
            if (cast.members[i] == name) revert AlreadyDone(name);
        }
        cast.members.push(name);
        emit Voted(name, membership, ballot);
        // All of them are members now: each change of the membership begins with no votes.
        if (3 * cast.members.length > 2 * _names.length()) _carryOut(ballot);
    }

    /// @inheritdoc IAllianceMembership
    function leave(bytes32 name) external {
        _checkAuthority(name);
        if (state == AllianceState.Dissolved) revert StateMismatch(state);
        emit Left(name);
        _remove(name);
        // Nobody has accepted an alliance without it.
        if (state == AllianceState.Proposed) _dissolve();
    }

    /// @inheritdoc IAllianceMembership
    function members() external view returns (bytes32[] memory) {
        return _names.values();
    }

    /// @inheritdoc IAllianceMembership
    function memberRecord(bytes32 name) public view returns (Member memory) {
        return _members[name];
    }

    /// @inheritdoc IAllianceMembership
    function isForeign(bytes32 name) public view returns (bool) {
        Member storage found = _members[name];
        if (found.authority == address(0)) revert NotAMember(name);
        return found.genesisHash == 0;
    }

    /// @inheritdoc IAllianceMembership
    function weightOf(bytes32 name, bytes32 node) public view returns (uint256 weight) {
        (, weight) = _weights[name].tryGet(node);
    }

    /// @inheritdoc IAllianceMembership
    function votes(Ballot calldata ballot) external view returns (bytes32[] memory counted) {
        Votes storage cast = _votes[_subject(ballot)];
        if (block.timestamp <= cast.expiresAt) counted = cast.members;
    }

    /// What distinct nodes weigh for a member together (ALLIANCE-10). Zeros among them are nobody.
    function _weigh(bytes32 name, bytes32[] memory nodes) internal view returns (uint256 weight) {
        for (uint256 i = 0; i < nodes.length; ++i) {
            bool isCounted = nodes[i] == 0;
            for (uint256 j = 0; j < i && !isCounted; ++j) {
                isCounted = nodes[j] == nodes[i];
            }
            if (!isCounted) weight += weightOf(name, nodes[i]);
        }
    }

    function _isMember(bytes32 name) internal view returns (bool) {
        return _members[name].isActive;
    }

    /// The caller speaks for a member of now.
    function _checkAuthority(bytes32 name) internal view {
        Member storage found = _members[name];
        if (!found.isActive) revert NotAMember(name);
        if (found.authority != msg.sender) revert NotTheAuthority(name, msg.sender);
    }

    function _checkState(AllianceState wanted) internal view {
        if (state != wanted) revert StateMismatch(state);
    }

    function _carryOut(Ballot calldata ballot) private {
        if (ballot.kind == BallotKind.Dissolve) return _dissolve();
        if (ballot.kind == BallotKind.Remove) {
            emit Removed(ballot.member);
            return _remove(ballot.member);
        }
        (Requirement memory requirement, address authority) = REQUIREMENTS.open(ballot.requirement);
        _admit(ballot.requirement, requirement, authority, ballot.anchor);
    }

    function _admit(uint256 id, Requirement memory requirement, address authority, IAnchor anchor) private {
        bytes32 name = requirement.name;
        _checkAnchor(requirement, anchor);
        Member storage admitted = _members[name];
        bytes32 place = keccak256(abi.encode(requirement.chainId, requirement.genesisHash, requirement.nodeContract));
        if (admitted.authority == address(0) ? _nameAt[place] != 0 : _nameAt[place] != name) revert NameTaken(name);
        _nameAt[place] = name;
        if (_names.add(name) && _names.length() > MAX_MEMBERS) revert AllianceFull();
        ++membership;
        (admitted.authority, admitted.chainId, admitted.isActive) = (authority, requirement.chainId, true);
        (admitted.genesisHash, admitted.nodeContract) = (requirement.genesisHash, requirement.nodeContract);
        admitted.anchor = anchor;
        _setPolicy(name, requirement.endorsers);
        emit Admitted(name, authority, id);
    }

    function _setPolicy(bytes32 name, Endorser[] memory endorsers) private {
        EnumerableMap.Bytes32ToUintMap storage weights = _weights[name];
        weights.clear();
        uint256 total = 0;
        for (uint256 i = 0; i < endorsers.length; ++i) {
            weights.set(endorsers[i].node, endorsers[i].weight);
            total += endorsers[i].weight;
        }
        totalWeight[name] = total;
    }

    function _remove(bytes32 name) private {
        _names.remove(name);
        _members[name].isActive = false;
        ++membership;
        if (state == AllianceState.Active && _names.length() < 2) _dissolve();
    }

    function _dissolve() private {
        state = AllianceState.Dissolved;
        emit Dissolved();
    }

    function _checkBallot(Ballot calldata ballot) private view {
        bool admits = ballot.kind == BallotKind.Admit;
        bool removes = ballot.kind == BallotKind.Remove;
        if (
            (!removes && ballot.member != 0)
                || (!admits && (ballot.requirement != 0 || address(ballot.anchor) != address(0)))
        ) revert BallotMalformed();
        if (removes && !_isMember(ballot.member)) revert NotAMember(ballot.member);
        if (!admits) return;
        (Requirement memory requirement,) = REQUIREMENTS.open(ballot.requirement);
        if (requirement.purpose != purpose || !_namesAll(requirement)) revert RequirementMismatch(ballot.requirement);
        _checkAnchor(requirement, ballot.anchor);
    }

    /// Whether it wants to communicate with every member but itself.
    function _namesAll(Requirement memory requirement) private view returns (bool) {
        for (uint256 i = 0; i < _names.length(); ++i) {
            bytes32 name = _names.at(i);
            bool isNamed = name == requirement.name;
            for (uint256 j = 0; !isNamed && j < requirement.partners.length; ++j) {
                isNamed = requirement.partners[j] == name;
            }
            if (!isNamed) return false;
        }
        return true;
    }

    function _checkAnchor(Requirement memory requirement, IAnchor anchor) private view {
        bool holds = requirement.genesisHash == 0 == (address(anchor) == address(0));
        if (holds && requirement.genesisHash != 0) {
            TrustedChain memory followed = anchor.chain();
            holds = followed.chainId == requirement.chainId && followed.genesisHash == requirement.genesisHash;
        }
        if (!holds) revert AnchorMismatch(requirement.name, address(anchor));
    }

    function _subject(Ballot calldata ballot) private view returns (bytes32) {
        return keccak256(abi.encode(membership, ballot));
    }
}
