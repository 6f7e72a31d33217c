// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateStatus, Outcome, Reason, StatusWord} from "../types/CertificateTypes.sol";

/// What may follow what, and what a status amounts to.
library CertificateRules {
    /// Whether a signed operation may take a certificate from one status to another.
    function isTransition(uint8 from, uint8 to) internal pure returns (bool) {
        if (from == CertificateStatus.VALID) {
            return to == CertificateStatus.SUSPENDED || to == CertificateStatus.REVOKED;
        }
        if (from == CertificateStatus.SUSPENDED) {
            return to == CertificateStatus.VALID || to == CertificateStatus.REVOKED;
        }
        return false;
    }

    /// Whether a reason goes with a new status.
    function isReason(uint8 status, uint8 reason) internal pure returns (bool) {
        if (reason == Reason.UNSPECIFIED) return true;
        if (status == CertificateStatus.SUSPENDED) return reason == Reason.CERTIFICATE_HOLD;
        if (status != CertificateStatus.REVOKED) return false;
        return reason == Reason.KEY_COMPROMISE || reason == Reason.AFFILIATION_CHANGED || reason == Reason.SUPERSEDED
            || reason == Reason.CESSATION_OF_OPERATION || reason == Reason.PRIVILEGE_WITHDRAWN;
    }

    /// Whether a number is an outcome.
    function isOutcome(uint8 outcome_) internal pure returns (bool) {
        return outcome_ >= Outcome.VALID && outcome_ <= Outcome.REFUSED;
    }

    /// What a status amounts to at a time. Revocation and renewal are final, so they come before expiry; expiry cannot be
    /// undone by resuming, so it comes before suspension. Unknown or not yet in force is refused.
    function outcome(StatusWord memory word, uint64 time) internal pure returns (uint8) {
        if (word.status == CertificateStatus.UNKNOWN) return Outcome.REFUSED;
        if (word.status == CertificateStatus.REVOKED || word.status == CertificateStatus.RENEWED) {
            return Outcome.REVOKED;
        }
        if (word.validUntil != 0 && time >= word.validUntil) return Outcome.EXPIRED;
        if (word.status == CertificateStatus.SUSPENDED) return Outcome.SUSPENDED;
        return time < word.validFrom ? Outcome.REFUSED : Outcome.VALID;
    }
}
