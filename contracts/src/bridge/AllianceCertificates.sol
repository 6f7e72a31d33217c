// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IAllianceCertificates} from "../interfaces/IAllianceCertificates.sol";
import {AllianceState, IdentityCertificate, TransactionCertificate} from "../types/MembershipTypes.sol";
import {SignatureFault} from "../types/RequestTypes.sol";
import {AllianceMembership} from "./AllianceMembership.sol";

/// Certificates of an alliance's nodes, and what is wrong with a signature under one; see {IAllianceCertificates}.
abstract contract AllianceCertificates is AllianceMembership, IAllianceCertificates {
    /// Longest time that an identity lasts, in seconds.
    uint64 public constant MAX_IDENTITY = 730 days;
    /// Longest time that a transaction certificate lasts, in seconds.
    uint64 public constant MAX_TRANSACTION = 7 days;

    uint8 internal constant SCOPE_REQUEST = 1;
    uint8 internal constant SCOPE_ENDORSE = 2;

    /// @inheritdoc IAllianceCertificates
    uint64 public lastSerial;
    mapping(uint64 serial => IdentityCertificate) private _identities;
    mapping(uint64 serial => TransactionCertificate) private _transactions;

    /// @inheritdoc IAllianceCertificates
    function issueIdentity(bytes32 member, bytes32 node, address key, uint64 validUntil)
        external
        returns (uint64 serial)
    {
        _checkAuthority(member);
        if (state == AllianceState.Dissolved) revert StateMismatch(state);
        if (node == 0 || key == address(0)) revert CertificateMalformed();
        _checkValidity(validUntil, uint64(block.timestamp) + MAX_IDENTITY);
        serial = ++lastSerial;
        _identities[serial] = IdentityCertificate(node, member, key, validUntil, false);
        emit IdentityIssued(serial, member, node, key, validUntil);
    }

    /// @inheritdoc IAllianceCertificates
    function revokeIdentity(uint64 serial) external {
        IdentityCertificate storage identity = _checkIssuer(serial);
        if (identity.isRevoked) revert AlreadyRevoked(serial);
        identity.isRevoked = true;
        emit IdentityRevoked(serial);
    }

    /// @inheritdoc IAllianceCertificates
    function issueTransaction(uint64 identity, uint8 scope, uint64 validUntil) external returns (uint64 serial) {
        IdentityCertificate storage its = _checkIssuer(identity);
        if (state == AllianceState.Dissolved) revert StateMismatch(state);
        if (scope == 0 || scope > SCOPE_REQUEST | SCOPE_ENDORSE) revert CertificateMalformed();
        if (its.isRevoked) revert AlreadyRevoked(identity);
        uint64 latest = uint64(block.timestamp) + MAX_TRANSACTION;
        _checkValidity(validUntil, latest < its.validUntil ? latest : its.validUntil);
        serial = ++lastSerial;
        _transactions[serial] = TransactionCertificate(identity, validUntil, scope, false);
        emit TransactionIssued(serial, identity, scope, validUntil);
    }

    /// @inheritdoc IAllianceCertificates
    function revokeTransaction(uint64 serial) external {
        TransactionCertificate storage its = _transactions[serial];
        if (its.identity == 0) revert SerialUnknown(serial);
        _checkIssuer(its.identity);
        if (its.isRevoked) revert AlreadyRevoked(serial);
        its.isRevoked = true;
        emit TransactionRevoked(serial);
    }

    /// @inheritdoc IAllianceCertificates
    function identityCertificate(uint64 serial) external view returns (IdentityCertificate memory) {
        return _identities[serial];
    }

    /// @inheritdoc IAllianceCertificates
    function transactionCertificate(uint64 serial) external view returns (TransactionCertificate memory) {
        return _transactions[serial];
    }

    /// The node that a transaction certificate is about; zeros when there is none.
    function _identityUnder(uint64 serial) internal view returns (IdentityCertificate memory) {
        return _identities[_transactions[serial].identity];
    }

    /// What is wrong with a requester's signature (ALLIANCE-11).
    function _requesterFault(uint64 serial, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (SignatureFault fault)
    {
        fault = _certificateFault(serial, SCOPE_REQUEST);
        if (fault == SignatureFault.NoFault && !_isSigned(_identityUnder(serial), digest, signature)) {
            fault = SignatureFault.SignatureWrong;
        }
    }

    /// What is wrong with an endorser's signature for a member (ALLIANCE-11), and the node's name; zero if something is.
    function _endorserFault(uint64 serial, bytes32 member, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (SignatureFault fault, bytes32 node)
    {
        fault = _certificateFault(serial, SCOPE_ENDORSE);
        if (fault != SignatureFault.NoFault) return (fault, 0);
        IdentityCertificate memory identity = _identityUnder(serial);
        // Another member could give one of its nodes the same name.
        if (identity.member != member || weightOf(member, identity.node) == 0) fault = SignatureFault.NotAnEndorser;
        else if (!_isSigned(identity, digest, signature)) fault = SignatureFault.SignatureWrong;
        else node = identity.node;
    }

    /// The checks of `crates/bridge/src/alliance/certificate.rs`, in their order.
    function _certificateFault(uint64 serial, uint8 wanted) private view returns (SignatureFault) {
        TransactionCertificate memory its = _transactions[serial];
        if (its.identity == 0) return SignatureFault.CertificateUnknown;
        if (its.isRevoked) return SignatureFault.CertificateRevoked;
        if (block.timestamp >= its.validUntil) return SignatureFault.CertificateExpired;
        IdentityCertificate memory identity = _identities[its.identity];
        if (identity.isRevoked) return SignatureFault.IdentityRevoked;
        if (block.timestamp >= identity.validUntil) return SignatureFault.IdentityExpired;
        if (!_isMember(identity.member)) return SignatureFault.MemberInactive;
        if (its.scope & wanted != wanted) return SignatureFault.ScopeMissing;
        return SignatureFault.NoFault;
    }

    function _isSigned(IdentityCertificate memory identity, bytes32 digest, bytes calldata signature)
        private
        pure
        returns (bool)
    {
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(digest, signature);
        return error == ECDSA.RecoverError.NoError && signer == identity.key;
    }

    /// The caller speaks for the member whose identity certificate this is.
    function _checkIssuer(uint64 identity) private view returns (IdentityCertificate storage its) {
        its = _identities[identity];
        if (its.member == 0) revert SerialUnknown(identity);
        _checkAuthority(its.member);
    }

    function _checkValidity(uint64 validUntil, uint64 latest) private view {
        if (validUntil <= block.timestamp || validUntil > latest) revert ValidityMalformed(validUntil, latest);
    }
}
