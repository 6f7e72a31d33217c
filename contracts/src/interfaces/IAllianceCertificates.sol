// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IdentityCertificate, TransactionCertificate} from "../types/MembershipTypes.sol";
import {IAllianceMembership} from "./IAllianceMembership.sol";

/// Who a member's nodes are and what they may do (`docs/specs/alliance.md`, "Certificates"; A-CERT). Serial numbers are never used twice, by
/// neither sort. Renewing is issuing anew while the old one still counts.
interface IAllianceCertificates is IAllianceMembership {
    event IdentityIssued(
        uint64 indexed serial, bytes32 indexed member, bytes32 indexed node, address key, uint64 validUntil
    );
    event IdentityRevoked(uint64 indexed serial);
    event TransactionIssued(uint64 indexed serial, uint64 indexed identity, uint8 scope, uint64 validUntil);
    event TransactionRevoked(uint64 indexed serial);

    /// Give a node and a key, and for a transaction certificate a scope of 1, 2 or 3.
    error CertificateMalformed();
    /// Give a time that lies ahead, at most `latest`.
    error ValidityMalformed(uint64 validUntil, uint64 latest);
    /// Ask for a certificate that exists.
    error SerialUnknown(uint64 serial);
    /// It was revoked before.
    error AlreadyRevoked(uint64 serial);

    /// Says who a node is, for at most two years. The member's authority.
    function issueIdentity(bytes32 member, bytes32 node, address key, uint64 validUntil)
        external
        returns (uint64 serial);

    /// From this block on no signature counts that rests on it. The member's authority.
    function revokeIdentity(uint64 serial) external;

    /// Says what a node may do, for at most seven days and not longer than its identity. The member's authority.
    /// @param scope 1: put requests together. 2: endorse and attest. 3: both.
    function issueTransaction(uint64 identity, uint8 scope, uint64 validUntil) external returns (uint64 serial);

    /// From this block on no signature counts that was made under it. The member's authority.
    function revokeTransaction(uint64 serial) external;

    /// The highest serial number.
    function lastSerial() external view returns (uint64);

    /// Zeros when there is none.
    function identityCertificate(uint64 serial) external view returns (IdentityCertificate memory);

    /// Zeros when there is none.
    function transactionCertificate(uint64 serial) external view returns (TransactionCertificate memory);
}
