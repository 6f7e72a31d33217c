// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EnumerableMap} from "@openzeppelin/contracts/utils/structs/EnumerableMap.sol";

import {ConsortiumVoting} from "./ConsortiumVoting.sol";
import {IPermissions} from "./interfaces/IPermissions.sol";
import {Pages} from "./libraries/Pages.sol";
import {
    GenesisPermission,
    PermissionChange,
    PermissionEntry,
    PermissionList,
    PermissionProposal
} from "./types/PermissionTypes.sol";

/// The lists and the votes on them; see {IPermissions}. The first ten slots are read by nodes: their places are part of the protocol.
contract Permissions is IPermissions, ConsortiumVoting {
    using EnumerableMap for EnumerableMap.Bytes32ToBytes32Map;

    /// What nodes are prepared to hold in memory.
    uint256 public constant MAX_ENTRIES = 4096;

    uint64 private _revision; // slot 0, lowest eight bytes
    uint8 private _closed; // slot 0, the byte above: bit *i* is set where list *i* is closed
    EnumerableMap.Bytes32ToBytes32Map[3] private _lists; // slots 1 to 9: of each list keys, their positions, organizations
    mapping(uint256 id => PermissionProposal) private _proposals;

    constructor(bool[3] memory closed, GenesisPermission[] memory first) {
        for (uint256 i = 0; i < first.length; ++i) {
            GenesisPermission memory entry = first[i];
            _checkPermit(entry.list, entry.subject, entry.organization);
            _permit(entry.list, entry.subject, entry.organization);
        }
        for (uint256 i = 0; i < closed.length; ++i) {
            if (closed[i]) _setMode(PermissionList(i), true);
        }
        _revision = 0;
    }

    /// @inheritdoc IPermissions
    function proposePermit(PermissionList list, bytes32 subject, bytes32 organization) external returns (uint256) {
        bytes32 proposer = _voting();
        _checkPermit(list, subject, organization);
        return _propose(proposer, PermissionChange.Permit, list, subject, organization);
    }

    /// @inheritdoc IPermissions
    function proposeForbid(PermissionList list, bytes32 subject) external returns (uint256) {
        bytes32 proposer = _voting();
        _checkForbid(list, subject);
        return _propose(proposer, PermissionChange.Forbid, list, subject, 0);
    }

    /// @inheritdoc IPermissions
    function proposeMode(PermissionList list, bool closed) external returns (uint256) {
        bytes32 proposer = _voting();
        _checkMode(list, closed);
        return _propose(proposer, closed ? PermissionChange.Close : PermissionChange.Open, list, 0, 0);
    }

    /// @inheritdoc IPermissions
    function revision() external view returns (uint64) {
        return _revision;
    }

    /// @inheritdoc IPermissions
    function isClosed(PermissionList list) public view returns (bool) {
        return _closed & _bit(list) != 0;
    }

    /// @inheritdoc IPermissions
    function isAllowed(PermissionList list, bytes32 subject) external view returns (bool) {
        return !isClosed(list) || _list(list).contains(subject);
    }

    /// @inheritdoc IPermissions
    function organizationOf(PermissionList list, bytes32 subject) external view returns (bytes32 organization) {
        (, organization) = _list(list).tryGet(subject);
    }

    /// @inheritdoc IPermissions
    function entryCount(PermissionList list) external view returns (uint256) {
        return _list(list).length();
    }

    /// @inheritdoc IPermissions
    function entries(PermissionList list, uint256 offset, uint256 limit)
        external
        view
        returns (PermissionEntry[] memory page)
    {
        EnumerableMap.Bytes32ToBytes32Map storage its = _list(list);
        page = new PermissionEntry[](Pages.rows(its.length(), offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            (bytes32 subject, bytes32 organization) = its.at(offset + i);
            page[i] = PermissionEntry(subject, organization);
        }
    }

    /// @inheritdoc IPermissions
    function proposal(uint256 id) external view returns (PermissionProposal memory found) {
        found = _proposals[id];
        (found.state, found.expiresAt) = _ballot(id);
    }

    function _carryOut(uint256 id) internal override {
        PermissionProposal memory passed = _proposals[id];
        if (passed.change == PermissionChange.Permit) {
            _checkPermit(passed.list, passed.subject, passed.organization);
            _permit(passed.list, passed.subject, passed.organization);
        } else if (passed.change == PermissionChange.Forbid) {
            _checkForbid(passed.list, passed.subject);
            _forbid(passed.list, passed.subject);
        } else {
            bool closed = passed.change == PermissionChange.Close;
            _checkMode(passed.list, closed);
            _setMode(passed.list, closed);
        }
    }

    function _propose(
        bytes32 proposer,
        PermissionChange change,
        PermissionList list,
        bytes32 subject,
        bytes32 organization
    ) private returns (uint256 id) {
        uint64 expiresAt;
        (id, expiresAt) = _openBallot(proposer);
        PermissionProposal storage made = _proposals[id];
        made.change = change;
        made.list = list;
        made.subject = subject;
        made.organization = organization;
        emit Proposed(id, proposer, change, list, subject, organization, expiresAt);
        _castFirst(id, proposer);
    }

    function _permit(PermissionList list, bytes32 subject, bytes32 organization) private {
        _list(list).set(subject, organization);
        ++_revision;
        emit Permitted(list, subject, organization);
    }

    function _forbid(PermissionList list, bytes32 subject) private {
        bytes32 organization = _list(list).get(subject);
        _list(list).remove(subject);
        ++_revision;
        emit Forbidden(list, subject, organization);
    }

    function _setMode(PermissionList list, bool closed) private {
        _closed = closed ? _closed | _bit(list) : _closed & ~_bit(list);
        ++_revision;
        if (closed) emit Closed(list);
        else emit Opened(list);
    }

    function _checkPermit(PermissionList list, bytes32 subject, bytes32 organization) private view {
        if (subject == 0 || (list != PermissionList.Connect && uint256(subject) >> 160 != 0)) {
            revert SubjectMalformed(list, subject);
        }
        if (!_isName(organization)) revert OrganizationNameMalformed(organization);
        if (_list(list).contains(subject)) revert AlreadyPermitted(list, subject);
        if (_list(list).length() >= MAX_ENTRIES) revert ListFull(list, MAX_ENTRIES);
    }

    function _checkForbid(PermissionList list, bytes32 subject) private view {
        if (!_list(list).contains(subject)) revert NotPermitted(list, subject);
    }

    function _checkMode(PermissionList list, bool closed) private view {
        if (isClosed(list) == closed) revert ModeUnchanged(list, closed);
    }

    function _list(PermissionList list) private view returns (EnumerableMap.Bytes32ToBytes32Map storage) {
        return _lists[uint256(list)];
    }

    function _bit(PermissionList list) private pure returns (uint8) {
        return uint8(1 << uint256(list));
    }

    /// Not empty, and nothing after the first zero byte, so that one name has one encoding.
    function _isName(bytes32 name) private pure returns (bool) {
        bool ended = false;
        for (uint256 i = 0; i < 32; ++i) {
            if (name[i] == 0) ended = true;
            else if (ended) return false;
        }
        return name[0] != 0;
    }
}
