// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {CertificateStorage} from "./CertificateStorage.sol";
import {IAuthorizations} from "./interfaces/IAuthorizations.sol";
import {ICertificateRegistry} from "./interfaces/ICertificateRegistry.sol";
import {CertificateOperations} from "./libraries/CertificateOperations.sol";
import {CertificateRules} from "./libraries/CertificateRules.sol";
import {Names} from "./libraries/Names.sol";
import {
    CertificateRecord,
    CertificateStatus,
    ChangeStatus,
    Inspect,
    Issue,
    Reason,
    StatusWord
} from "./types/CertificateTypes.sol";

/// Certificates of the kinds of this chain; see {ICertificateRegistry}.
contract CertificateRegistry is CertificateStorage, ICertificateRegistry, EIP712 {
    using CertificateOperations for Issue;
    using CertificateOperations for ChangeStatus;
    using CertificateOperations for Inspect;

    /// Longest sealed payload.
    uint256 public constant MAX_SEALED_BYTES = 65_536;
    /// The right that an inspector's key needs.
    bytes32 public constant INSPECTION_RIGHT = "inspection";

    IAuthorizations private immutable _organizations;

    constructor(IAuthorizations organizations, bytes32[] memory enabledKinds) EIP712("Chancery", "1") {
        _organizations = organizations;
        if (enabledKinds.length == 0 || enabledKinds.length > type(uint8).max) revert KindMalformed(0);
        for (uint256 i = 0; i < enabledKinds.length; ++i) {
            bytes32 kind = enabledKinds[i];
            if (!Names.isWords(kind) || isKindEnabled(kind)) revert KindMalformed(kind);
            _addKind(kind);
        }
    }

    /// @inheritdoc ICertificateRegistry
    function issue(Issue calldata operation, address issuer, bytes calldata signature, bytes calldata sealedPayload)
        public
        virtual
    {
        _checkIssue(operation, sealedPayload);
        bytes32 digest = issueDigest(operation);
        _checkSignature(operation.deadline, issuer, digest, signature);
        _checkAuthorized(issuer, operation.organization, operation.kind);

        uint48 renewedRevision = 0;
        if (operation.previous != 0) renewedRevision = _renew(operation);
        _store(operation, issuer, digest);

        emit CertificateIssued(
            operation.certificateId,
            operation.organization,
            operation.holder,
            operation,
            issuer,
            digest,
            signature,
            sealedPayload
        );
        if (operation.previous != 0) {
            emit CertificateRenewed(operation.previous, operation.certificateId, renewedRevision);
        }
    }

    /// @inheritdoc ICertificateRegistry
    function changeStatus(ChangeStatus calldata operation, address issuer, bytes calldata signature) external {
        Certificate storage entry = _certificates[operation.certificateId];
        StatusWord memory word = entry.word;
        if (word.status == CertificateStatus.UNKNOWN) revert CertificateUnknown(operation.certificateId);
        if (operation.revision != word.revision) {
            revert RevisionStale(operation.certificateId, operation.revision, word.revision);
        }
        if (!CertificateRules.isTransition(word.status, operation.status)) {
            revert StatusTransition(word.status, operation.status);
        }
        if (!CertificateRules.isReason(operation.status, operation.reason)) {
            revert ReasonMalformed(operation.status, operation.reason);
        }
        bytes32 digest = changeStatusDigest(operation);
        _checkSignature(operation.deadline, issuer, digest, signature);
        _checkAuthorized(issuer, entry.organization, _kindOf(entry));

        _setStatus(entry, operation.status, operation.reason);
        emit CertificateStatusChanged(operation.certificateId, entry.organization, issuer, operation, digest, signature);
    }

    /// @inheritdoc ICertificateRegistry
    function inspect(Inspect calldata operation, address inspector, bytes calldata signature) external {
        if (operation.certificateId == 0) revert CertificateIdZero();
        if (operation.presentationHash == 0) revert PresentationHashZero();
        if (!CertificateRules.isOutcome(operation.outcome)) revert OutcomeUnknown(operation.outcome);
        bytes32 digest = inspectDigest(operation);
        if (_inspections[digest]) revert InspectionAlreadyRecorded(digest);
        _checkSignature(operation.deadline, inspector, digest, signature);
        _checkAuthorized(inspector, operation.organization, INSPECTION_RIGHT);

        _inspections[digest] = true;
        StatusWord memory word = _certificates[operation.certificateId].word;
        emit CertificateInspected(
            operation.certificateId,
            operation.organization,
            inspector,
            operation,
            digest,
            word,
            CertificateRules.outcome(word, uint64(block.timestamp)),
            signature
        );
    }

    /// @inheritdoc ICertificateRegistry
    function statusOf(bytes32 certificateId) external view returns (StatusWord memory) {
        return _certificates[certificateId].word;
    }

    /// @inheritdoc ICertificateRegistry
    function certificate(bytes32 certificateId) external view returns (CertificateRecord memory) {
        return _record(certificateId);
    }

    /// @inheritdoc ICertificateRegistry
    function outcomeAt(bytes32 certificateId, uint64 time) external view returns (uint8) {
        return CertificateRules.outcome(_certificates[certificateId].word, time);
    }

    /// @inheritdoc ICertificateRegistry
    function isInspectionRecorded(bytes32 digest) external view returns (bool) {
        return _inspections[digest];
    }

    /// @inheritdoc ICertificateRegistry
    function kinds() external view returns (bytes32[] memory) {
        return _kinds;
    }

    /// @inheritdoc ICertificateRegistry
    function isKindEnabled(bytes32 kind) public view returns (bool) {
        return _kindNumber[kind] != 0;
    }

    /// @inheritdoc ICertificateRegistry
    function organizationRegistry() external view returns (address) {
        return address(_organizations);
    }

    /// @inheritdoc ICertificateRegistry
    function issueDigest(Issue calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    /// @inheritdoc ICertificateRegistry
    function changeStatusDigest(ChangeStatus calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    /// @inheritdoc ICertificateRegistry
    function inspectDigest(Inspect calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    function _checkIssue(Issue calldata operation, bytes calldata sealedPayload) private view {
        if (operation.certificateId == 0) revert CertificateIdZero();
        if (_certificates[operation.certificateId].word.status != CertificateStatus.UNKNOWN) {
            revert CertificateAlreadyIssued(operation.certificateId);
        }
        if (!isKindEnabled(operation.kind)) revert KindNotEnabled(operation.kind);
        if (operation.holder == address(0)) revert HolderZero();
        if (operation.contentHash == 0) revert ContentHashZero();
        if (operation.validUntil != 0 && operation.validUntil <= operation.validFrom) {
            revert ValidityMalformed(operation.validFrom, operation.validUntil);
        }
        if (sealedPayload.length == 0 || sealedPayload.length > MAX_SEALED_BYTES) {
            revert SealedPayloadLength(sealedPayload.length, MAX_SEALED_BYTES);
        }
        bytes32 sealedHash = keccak256(sealedPayload);
        if (sealedHash != operation.sealedHash) revert SealedPayloadMismatch(operation.sealedHash, sealedHash);
    }

    /// Checks a renewal against the certificate that it renews, and marks that one as renewed.
    function _renew(Issue calldata operation) private returns (uint48) {
        Certificate storage entry = _certificates[operation.previous];
        uint8 status = entry.word.status;
        if (status == CertificateStatus.UNKNOWN) revert CertificateUnknown(operation.previous);
        // Another organization could otherwise end a certificate that it has not issued.
        if (
            entry.holder != operation.holder || entry.organization != operation.organization
                || _kindOf(entry) != operation.kind
        ) revert RenewalMismatch(operation.previous);
        if (status != CertificateStatus.VALID) revert RenewalOfStatus(operation.previous, status);

        entry.renewedBy = operation.certificateId;
        return _setStatus(entry, CertificateStatus.RENEWED, Reason.SUPERSEDED);
    }

    function _checkSignature(uint64 deadline, address signer, bytes32 digest, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert OperationExpired(deadline, block.timestamp);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }

    function _checkAuthorized(address signer, bytes32 organization, bytes32 right) private view {
        if (!_organizations.isAuthorizedNow(signer, organization, right)) {
            revert SignerNotAuthorized(signer, organization, right);
        }
    }
}
