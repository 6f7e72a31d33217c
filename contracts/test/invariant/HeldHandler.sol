// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IAnchoredFacts} from "../../src/interfaces/IAnchoredFacts.sol";
import {CertificateRules} from "../../src/libraries/CertificateRules.sol";
import {RegistrySlots} from "../../src/libraries/RegistrySlots.sol";
import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {CertificateStatus, Issue, Outcome, StatusWord} from "../../src/types/CertificateTypes.sol";
import {StateAnchor} from "../support/StateAnchor.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Two certificates of a kind and one holder: issued, suspended, resumed and revoked, disclosed and taken back, and shown from any block in any order.
contract HeldHandler is TrustCity {
    /// Whether showing that a certificate is valid ever took away what was held, or put something from an older block in its place (TRUST-2).
    bool public pushedOut;
    /// Whether the loss of something that was shown before was refused for another reason than its age or the anchor (TRUST-8).
    bool public lossRefused;
    mapping(bytes32 certificateId => bool) private _wasShown;

    constructor() {
        _prepareTrust();
        _send(_issue(FIRST));
        Issue memory second = _issue(SECOND);
        second.validUntil = uint64(block.timestamp) + 10 * MAX_AGE;
        _send(second);
        _disclose(DEGREE, _day());
        _anchored();
    }

    function held_() external view returns (HeldCertificates) {
        return held;
    }

    function anchor_() external view returns (StateAnchor) {
        return anchor;
    }

    function certificateId(uint8 pick) public pure returns (bytes32) {
        return pick % 2 == 0 ? FIRST : SECOND;
    }

    function change(uint8 pick, uint8 to) external {
        bytes32 id = certificateId(pick);
        StatusWord memory word = registry.statusOf(id);
        uint8 status = word.status == CertificateStatus.VALID ? CertificateStatus.SUSPENDED : CertificateStatus.VALID;
        if (to % 32 == 0) status = CertificateStatus.REVOKED;
        if (CertificateRules.isTransition(word.status, status)) _send(_change(id, status, 0, word.revision));
        if (to % 2 == 0) _anchored();
    }

    function anchorBlock() external {
        _anchored();
    }

    function agree(uint8 pick) external {
        _disclose(DEGREE, pick % 3 == 0 ? 0 : _day());
    }

    function showOld(uint8 back, uint8 pick) external {
        _showAndCompare(height - back % 16, certificateId(pick));
    }

    function showNew(uint8 pick) external {
        _showAndCompare(_anchored(), certificateId(pick));
    }

    function freezeAndVote(uint8 seldom) external {
        if (seldom % 8 == 0) anchor.freeze();
        if (seldom % 8 < 3) anchor.trustAnew();
    }

    function wait_(uint16 duration) external {
        vm.warp(block.timestamp + duration % (MAX_AGE / 2));
    }

    function _showAndCompare(uint64 number, bytes32 id) private {
        uint64 before = held.heldFact(HOLDER, DEGREE).origin.number;
        try held.show(number, id, _certificateProof()) {
            bool isValid = _outcomeIn(number, id) == Outcome.VALID;
            if (isValid && held.heldFact(HOLDER, DEGREE).origin.number < before) pushedOut = true;
            _wasShown[id] = true;
        } catch (bytes memory refusal) {
            bytes4 reason = bytes4(refusal);
            if (reason == IAnchor.AnchorFrozen.selector || reason == IAnchor.NotAnchored.selector) return;
            if (reason == IAnchoredFacts.FactOlder.selector) return;
            if (_wasShown[id] && _outcomeIn(number, id) != Outcome.VALID) lossRefused = true;
        }
    }

    /// What the certificate of that block amounts to now.
    function _outcomeIn(uint64 number, bytes32 id) private view returns (uint8) {
        uint256 slot = uint256(RegistrySlots.certificate(id));
        uint256 packed = anchor.storageAt(number, address(registry), slot, none);
        StatusWord memory word;
        (word.status, word.validFrom, word.validUntil) = (uint8(packed), uint64(packed >> 64), uint64(packed >> 128));
        return CertificateRules.outcome(word, uint64(block.timestamp));
    }
}
