// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";

/// From the bytes of an error to the names that the shared vectors use.
library FinalityOutcomes {
    struct Check {
        bytes4 selector;
        string name;
    }

    /// The name of the check that failed; empty if it is no error of `IFinalityErrors`.
    function check(bytes memory refusal) internal pure returns (string memory) {
        Check[20] memory checks = _checks();
        for (uint256 i = 0; refusal.length >= 4 && i < checks.length; ++i) {
            if (checks[i].selector == bytes4(refusal)) return checks[i].name;
        }
        return "";
    }

    /// The name of the reason that the error carries; empty if it carries none.
    function reason(bytes memory refusal) internal pure returns (string memory) {
        bytes4 selector = bytes4(refusal);
        if (selector == IFinalityErrors.CertificateMalformed.selector) return _certificateFault(_word(refusal, 0));
        if (selector == IFinalityErrors.HeaderMalformed.selector) return _headerFault(_word(refusal, 0));
        if (selector == IFinalityErrors.RoundMismatch.selector) return _roundFault(_word(refusal, 0));
        if (selector == IFinalityErrors.MalformedKey.selector) return _keyFault(_word(refusal, 1));
        return "";
    }

    function _word(bytes memory refusal, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(refusal, 0x24), mul(index, 0x20)))
        }
    }

    function _checks() private pure returns (Check[20] memory) {
        return [
            Check(IFinalityErrors.HeaderMalformed.selector, "HeaderMalformed"),
            Check(IFinalityErrors.TooManyHeaders.selector, "TooManyHeaders"),
            Check(IFinalityErrors.HeaderLinkBroken.selector, "HeaderLinkBroken"),
            Check(IFinalityErrors.CertificateMalformed.selector, "CertificateMalformed"),
            Check(IFinalityErrors.HeaderHashMismatch.selector, "HeaderHashMismatch"),
            Check(IFinalityErrors.RoundMismatch.selector, "RoundMismatch"),
            Check(IFinalityErrors.UnknownValidator.selector, "UnknownValidator"),
            Check(IFinalityErrors.BelowQuorum.selector, "BelowQuorum"),
            Check(IFinalityErrors.FinalitySignature.selector, "FinalitySignature"),
            Check(IFinalityErrors.ValidatorCount.selector, "ValidatorCount"),
            Check(IFinalityErrors.MalformedKey.selector, "MalformedKey"),
            Check(IFinalityErrors.DuplicateKey.selector, "DuplicateKey"),
            Check(IFinalityErrors.ProofTooLarge.selector, "ProofTooLarge"),
            Check(IFinalityErrors.TransactionNotIncluded.selector, "TransactionNotIncluded"),
            Check(IFinalityErrors.ReceiptNotIncluded.selector, "ReceiptNotIncluded"),
            Check(IFinalityErrors.AccountNotProven.selector, "AccountNotProven"),
            Check(IFinalityErrors.StorageNotProven.selector, "StorageNotProven"),
            Check(IFinalityErrors.EpochMismatch.selector, "EpochMismatch"),
            Check(IFinalityErrors.HandoverMalformed.selector, "HandoverMalformed"),
            Check(IFinalityErrors.HandoverValidatorsMismatch.selector, "HandoverValidatorsMismatch")
        ];
    }

    function _certificateFault(uint256 fault) private pure returns (string memory) {
        return [
            "TooLong",
            "Truncated",
            "NumberTooLarge",
            "NumberNotShortest",
            "SetSizeOutOfRange",
            "BitBeyondSet",
            "BytesFollow",
            "SignatureNotCompressed",
            "SignatureIsInfinity",
            "SignaturePointDiffers",
            "SignatureNotOnCurve",
            "SignatureNotInSubgroup"
        ][fault];
    }

    function _headerFault(uint256 fault) private pure returns (string memory) {
        return [
            "TooLong", "NotAHeader", "ExtraDataVersion", "ExtraDataMillisecond", "ExtraDataReserved", "GenesisNumber"
        ][fault];
    }

    function _roundFault(uint256 fault) private pure returns (string memory) {
        return ["OtherEpoch", "FinalBeforeProposed", "OtherParentView"][fault];
    }

    function _keyFault(uint256 fault) private pure returns (string memory) {
        return ["IsInfinity", "NotOnCurve", "NotInSubgroup"][fault];
    }
}
