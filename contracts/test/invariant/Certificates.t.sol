// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {CertificateRecord, CertificateStatus} from "../../src/types/CertificateTypes.sol";
import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";
import {CertificateHandler} from "./CertificateHandler.sol";

/// docs/specs/certificate-registry.md, whatever happens in whatever order.
contract CertificatesInvariants is City {
    CertificateHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new CertificateHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = City.setUp.selector;
        excluded[0] = FuzzSelector(address(_handler), selectors);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    // CERT-6, 7, 8
    function invariant_every_certificate_is_as_its_signed_history_says() external view {
        for (uint256 i = 0; i < _handler.idCount(); ++i) {
            bytes32 id = _handler.ids(i);
            (uint8 status, uint64 revision, bytes32 renewedBy, bytes32 commitment) = _handler.expected(id);
            CertificateRecord memory held = registry.certificate(id);
            vm.assertEq(held.word.status, status, "status");
            vm.assertEq(held.word.revision, revision, "revision");
            vm.assertEq(held.renewedBy, renewedBy, "renewedBy");
            vm.assertEq(held.commitment, commitment, "commitment");
        }
    }

    // CERT-6: links go both ways, and a renewed certificate has exactly one successor.
    function invariant_renewals_link_both_ways() external view {
        for (uint256 i = 0; i < _handler.idCount(); ++i) {
            bytes32 id = _handler.ids(i);
            CertificateRecord memory held = registry.certificate(id);
            vm.assertEq(held.word.status == CertificateStatus.RENEWED, held.renewedBy != 0, "renewed has a successor");
            if (held.renewedBy != 0) vm.assertEq(registry.certificate(held.renewedBy).previous, id, "and back");
            if (held.previous != 0) vm.assertEq(registry.certificate(held.previous).renewedBy, id, "previous");
        }
    }

    // CERT-10
    function invariant_recorded_inspections_stay_recorded() external view {
        for (uint256 i = 0; i < _handler.digestCount(); ++i) {
            vm.assertTrue(registry.isInspectionRecorded(_handler.digests(i)), "recorded");
        }
    }
}
