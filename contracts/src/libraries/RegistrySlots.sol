// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

/// Where registries keep what other chains prove (`docs/specs/trust.md`). Positions are part of the interfaces; `test/trust/RegistrySlots.t.sol` reads each
/// out of the real contracts.
library RegistrySlots {
    using SlotDerivation for bytes32;

    /// Positions of `OrganizationRegistry`; its base takes slot 0.
    bytes32 private constant ORGANIZATIONS = bytes32(uint256(2));
    bytes32 private constant RIGHT_PERIODS = bytes32(uint256(5));
    bytes32 private constant KEY_RECORDS = bytes32(uint256(6));
    /// Slots of a key record.
    uint256 internal constant KEY_RECORD_SLOTS = 3;

    /// Positions of `CertificateStorage`.
    bytes32 private constant CERTIFICATES = bytes32(0);
    bytes32 private constant KINDS = bytes32(uint256(2));

    /// Administrator, time of registration and suspension of an organization.
    function organization(bytes32 code) internal pure returns (bytes32) {
        return ORGANIZATIONS.deriveMapping(code).offset(1);
    }

    /// A period in which an organization had a right.
    function rightPeriod(bytes32 code, bytes32 right, uint64 index) internal pure returns (bytes32) {
        return RIGHT_PERIODS.deriveMapping(code).deriveMapping(right).deriveArray().offset(index);
    }

    /// The first slot of a key record.
    function keyRecord(bytes32 code, uint64 index) internal pure returns (bytes32) {
        return KEY_RECORDS.deriveMapping(code).deriveArray().offset(KEY_RECORD_SLOTS * index);
    }

    /// The first slot of a certificate: its status word.
    function certificate(bytes32 certificateId) internal pure returns (bytes32) {
        return CERTIFICATES.deriveMapping(certificateId);
    }

    /// Holder, time of issue and the kind's number.
    function holder(bytes32 certificateId) internal pure returns (bytes32) {
        return certificate(certificateId).offset(2);
    }

    /// Who has issued a certificate.
    function issuedBy(bytes32 certificateId) internal pure returns (bytes32) {
        return certificate(certificateId).offset(4);
    }

    /// A kind. @param number counts from 1.
    function kind(uint8 number) internal pure returns (bytes32) {
        return KINDS.deriveArray().offset(uint256(number) - 1);
    }
}
