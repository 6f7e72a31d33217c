// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateRecord, CertificateStatus, Issue, StatusWord} from "./types/CertificateTypes.sol";

/// Where certificates are kept. The positions are part of the interface (`docs/specs/certificate-registry.md`): verifiers
/// prove them with `eth_getProof`. So this contract comes first in the line of inheritance, and `_certificates` first in it.
abstract contract CertificateStorage {
    /// The first two words are what a verifier proves.
    struct Certificate {
        /// + 0: status, reason, revision, validity, time of the last change.
        StatusWord word;
        /// + 1: `keccak256(abi.encode(issueDigest, issuer, issuedAt))`.
        bytes32 commitment;
        /// + 2.
        address holder;
        uint64 issuedAt;
        /// Counts from 1.
        uint8 kindNumber;
        /// + 3.
        address issuer;
        uint64 issuedBlock;
        /// + 4 to 8.
        bytes32 organization;
        bytes32 contentHash;
        bytes32 sealedHash;
        bytes32 previous;
        bytes32 renewedBy;
    }

    /// Slot 0.
    mapping(bytes32 certificateId => Certificate) internal _certificates;
    /// Slot 1: digests of the inspections that were recorded.
    mapping(bytes32 digest => bool) internal _inspections;
    /// Slot 2.
    bytes32[] internal _kinds;
    /// Slot 3: place in `_kinds`, counted from 1.
    mapping(bytes32 kind => uint8) internal _kindNumber;

    function _addKind(bytes32 kind) internal {
        _kinds.push(kind);
        _kindNumber[kind] = uint8(_kinds.length);
    }

    function _kindOf(Certificate storage entry) internal view returns (bytes32) {
        return _kinds[entry.kindNumber - 1];
    }

    function _store(Issue calldata operation, address issuer, bytes32 digest) internal {
        uint64 time = uint64(block.timestamp);
        Certificate storage entry = _certificates[operation.certificateId];
        entry.word = StatusWord({
            status: CertificateStatus.VALID,
            reason: 0,
            revision: 0,
            validFrom: operation.validFrom,
            validUntil: operation.validUntil,
            changedAt: time
        });
        entry.commitment = keccak256(abi.encode(digest, issuer, time));
        entry.holder = operation.holder;
        entry.issuedAt = time;
        entry.kindNumber = _kindNumber[operation.kind];
        entry.issuer = issuer;
        entry.issuedBlock = uint64(block.number);
        entry.organization = operation.organization;
        entry.contentHash = operation.contentHash;
        entry.sealedHash = operation.sealedHash;
        if (operation.previous != 0) entry.previous = operation.previous;
    }

    function _setStatus(Certificate storage entry, uint8 status, uint8 reason) internal returns (uint48 revision) {
        revision = entry.word.revision + 1;
        entry.word.status = status;
        entry.word.reason = reason;
        entry.word.revision = revision;
        entry.word.changedAt = uint64(block.timestamp);
    }

    function _record(bytes32 certificateId) internal view returns (CertificateRecord memory) {
        Certificate storage entry = _certificates[certificateId];
        return CertificateRecord({
            word: entry.word,
            kind: entry.kindNumber == 0 ? bytes32(0) : _kindOf(entry),
            organization: entry.organization,
            holder: entry.holder,
            issuer: entry.issuer,
            issuedAt: entry.issuedAt,
            issuedBlock: entry.issuedBlock,
            contentHash: entry.contentHash,
            sealedHash: entry.sealedHash,
            previous: entry.previous,
            renewedBy: entry.renewedBy,
            commitment: entry.commitment
        });
    }
}
