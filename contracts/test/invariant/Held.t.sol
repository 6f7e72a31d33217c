// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {HeldCertificates} from "../../src/trust/HeldCertificates.sol";
import {CertificateStatus, StatusWord} from "../../src/types/CertificateTypes.sol";
import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";
import {HeldHandler} from "./HeldHandler.sol";

/// Kinds that are held, whatever becomes of the certificates and whatever is shown in whatever order.
contract HeldInvariants is City {
    uint64 private constant AGE = 600;

    HeldHandler private _handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        _handler = new HeldHandler();
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

    /// TRUST-2, TRUST-3, TRUST-5, TRUST-8, TRUST-9: in one campaign, so that it stays cheap.
    /// forge-config: default.invariant.runs = 48
    function invariant_no_proof_takes_away_what_stands_and_none_keeps_a_loss_back() external view {
        vm.assertFalse(_handler.pushedOut(), "a proof of a valid certificate pushed out a newer one");
        vm.assertFalse(_handler.lossRefused(), "the loss of what was shown was refused");
        HeldCertificates held = _handler.held_();
        if (!held.isHeld(HOLDER, DEGREE)) return;
        vm.assertTrue(held.disclosedUntil(HOLDER, DEGREE) >= block.timestamp, "the holder agrees");
        vm.assertEq(_handler.anchor_().conflict().first, bytes32(0), "not frozen");
        vm.assertTrue(_mayCount(0) || _mayCount(1), "held, and both were lost longer than the maximal age ago");
    }

    /// The handler is not idle: everything that the campaign is about happens in it.
    function test_the_handler_shows_both_certificates_and_their_loss() external {
        HeldCertificates held = _handler.held_();
        _handler.showNew(0);
        _handler.showNew(1);
        vm.assertTrue(held.isHeld(HOLDER, DEGREE), "shown");
        _handler.agree(0);
        vm.assertFalse(held.isHeld(HOLDER, DEGREE), "taken back");
        _handler.change(0, 32);
        _handler.change(1, 32);
        _handler.showNew(0);
        _handler.showNew(1);
        _handler.agree(1);
        vm.assertFalse(held.isHeld(HOLDER, DEGREE), "both are lost");
    }

    /// Whether some block that is not older than the maximal age shows it to be valid now.
    function _mayCount(uint8 pick) private view returns (bool) {
        StatusWord memory word = registry.statusOf(_handler.certificateId(pick));
        if (block.timestamp >= word.validUntil) return false;
        return word.status == CertificateStatus.VALID || block.timestamp <= word.changedAt + AGE;
    }
}
