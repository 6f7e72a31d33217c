// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

import {CertificateRegistry} from "../../src/CertificateRegistry.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {RegistrySlots} from "../../src/libraries/RegistrySlots.sol";
import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {TrustRegistry} from "../../src/trust/TrustRegistry.sol";
import {CertificateProof} from "../../src/types/TrustTypes.sol";
import {City} from "./City.sol";
import {StateAnchor} from "./StateAnchor.sol";
import {vm} from "./Vm.sol";

/// A city whose registries are the other chain's, and beside them the contracts to which they are shown.
abstract contract TrustCity is City {
    using SlotDerivation for bytes32;

    uint64 internal constant MAX_AGE = 600;
    /// How many periods and key records of an organization a block shows.
    uint64 internal constant SHOWN_ENTRIES = 4;
    bytes32 internal constant FIRST = bytes32(uint256(0xa1));
    bytes32 internal constant SECOND = bytes32(uint256(0xa2));

    StateAnchor internal anchor;
    TrustRegistry internal trust;
    HeldCertificates internal held;
    /// Issues by what was shown.
    CertificateRegistry internal side;
    uint64 internal height = 100;
    bytes[] internal none;

    function setUp() public virtual override {
        super.setUp();
        _prepareTrust();
    }

    function _prepareTrust() internal {
        anchor = new StateAnchor();
        IAnchor asked = IAnchor(address(anchor));
        trust = new TrustRegistry(asked, Predeploys.ORGANIZATION_REGISTRY, MAX_AGE);
        held = new HeldCertificates(asked, Predeploys.CERTIFICATE_REGISTRY, MAX_AGE);
        bytes32[] memory kinds = new bytes32[](1);
        kinds[0] = DEGREE;
        side = new CertificateRegistry(trust, kinds);
    }

    /// Anchors a block of now, with what may be shown of it.
    function _anchored() internal returns (uint64 number) {
        return _anchoredAt(uint64(block.timestamp));
    }

    function _anchoredAt(uint64 time) internal returns (uint64 number) {
        number = ++height;
        anchor.keep(number, time);
        _capture(number);
    }

    /// What a block shows.
    function _capture(uint64 number) internal virtual {
        _captureOrganization(number, UNIVERSITY);
        _captureRight(number, UNIVERSITY, DEGREE);
        _captureCertificate(number, FIRST);
        _captureCertificate(number, SECOND);
    }

    /// Its standing and its keys.
    function _captureOrganization(uint64 number, bytes32 code) internal {
        address registry_ = Predeploys.ORGANIZATION_REGISTRY;
        anchor.capture(number, registry_, RegistrySlots.organization(code));
        for (uint64 i = 0; i < SHOWN_ENTRIES; ++i) {
            for (uint256 j = 0; j < RegistrySlots.KEY_RECORD_SLOTS; ++j) {
                anchor.capture(number, registry_, RegistrySlots.keyRecord(code, i).offset(j));
            }
        }
    }

    function _captureRight(uint64 number, bytes32 code, bytes32 right) internal {
        for (uint64 i = 0; i < SHOWN_ENTRIES; ++i) {
            anchor.capture(number, Predeploys.ORGANIZATION_REGISTRY, RegistrySlots.rightPeriod(code, right, i));
        }
    }

    function _captureCertificate(uint64 number, bytes32 certificateId) internal {
        address registry_ = Predeploys.CERTIFICATE_REGISTRY;
        anchor.capture(number, registry_, RegistrySlots.certificate(certificateId));
        anchor.capture(number, registry_, RegistrySlots.holder(certificateId));
        anchor.capture(number, registry_, RegistrySlots.issuedBy(certificateId));
        anchor.capture(number, registry_, RegistrySlots.kind(1));
    }

    /// Shows that the university, its right and its first key stand.
    function _showAll(uint64 number) internal {
        _showOrganization(number);
        _showRight(number, 0);
        _showKey(number, 0);
    }

    function _showOrganization(uint64 number) internal {
        trust.showOrganization(number, UNIVERSITY, none);
    }

    function _showRight(uint64 number, uint64 index) internal {
        trust.showRight(number, UNIVERSITY, DEGREE, index, none);
    }

    function _showKey(uint64 number, uint64 index) internal {
        trust.showKey(number, UNIVERSITY, index, _threePaths());
    }

    function _threePaths() internal pure returns (bytes[][3] memory paths) {
        for (uint256 i = 0; i < 3; ++i) {
            paths[i] = new bytes[](0);
        }
    }

    function _certificateProof() internal pure returns (CertificateProof memory proof) {}

    function _show(uint64 number, bytes32 certificateId) internal {
        held.show(number, certificateId, _certificateProof());
    }

    /// The holder agrees.
    function _disclose(bytes32 kind, uint64 until) internal {
        held.disclose(HOLDER, kind, until, _consent(kind, until));
    }

    function _consent(bytes32 kind, uint64 until) internal view returns (bytes memory) {
        return _signature(HOLDER_KEY, held.discloseDigest(HOLDER, kind, until));
    }

    function _day() internal view returns (uint64) {
        return uint64(block.timestamp) + 1 days;
    }
}
