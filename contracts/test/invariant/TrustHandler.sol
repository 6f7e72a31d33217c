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

    /// The other university issues degrees and has a right beside: what is shown of it says nothing of the university.
    constructor() {
        _prepareTrust();
        vm.prank(OPERATOR);
        organizations.grantRight(OTHER_UNIVERSITY, MARRIAGE);
        vm.prank(OTHER_ADMINISTRATOR);
        organizations.authorizeKey(OTHER_UNIVERSITY, OTHER_ISSUER, MARRIAGE, 0, 0);
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

    function showOrganization(uint8 back, uint8 which) external {
        Origin memory before = trust.organizationFact(UNIVERSITY).origin;
        try trust.showOrganization(_number(back), _code(which), none) {} catch {}
        _compare(before, trust.organizationFact(UNIVERSITY).origin, 0, 0);
    }

    function showRight(uint8 back, uint8 index, uint8 which) external {
        RightFact memory before = trust.rightFact(UNIVERSITY, DEGREE);
        bytes32 right = which % 8 < 6 ? DEGREE : MARRIAGE;
        try trust.showRight(_number(back), _code(which), right, index % SHOWN_ENTRIES, none) {} catch {}
        RightFact memory now_ = trust.rightFact(UNIVERSITY, DEGREE);
        _compare(before.origin, now_.origin, before.index, now_.index);
    }

    function showKey(uint8 back, uint8 index, uint8 which) external {
        KeyFact[2] memory before = [_fact(0), _fact(1)];
        try trust.showKey(_number(back), _code(which), index % SHOWN_ENTRIES, _threePaths()) {} catch {}
        for (uint8 i = 0; i < 2; ++i) {
            _compare(before[i].origin, _fact(i).origin, before[i].index, _fact(i).index);
        }
    }

    /// The usual course: everything from the newest block.
    function showEverything() external {
        uint64 number = _anchored();
        for (uint8 which = 0; which < 2; ++which) {
            bytes32 code = _code(which);
            try trust.showOrganization(number, code, none) {} catch {}
            for (uint64 i = 0; i < SHOWN_ENTRIES; ++i) {
                try trust.showRight(number, code, DEGREE, i, none) {} catch {}
                try trust.showRight(number, code, MARRIAGE, i, none) {} catch {}
                try trust.showKey(number, code, i, _threePaths()) {} catch {}
            }
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

    function _capture(uint64 number) internal override {
        for (uint8 which = 0; which < 2; ++which) {
            _captureOrganization(number, _code(which));
            _captureRight(number, _code(which), DEGREE);
            _captureRight(number, _code(which), MARRIAGE);
        }
    }

    function _code(uint8 which) private pure returns (bytes32) {
        return which % 2 == 0 ? UNIVERSITY : OTHER_UNIVERSITY;
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
