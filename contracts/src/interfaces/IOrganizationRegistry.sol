// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {KeyRecord, Organization, Period} from "../types/OrganizationTypes.sol";
import {IAuthorizations} from "./IAuthorizations.sol";

/// Organizations, what they may do, and the keys that act for them, with full history (C-ISSUE, M-REP-1).
///
/// A signature is judged by the time of the block in which it was recorded. So whatever gives (registering, granting,
/// authorizing, resuming) counts from the current second on, and whatever takes away (revoking, retiring, suspending)
/// counts from the next second on: it stops further records at once, yet never takes back what the same second already
/// recorded. The one exception is a compromised key, which can be revoked from an earlier time on.
interface IOrganizationRegistry is IAuthorizations {
    event OrganizationRegistered(
        bytes32 indexed code, string name, bytes32 metadataHash, address indexed administrator
    );
    event OrganizationUpdated(bytes32 indexed code, string name, bytes32 metadataHash);
    event AdministratorChanged(bytes32 indexed code, address indexed previous, address indexed administrator);
    event OrganizationSuspended(bytes32 indexed code, uint64 from);
    event OrganizationResumed(bytes32 indexed code, uint64 from);
    event RightGranted(bytes32 indexed code, bytes32 indexed right, uint64 from);
    event RightRevoked(bytes32 indexed code, bytes32 indexed right, uint64 from);
    event KeyAuthorized(
        bytes32 indexed code, address indexed key, bytes32 indexed right, uint64 notBefore, uint64 notAfter
    );
    event KeyRevoked(bytes32 indexed code, address indexed key, bytes32 indexed right, uint64 revokedAt, uint8 reason);

    /// Use 1 to 32 characters of `[0-9A-Z-]`, padded right with zeros.
    error OrganizationCodeMalformed(bytes32 code);
    /// Use 1 to 32 characters of `[0-9a-z-]`, padded right with zeros.
    error RightMalformed(bytes32 right);
    /// Update it instead, or use another code.
    error OrganizationAlreadyRegistered(bytes32 code);
    /// Register it first.
    error OrganizationUnknown(bytes32 code);
    /// Give a name of 1 to `maximum` bytes.
    error OrganizationNameLength(uint256 length, uint256 maximum);
    /// Give an address other than zero.
    error AddressZero();
    /// Resume it first.
    error OrganizationAlreadySuspended(bytes32 code);
    /// There is nothing to resume.
    error OrganizationNotSuspended(bytes32 code);
    /// There is nothing to grant.
    error RightAlreadyGranted(bytes32 code, bytes32 right);
    /// Grant the organization the right first.
    error RightNotGranted(bytes32 code, bytes32 right);
    /// Revoke or retire the key first; it is authorized.
    error KeyAlreadyAuthorized(bytes32 code, address key, bytes32 right);
    /// Authorize the key first; it is not, or its time is over.
    error KeyNotAuthorized(bytes32 code, address key, bytes32 right);
    /// Give a beginning that is not before the current time and an end that is not before the beginning.
    error KeyPeriodMalformed(uint64 notBefore, uint64 notAfter, uint64 currentTime);
    /// Give a later time: only `key compromise` may reach back, and not before the key's beginning or past an
    /// earlier revocation.
    error RevocationTimeMalformed(uint64 revokedAt, uint64 earliest, uint64 latest);
    /// Use a number of RFC 5280 5.3.1: 0, 1, 3, 4, 5, 9.
    error RevocationReasonUnknown(uint8 reason);
    /// Use another key, or another organization: the history may not grow further.
    error HistoryFull(uint256 maximum);

    /// Registers an organization. Operator.
    function registerOrganization(bytes32 code, string calldata name, bytes32 metadataHash, address administrator)
        external;

    /// Changes name and description. Operator.
    function updateOrganization(bytes32 code, string calldata name, bytes32 metadataHash) external;

    /// Hands the organization's administration over. Its administrator, or operator.
    function changeAdministrator(bytes32 code, address administrator) external;

    /// Takes all its rights away for the time being. Operator.
    function suspendOrganization(bytes32 code) external;

    /// Ends the suspension. Operator.
    function resumeOrganization(bytes32 code) external;

    /// Allows an organization to authorize keys for a right. Operator.
    function grantRight(bytes32 code, bytes32 right) external;

    /// Takes a right away from an organization and all of its keys. Operator.
    function revokeRight(bytes32 code, bytes32 right) external;

    /// Lets a key act for the organization. The organization's administrator, or operator.
    /// @param notBefore first second at which it counts; zero is the current one.
    /// @param notAfter last second at which it counts; zero is without end.
    function authorizeKey(bytes32 code, address key, bytes32 right, uint64 notBefore, uint64 notAfter) external;

    /// Ends a key's authorization: what it signed before `revokedAt` stays good. The administrator, or operator.
    /// @param revokedAt first second at which it no longer counts; zero is the next second. Only with reason 1 (key
    /// compromise) may it lie in the past, and only then may a revoked key be revoked again, from an earlier time on.
    /// @param reason with the numbers of RFC 5280 5.3.1.
    function revokeKey(bytes32 code, address key, bytes32 right, uint64 revokedAt, uint8 reason) external;

    /// Retires a key (reason 4, superseded) and authorizes its successor from now on. The administrator, or operator.
    function rotateKey(bytes32 code, address retired, address successor, bytes32 right, uint64 notAfter) external;

    /// Whether a signature of the key, recorded at a time, counted: the key was authorized, the organization had the
    /// right and was not suspended.
    function isAuthorized(address key, bytes32 code, bytes32 right, uint64 time) external view returns (bool);

    /// Whether the organization had a right at a time, suspended or not.
    function hasRight(bytes32 code, bytes32 right, uint64 time) external view returns (bool);

    /// Whether the organization was suspended at a time.
    function isSuspended(bytes32 code, uint64 time) external view returns (bool);

    /// The organization as it stands now; `registeredAt` is zero when it is unknown.
    function organization(bytes32 code) external view returns (Organization memory);

    /// How many organizations there are.
    function organizationCount() external view returns (uint256);

    /// Codes in the order of registration, at most 100.
    function organizationCodes(uint256 offset, uint256 limit) external view returns (bytes32[] memory);

    /// How many key records an organization has.
    function keyRecordCount(bytes32 code) external view returns (uint256);

    /// Key records in the order of authorization, at most 100.
    function keyRecords(bytes32 code, uint256 offset, uint256 limit) external view returns (KeyRecord[] memory);

    /// All records of one key for one right.
    function keyRecordsOf(bytes32 code, address key, bytes32 right) external view returns (KeyRecord[] memory);

    /// How many organizations a key was ever authorized for.
    function organizationCountOfKey(address key) external view returns (uint256);

    /// The organizations that a key was ever authorized for, at most 100.
    function organizationsOfKey(address key, uint256 offset, uint256 limit) external view returns (bytes32[] memory);

    /// Every right that the organization was ever granted.
    function rightsOf(bytes32 code) external view returns (bytes32[] memory);

    /// When the organization had a right.
    function rightPeriods(bytes32 code, bytes32 right) external view returns (Period[] memory);

    /// When the organization was suspended.
    function suspensions(bytes32 code) external view returns (Period[] memory);
}
