// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {KeyFact, Origin, RightFact} from "../../src/types/TrustTypes.sol";
import {TrustRegistry} from "../../src/trust/TrustRegistry.sol";
import {StateAnchor} from "../support/StateAnchor.sol";
import {TrustCity} from "../support/TrustCity.sol";
import {vm} from "../support/Vm.sol";

/// Gives and takes rights on the main chain, anchors blocks of it, and shows any of them in any order, freezes and votes.
contract TrustHandler is TrustCity {
    /// Whether a fact ever went back within a generation (TRUST-2).
    bool public wentBack;

    constructor() {
        _prepareTrust();
    }

    function registry_() external view returns (TrustRegistry) {
        return trust;
    }

    function anchor_() external view returns (StateAnchor) {
        return anchor;
    }

    function key(uint8 pick) public view returns (address) {
        return pick % 2 == 0 ? ISSUER : STRANGER;
    }

    function authorize(uint8 pick, uint16 length) external {
        uint64 notAfter = length % 3 == 0 ? 0 : uint64(block.timestamp) + length;
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        try organizations.authorizeKey(UNIVERSITY, key(pick), DEGREE, 0, notAfter) {} catch {}
    }

    function retire(uint8 pick, uint16 later) external {
        uint64 revokedAt = later % 2 == 0 ? 0 : uint64(block.timestamp) + 1 + later;
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        try organizations.revokeKey(UNIVERSITY, key(pick), DEGREE, revokedAt, 4) {} catch {}
    }

    function suspend(bool suspended) external {
        vm.prank(OPERATOR);
        if (suspended) {
            try organizations.suspendOrganization(UNIVERSITY) {} catch {}
        } else {
            try organizations.resumeOrganization(UNIVERSITY) {} catch {}
        }
    }

    function grant(bool granted) external {
        vm.prank(OPERATOR);
        if (granted) {
            try organizations.grantRight(UNIVERSITY, DEGREE) {} catch {}
        } else {
            try organizations.revokeRight(UNIVERSITY, DEGREE) {} catch {}
        }
    }

    function anchorBlock() external {
        _anchored();
    }

    function showOrganization(uint8 back) external {
        Origin memory before = trust.organizationFact(UNIVERSITY).origin;
        try trust.showOrganization(_number(back), UNIVERSITY, none) {} catch {}
        _compare(before, trust.organizationFact(UNIVERSITY).origin, 0, 0);
    }

    function showRight(uint8 back, uint8 index) external {
        RightFact memory before = trust.rightFact(UNIVERSITY, DEGREE);
        try trust.showRight(_number(back), UNIVERSITY, DEGREE, index % SHOWN_ENTRIES, none) {} catch {}
        RightFact memory now_ = trust.rightFact(UNIVERSITY, DEGREE);
        _compare(before.origin, now_.origin, before.index, now_.index);
    }

    function showKey(uint8 back, uint8 index) external {
        KeyFact[2] memory before = [_fact(0), _fact(1)];
        try trust.showKey(_number(back), UNIVERSITY, index % SHOWN_ENTRIES, _threePaths()) {} catch {}
        for (uint8 i = 0; i < 2; ++i) {
            _compare(before[i].origin, _fact(i).origin, before[i].index, _fact(i).index);
        }
    }

    /// The usual course: everything from the newest block.
    function showEverything() external {
        uint64 number = _anchored();
        try trust.showOrganization(number, UNIVERSITY, none) {} catch {}
        for (uint64 i = 0; i < SHOWN_ENTRIES; ++i) {
            try trust.showRight(number, UNIVERSITY, DEGREE, i, none) {} catch {}
            try trust.showKey(number, UNIVERSITY, i, _threePaths()) {} catch {}
        }
    }

    function freeze(uint8 seldom) external {
        if (seldom % 8 == 0) anchor.freeze();
    }

    function vote(uint8 seldom) external {
        if (seldom % 4 == 0 || anchor.conflict().first != 0) anchor.trustAnew();
    }

    function wait_(uint16 duration) external {
        vm.warp(block.timestamp + duration % 300);
    }

    function _number(uint8 back) private view returns (uint64) {
        return height - back % 16;
    }

    function _fact(uint8 pick) private view returns (KeyFact memory) {
        return trust.keyFact(key(pick), UNIVERSITY, DEGREE);
    }

    function _compare(Origin memory before, Origin memory now_, uint64 indexBefore, uint64 indexNow) private {
        if (before.generation > now_.generation) wentBack = true;
        if (before.generation != now_.generation) return;
        if (now_.number < before.number || indexNow < indexBefore) wentBack = true;
    }
}
