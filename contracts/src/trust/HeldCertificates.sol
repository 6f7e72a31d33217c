// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IAnchor} from "../interfaces/IAnchor.sol";
import {IHeldCertificates} from "../interfaces/IHeldCertificates.sol";
import {CertificateRules} from "../libraries/CertificateRules.sol";
import {RegistrySlots} from "../libraries/RegistrySlots.sol";
import {CertificateStatus, Outcome, StatusWord} from "../types/CertificateTypes.sol";
import {CertificateFact, CertificateProof, Origin} from "../types/TrustTypes.sol";
import {AnchoredFacts} from "./AnchoredFacts.sol";

/// Kinds of certificates of another chain that holders have; see {IHeldCertificates}.
contract HeldCertificates is AnchoredFacts, IHeldCertificates, EIP712, Nonces {
    /// Longest time for which a holder agrees at once, in seconds.
    uint64 public constant MAX_DISCLOSURE = 366 days;
    bytes32 private constant DISCLOSE_TYPEHASH =
        keccak256("Disclose(address holder,bytes32 kind,uint64 until,uint256 nonce)");

    mapping(address holder => mapping(bytes32 kind => uint64)) private _disclosedUntil;
    /// Of another branch of the followed chain the same id may name another holder's certificate, or one of another kind.
    mapping(address holder => mapping(bytes32 kind => mapping(bytes32 certificateId => CertificateFact))) private
        _facts;
    /// The certificate that stands for the kind.
    mapping(address holder => mapping(bytes32 kind => bytes32 certificateId)) private _lastValid;
    /// Kinds of which anything was ever shown: at most the 255 of the followed registry.
    mapping(address holder => bytes32[]) private _kinds;
    /// The block of the followed chain in which the certificate that stands for the kind was seen valid (from bit 64), and from which second on it is not any more (zero: no
    /// end); nothing once it is lost. It is found without the certificate's number: whoever asks from outside sees that the period is not over.
    mapping(address holder => mapping(bytes32 kind => uint256)) private _validUntil;

    /// @param certificates the `CertificateRegistry` of the chain that the anchor follows.
    constructor(IAnchor anchor_, address certificates, uint64 maxAge_)
        AnchoredFacts(anchor_, certificates, maxAge_)
        EIP712("Chancery", "1")
    {}

    /// @inheritdoc IHeldCertificates
    function disclose(address holder, bytes32 kind, uint64 until, bytes calldata signature) external {
        uint64 latest = uint64(block.timestamp) + MAX_DISCLOSURE;
        if (until != 0 && (until <= block.timestamp || until > latest)) revert DisclosureTime(until, latest);
        uint256 nonce = _useNonce(holder);
        bytes32 digest = _discloseDigest(holder, kind, until, nonce);
        if (!SignatureChecker.isValidSignatureNowCalldata(holder, digest, signature)) {
            revert SignatureInvalid(holder, digest);
        }

        _disclosedUntil[holder][kind] = until;
        emit Disclosed(holder, kind, until, nonce);
    }

    /// @inheritdoc IHeldCertificates
    function show(uint64 number, bytes32 certificateId, CertificateProof calldata proof) external {
        Origin memory origin = _originOf(number);
        (address holder, bytes32 kind) = _holderAndKind(number, certificateId, proof);
        CertificateFact storage fact = _facts[holder][kind][certificateId];
        _checkNotOlder(origin, fact.origin);
        StatusWord memory word = _statusWord(number, certificateId, proof);
        uint8 outcome = CertificateRules.outcome(word, uint64(block.timestamp));
        bool isDisclosed = _isDisclosed(holder, kind);
        // That something shown before is lost is written with or without consent: otherwise a withdrawal would keep a revocation away.
        bool isLoss = outcome != Outcome.VALID && fact.origin.time != 0;
        if (!isDisclosed && !isLoss) revert NotDisclosed(holder, kind);
        if (outcome != Outcome.VALID && !isLoss) revert CertificateNotValid(certificateId, outcome);
        if (!isLoss && _isLapsed(origin)) revert FactLapsed(number, origin.time);

        if (!isLoss) _standFor(holder, kind, certificateId, number);
        (fact.origin, fact.status) = (origin, word.status);
        (fact.validFrom, fact.validUntil) = (word.validFrom, word.validUntil);
        fact.organization = bytes32(_word(number, RegistrySlots.issuedBy(certificateId), proof.organization));
        if (_lastValid[holder][kind] == certificateId) {
            _validUntil[holder][kind] = isLoss ? 0 : (uint256(number) << 64) | word.validUntil;
        }
        if (isDisclosed) emit CertificateShown(holder, kind, number, origin.time, word.status);
    }

    /// @inheritdoc IHeldCertificates
    function kindsOf(address holder) external view returns (bytes32[] memory held) {
        bytes32[] storage all = _kinds[holder];
        held = new bytes32[](all.length);
        uint256 count = 0;
        for (uint256 i = 0; i < held.length; ++i) {
            if (isHeld(holder, all[i])) held[count++] = all[i];
        }
        assembly ("memory-safe") {
            mstore(held, count)
        }
    }

    /// @inheritdoc IHeldCertificates
    function heldFact(address holder, bytes32 kind) external view returns (CertificateFact memory fact) {
        if (isHeld(holder, kind)) fact = _facts[holder][kind][_lastValid[holder][kind]];
    }

    /// @inheritdoc IHeldCertificates
    function disclosedUntil(address holder, bytes32 kind) external view returns (uint64) {
        return _isDisclosed(holder, kind) ? _disclosedUntil[holder][kind] : 0;
    }

    /// @inheritdoc IHeldCertificates
    function discloseDigest(address holder, bytes32 kind, uint64 until) external view returns (bytes32) {
        return _discloseDigest(holder, kind, until, nonces(holder));
    }

    /// @inheritdoc IHeldCertificates
    function isHeld(address holder, bytes32 kind) public view returns (bool) {
        if (!_isDisclosed(holder, kind) || _isFrozen()) return false;
        return _isStanding(_facts[holder][kind][_lastValid[holder][kind]]);
    }

    /// Lets a certificate that is valid stand for its kind, unless another does that was seen in a later block: somebody who shows an older proof must not put something
    /// in its place that lapses sooner.
    function _standFor(address holder, bytes32 kind, bytes32 certificateId, uint64 number) private {
        bytes32 last = _lastValid[holder][kind];
        if (last == certificateId) return;
        if (last == 0) {
            _kinds[holder].push(kind);
        } else {
            CertificateFact memory standing = _facts[holder][kind][last];
            if (_isStanding(standing) && number < standing.origin.number) return;
        }
        _lastValid[holder][kind] = certificateId;
    }

    /// Whether what was shown of a certificate is fresh, of the anchor's generation, and says that it is valid now.
    function _isStanding(CertificateFact memory fact) private view returns (bool) {
        if (!_isOfGeneration(fact.origin, _ANCHOR.generation()) || _isLapsed(fact.origin)) return false;
        StatusWord memory word;
        (word.status, word.validFrom, word.validUntil) = (fact.status, fact.validFrom, fact.validUntil);
        return CertificateRules.outcome(word, uint64(block.timestamp)) == Outcome.VALID;
    }

    /// From the low end: holder, time of issue, the kind's number.
    function _holderAndKind(uint64 number, bytes32 certificateId, CertificateProof calldata proof)
        private
        view
        returns (address holder, bytes32 kind)
    {
        uint256 word = _word(number, RegistrySlots.holder(certificateId), proof.holder);
        uint8 kindNumber = uint8(word >> 224);
        if (kindNumber == 0) revert CertificateUnknown(certificateId);
        return (address(uint160(word)), bytes32(_word(number, RegistrySlots.kind(kindNumber), proof.kind)));
    }

    /// From the low end: status, reason, revision, validity, time of the last change.
    function _statusWord(uint64 number, bytes32 certificateId, CertificateProof calldata proof)
        private
        view
        returns (StatusWord memory word)
    {
        uint256 packed = _word(number, RegistrySlots.certificate(certificateId), proof.word);
        word.status = uint8(packed);
        if (word.status == CertificateStatus.UNKNOWN) revert CertificateUnknown(certificateId);
        (word.validFrom, word.validUntil) = (uint64(packed >> 64), uint64(packed >> 128));
    }

    function _isDisclosed(address holder, bytes32 kind) private view returns (bool) {
        return block.timestamp <= _disclosedUntil[holder][kind];
    }

    function _discloseDigest(address holder, bytes32 kind, uint64 until, uint256 nonce) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(DISCLOSE_TYPEHASH, holder, kind, until, nonce)));
    }
}
