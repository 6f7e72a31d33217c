// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DigitalAsset} from "../../src/sharing/DigitalAsset.sol";
import {RequestState} from "../../src/types/SharingTypes.sol";
import {vm} from "../support/Vm.sol";

/// Four parties own, offer, accept, give and withdraw rights, ask and grant, in any order and at any time. Whoever may not is refused, and nothing comes of it.
contract AssetHandler {
    DigitalAsset public immutable asset;
    /// Who owns it by what was accepted.
    address public expectedOwner;
    /// Last second of a grant.
    mapping(uint64 id => uint64) public grantedUntil;
    /// Whether somebody ever asked by a right that had no effect.
    bool public usedWithoutEffect;
    address private _offered;

    constructor() {
        expectedOwner = party(0);
        vm.prank(party(0));
        asset = new DigitalAsset();
        vm.prank(party(0));
        asset.publish(1, "text", 0, 0, 0, 1, "text");
        vm.prank(party(0));
        asset.setAutomatic(true);
    }

    function party(uint8 pick) public pure returns (address) {
        return address(uint160(0xa0 + pick % 4));
    }

    function offer(uint8 by, uint8 to) external {
        address receiver = to % 8 == 7 ? address(0) : party(to);
        vm.prank(party(by));
        try asset.offerOwnership(receiver) {
            _offered = receiver;
        } catch {}
    }

    function accept(uint8 by) external {
        address receiver = party(by);
        vm.prank(receiver);
        try asset.acceptOwnership() {
            if (receiver == _offered) expectedOwner = receiver;
            _offered = address(0);
        } catch {}
    }

    function give(uint8 by, uint8 to, uint16 duration) external {
        vm.prank(by % 2 == 0 ? asset.owner() : party(by));
        try asset.giveRight(party(to), "purpose", uint64(block.timestamp) + duration % 500) {} catch {}
    }

    function withdraw(uint8 by, uint8 pick) external {
        uint64 right = _right(pick);
        vm.prank(by % 2 == 0 ? asset.owner() : party(by));
        try asset.withdrawRight(right) {} catch {}
    }

    function ask(uint8 by, uint8 pick) external {
        uint64 right = _right(pick);
        bool counts = asset.isEffective(right);
        vm.prank(by % 2 == 0 ? asset.rightAt(right).holder : party(by));
        try asset.requestUnder(right, 1, "key") {
            if (!counts) usedWithoutEffect = true;
        } catch {}
    }

    function grant(uint8 pick, uint16 duration) external {
        uint64 id = asset.requestCount() == 0 ? 0 : 1 + pick % asset.requestCount();
        uint64 until = duration % 7 == 0 ? 0 : uint64(block.timestamp) + duration % 500;
        vm.prank(asset.owner());
        try asset.grant(id, "sealed", until) {
            grantedUntil[id] = until;
        } catch {}
    }

    function wait_(uint8 duration) external {
        vm.warp(block.timestamp + duration);
    }

    function isGranted(uint64 id) external view returns (bool) {
        return asset.requestAt(id).state == RequestState.Granted;
    }

    function _right(uint8 pick) private view returns (uint64) {
        uint64 count = asset.rightCount();
        return count == 0 ? 0 : 1 + pick % count;
    }
}
