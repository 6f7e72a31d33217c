// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IAuthorizations} from "./interfaces/IAuthorizations.sol";
import {IOrganizationRegistry} from "./interfaces/IOrganizationRegistry.sol";
import {Names} from "./libraries/Names.sol";
import {Pages} from "./libraries/Pages.sol";
import {Periods} from "./libraries/Periods.sol";
import {Reason} from "./types/CertificateTypes.sol";
import {KeyRecord, Organization, Period} from "./types/OrganizationTypes.sol";

/// Organizations, rights and keys; see {IOrganizationRegistry}.
contract OrganizationRegistry is IOrganizationRegistry, AccessManaged {
    using Names for bytes32;
    using Periods for Period[];

    /// Longest name of an organization, in bytes of UTF-8.
    uint256 public constant MAX_NAME_BYTES = 256;
    /// Most authorizations of one key for one right of one organization.
    uint256 public constant MAX_RECORDS_PER_KEY = 16;
    /// Most times that an organization is granted one right, or is resumed.
    uint256 public constant MAX_PERIODS = 64;
    /// Most different rights that an organization is ever granted.
    uint256 public constant MAX_RIGHTS = 64;

    bytes32[] private _codes;
    mapping(bytes32 code => Organization) private _organizations;
    mapping(bytes32 code => Period[]) private _suspensions;
    mapping(bytes32 code => bytes32[]) private _rights;
    mapping(bytes32 code => mapping(bytes32 right => Period[])) private _rightPeriods;
    mapping(bytes32 code => KeyRecord[]) private _keyRecords;
    mapping(bytes32 code => mapping(address key => mapping(bytes32 right => uint256[]))) private _recordsOfKey;
    mapping(address key => bytes32[]) private _organizationsOfKey;
    mapping(address key => mapping(bytes32 code => bool)) private _isKeyOf;

    modifier onlyRegistered(bytes32 code) {
        _checkRegistered(code);
        _;
    }

    /// The organization's administrator, or whom the access manager allows.
    modifier onlyAdministrator(bytes32 code) {
        _checkRegistered(code);
        if (msg.sender != _organizations[code].administrator) _checkCanCall(msg.sender, msg.data);
        _;
    }

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IOrganizationRegistry
    function registerOrganization(bytes32 code, string calldata name, bytes32 metadataHash, address administrator)
        external
        restricted
    {
        if (!code.isCode()) revert OrganizationCodeMalformed(code);
        if (_organizations[code].registeredAt != 0) revert OrganizationAlreadyRegistered(code);
        if (administrator == address(0)) revert AddressZero();
        _checkName(name);

        _codes.push(code);
        _organizations[code] = Organization({
            code: code,
            administrator: administrator,
            registeredAt: uint64(block.timestamp),
            suspended: false,
            metadataHash: metadataHash,
            name: name
        });
        emit OrganizationRegistered(code, name, metadataHash, administrator);
    }

    /// @inheritdoc IOrganizationRegistry
    function updateOrganization(bytes32 code, string calldata name, bytes32 metadataHash)
        external
        restricted
        onlyRegistered(code)
    {
        _checkName(name);
        _organizations[code].name = name;
        _organizations[code].metadataHash = metadataHash;
        emit OrganizationUpdated(code, name, metadataHash);
    }

    /// @inheritdoc IOrganizationRegistry
    function changeAdministrator(bytes32 code, address administrator) external onlyAdministrator(code) {
        if (administrator == address(0)) revert AddressZero();
        address previous = _organizations[code].administrator;
        _organizations[code].administrator = administrator;
        emit AdministratorChanged(code, previous, administrator);
    }

    /// @inheritdoc IOrganizationRegistry
    function suspendOrganization(bytes32 code) external restricted onlyRegistered(code) {
        if (_organizations[code].suspended) revert OrganizationAlreadySuspended(code);
        uint64 from = _nextSecond();
        _organizations[code].suspended = true;
        _suspensions[code].open(from);
        emit OrganizationSuspended(code, from);
    }

    /// @inheritdoc IOrganizationRegistry
    function resumeOrganization(bytes32 code) external restricted onlyRegistered(code) {
        if (!_organizations[code].suspended) revert OrganizationNotSuspended(code);
        // The bound stops a resumption rather than the suspension after it.
        if (_suspensions[code].length >= MAX_PERIODS) revert HistoryFull(MAX_PERIODS);
        uint64 from = uint64(block.timestamp);
        _organizations[code].suspended = false;
        _suspensions[code].close(from);
        emit OrganizationResumed(code, from);
    }

    /// @inheritdoc IOrganizationRegistry
    function grantRight(bytes32 code, bytes32 right) external restricted onlyRegistered(code) {
        if (!right.isWords()) revert RightMalformed(right);
        Period[] storage periods = _rightPeriods[code][right];
        if (periods.isOpen()) revert RightAlreadyGranted(code, right);
        if (periods.length >= MAX_PERIODS) revert HistoryFull(MAX_PERIODS);
        if (periods.length == 0) {
            if (_rights[code].length >= MAX_RIGHTS) revert HistoryFull(MAX_RIGHTS);
            _rights[code].push(right);
        }
        uint64 from = uint64(block.timestamp);
        periods.open(from);
        emit RightGranted(code, right, from);
    }

    /// @inheritdoc IOrganizationRegistry
    function revokeRight(bytes32 code, bytes32 right) external restricted onlyRegistered(code) {
        Period[] storage periods = _rightPeriods[code][right];
        if (!periods.isOpen()) revert RightNotGranted(code, right);
        uint64 from = _nextSecond();
        periods.close(from);
        emit RightRevoked(code, right, from);
    }

    /// @inheritdoc IOrganizationRegistry
    function authorizeKey(bytes32 code, address key, bytes32 right, uint64 notBefore, uint64 notAfter)
        external
        onlyAdministrator(code)
    {
        _authorizeKey(code, key, right, notBefore, notAfter);
    }

    /// @inheritdoc IOrganizationRegistry
    function revokeKey(bytes32 code, address key, bytes32 right, uint64 revokedAt, uint8 reason)
        external
        onlyAdministrator(code)
    {
        _revokeKey(code, key, right, revokedAt, reason);
    }

    /// @inheritdoc IOrganizationRegistry
    function rotateKey(bytes32 code, address retired, address successor, bytes32 right, uint64 notAfter)
        external
        onlyAdministrator(code)
    {
        _revokeKey(code, retired, right, 0, Reason.SUPERSEDED);
        _authorizeKey(code, successor, right, 0, notAfter);
    }

    /// @inheritdoc IOrganizationRegistry
    function isAuthorized(address key, bytes32 code, bytes32 right, uint64 time) external view returns (bool) {
        return !_suspensions[code].contain(time) && _rightPeriods[code][right].contain(time)
            && _keyCounts(key, code, right, time, time);
    }

    /// @inheritdoc IAuthorizations
    function isAuthorizedNow(address key, bytes32 code, bytes32 right) external view returns (bool) {
        // What was taken away in this second carries the next one's time and already stops further records.
        uint64 time = uint64(block.timestamp);
        return !_organizations[code].suspended && _rightPeriods[code][right].isOpen()
            && _keyCounts(key, code, right, time, _nextSecond());
    }

    /// @inheritdoc IOrganizationRegistry
    function hasRight(bytes32 code, bytes32 right, uint64 time) external view returns (bool) {
        return _rightPeriods[code][right].contain(time);
    }

    /// @inheritdoc IOrganizationRegistry
    function isSuspended(bytes32 code, uint64 time) external view returns (bool) {
        return _suspensions[code].contain(time);
    }

    /// @inheritdoc IOrganizationRegistry
    function organization(bytes32 code) external view returns (Organization memory) {
        return _organizations[code];
    }

    /// @inheritdoc IOrganizationRegistry
    function organizationCount() external view returns (uint256) {
        return _codes.length;
    }

    /// @inheritdoc IOrganizationRegistry
    function organizationCodes(uint256 offset, uint256 limit) external view returns (bytes32[] memory) {
        return _page(_codes, offset, limit);
    }

    /// @inheritdoc IOrganizationRegistry
    function keyRecordCount(bytes32 code) external view returns (uint256) {
        return _keyRecords[code].length;
    }

    /// @inheritdoc IOrganizationRegistry
    function keyRecords(bytes32 code, uint256 offset, uint256 limit)
        external
        view
        returns (KeyRecord[] memory records)
    {
        records = new KeyRecord[](Pages.rows(_keyRecords[code].length, offset, limit));
        for (uint256 i = 0; i < records.length; ++i) {
            records[i] = _keyRecords[code][offset + i];
        }
    }

    /// @inheritdoc IOrganizationRegistry
    function keyRecordsOf(bytes32 code, address key, bytes32 right) external view returns (KeyRecord[] memory records) {
        uint256[] storage indices = _recordsOfKey[code][key][right];
        records = new KeyRecord[](indices.length);
        for (uint256 i = 0; i < records.length; ++i) {
            records[i] = _keyRecords[code][indices[i]];
        }
    }

    /// @inheritdoc IOrganizationRegistry
    function organizationCountOfKey(address key) external view returns (uint256) {
        return _organizationsOfKey[key].length;
    }

    /// @inheritdoc IOrganizationRegistry
    function organizationsOfKey(address key, uint256 offset, uint256 limit) external view returns (bytes32[] memory) {
        return _page(_organizationsOfKey[key], offset, limit);
    }

    /// @inheritdoc IOrganizationRegistry
    function rightsOf(bytes32 code) external view returns (bytes32[] memory) {
        return _rights[code];
    }

    /// @inheritdoc IOrganizationRegistry
    function rightPeriods(bytes32 code, bytes32 right) external view returns (Period[] memory) {
        return _rightPeriods[code][right];
    }

    /// @inheritdoc IOrganizationRegistry
    function suspensions(bytes32 code) external view returns (Period[] memory) {
        return _suspensions[code];
    }

    function _authorizeKey(bytes32 code, address key, bytes32 right, uint64 notBefore, uint64 notAfter) private {
        if (key == address(0)) revert AddressZero();
        if (!_rightPeriods[code][right].isOpen()) revert RightNotGranted(code, right);
        uint64 time = uint64(block.timestamp);
        uint64 begin = notBefore == 0 ? time : notBefore;
        if (begin < time || (notAfter != 0 && notAfter < begin)) revert KeyPeriodMalformed(notBefore, notAfter, time);

        uint256[] storage indices = _recordsOfKey[code][key][right];
        if (indices.length >= MAX_RECORDS_PER_KEY) revert HistoryFull(MAX_RECORDS_PER_KEY);
        if (indices.length != 0) {
            KeyRecord storage last = _keyRecords[code][indices[indices.length - 1]];
            bool ended = last.revokedAt != 0 || (last.notAfter != 0 && last.notAfter < time);
            if (!ended) revert KeyAlreadyAuthorized(code, key, right);
        }

        indices.push(_keyRecords[code].length);
        _keyRecords[code].push(
            KeyRecord({
                key: key,
                authorizedAt: time,
                reason: Reason.UNSPECIFIED,
                right: right,
                notBefore: begin,
                notAfter: notAfter,
                revokedAt: 0
            })
        );
        if (!_isKeyOf[key][code]) {
            _isKeyOf[key][code] = true;
            _organizationsOfKey[key].push(code);
        }
        emit KeyAuthorized(code, key, right, begin, notAfter);
    }

    function _revokeKey(bytes32 code, address key, bytes32 right, uint64 revokedAt, uint8 reason) private {
        if (reason > Reason.CESSATION_OF_OPERATION && reason != Reason.PRIVILEGE_WITHDRAWN || reason == 2) {
            revert RevocationReasonUnknown(reason);
        }
        uint256[] storage indices = _recordsOfKey[code][key][right];
        if (indices.length == 0) revert KeyNotAuthorized(code, key, right);
        KeyRecord storage last = _keyRecords[code][indices[indices.length - 1]];

        bool compromised = reason == Reason.KEY_COMPROMISE;
        uint64 next = _nextSecond();
        uint64 from = revokedAt == 0 ? next : revokedAt;
        uint64 latest = type(uint64).max;
        if (last.revokedAt != 0 || (last.notAfter != 0 && last.notAfter < next)) {
            // It has ended already: only what it signed before can still be taken back.
            if (!compromised) revert KeyNotAuthorized(code, key, right);
            if (last.revokedAt != 0) latest = last.revokedAt;
        }
        uint64 earliest = compromised ? last.notBefore : next;
        if (from < earliest || from > latest) revert RevocationTimeMalformed(from, earliest, latest);

        last.revokedAt = from;
        last.reason = reason;
        emit KeyRevoked(code, key, right, from, reason);
    }

    /// Whether a record of the key covers `time` and is not revoked before or at `unrevokedUntil`.
    function _keyCounts(address key, bytes32 code, bytes32 right, uint64 time, uint64 unrevokedUntil)
        private
        view
        returns (bool)
    {
        uint256[] storage indices = _recordsOfKey[code][key][right];
        for (uint256 i = indices.length; i != 0; --i) {
            KeyRecord storage entry = _keyRecords[code][indices[i - 1]];
            bool begun = entry.notBefore <= time;
            bool ended = entry.notAfter != 0 && entry.notAfter < time;
            bool revoked = entry.revokedAt != 0 && entry.revokedAt <= unrevokedUntil;
            if (begun && !ended && !revoked) return true;
        }
        return false;
    }

    function _checkRegistered(bytes32 code) private view {
        if (_organizations[code].registeredAt == 0) revert OrganizationUnknown(code);
    }

    function _checkName(string calldata name) private pure {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME_BYTES) revert OrganizationNameLength(length, MAX_NAME_BYTES);
    }

    function _nextSecond() private view returns (uint64) {
        return uint64(block.timestamp) + 1;
    }

    function _page(bytes32[] storage rows, uint256 offset, uint256 limit) private view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(rows.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = rows[offset + i];
        }
    }
}
