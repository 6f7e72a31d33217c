// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DigitalAsset} from "../../src/sharing/DigitalAsset.sol";
import {UseRight} from "../../src/types/SharingTypes.sol";
import {vm} from "../support/Vm.sol";
import {AssetHandler} from "./AssetHandler.sol";

/// docs/specs/sharing.md, whatever owners and holders do in whatever order.
contract AssetsInvariants {
    AssetHandler private _handler;

    function setUp() public {
        vm.warp(1_767_225_600);
        _handler = new AssetHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    // M-APP, SHARE-15
    function invariant_an_asset_has_the_one_owner_that_accepted_it() external view {
        vm.assertEq(_handler.asset().owner(), _handler.expectedOwner(), "owner");
        vm.assertTrue(_handler.asset().owner() != address(0), "somebody");
    }

    // M-APP, SHARE-16
    function invariant_what_expired_or_was_withdrawn_has_no_effect() external view {
        DigitalAsset asset = _handler.asset();
        vm.assertFalse(_handler.usedWithoutEffect(), "asked by a right without effect");
        for (uint64 right = 1; right <= asset.rightCount(); ++right) {
            UseRight memory given = asset.rightAt(right);
            bool counts = given.withdrawnAt == 0 && block.timestamp <= given.validUntil;
            vm.assertEq(asset.isEffective(right), counts, "effect");
        }
        for (uint64 id = 1; id <= asset.requestCount(); ++id) {
            vm.assertEq(asset.grants(id) != 0, _handler.isGranted(id), "a grant stands where it is granted");
            if (asset.grants(id) == 0) continue;
            UseRight memory by = asset.rightAt(asset.requestAt(id).right);
            uint64 until = _handler.grantedUntil(id);
            vm.assertEq(by.withdrawnAt, 0, "no grant is left of a right that was withdrawn");
            vm.assertTrue(until != 0 && until <= by.validUntil, "and none outlives its right");
        }
    }

    /// The handler is not idle: everything that the campaign is about happens in it.
    function test_the_handler_transfers_gives_grants_and_withdraws() external {
        DigitalAsset asset = _handler.asset();
        _handler.offer(0, 1);
        _handler.accept(1);
        vm.assertEq(asset.owner(), _handler.party(1), "transferred");
        _handler.give(0, 2, 400);
        _handler.ask(0, 0);
        _handler.grant(0, 10);
        vm.assertTrue(asset.grants(1) != 0, "granted");
        _handler.withdraw(0, 0);
        vm.assertEq(asset.grants(1), bytes32(0), "withdrawn");
    }
}
