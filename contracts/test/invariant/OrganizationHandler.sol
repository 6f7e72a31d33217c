// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {City} from "../support/City.sol";
import {vm} from "../support/Vm.sol";

/// Gives and takes rights and keys of one organization over time, and remembers what was allowed when it was asked.
contract OrganizationHandler is City {
    struct Observation {
        address key;
        uint64 time;
        bool authorized;
    }

    Observation[] public observations;
    /// From when on each key was last found compromised; zero for never.
    mapping(address key => uint64) public compromisedFrom;

    function observationCount() external view returns (uint256) {
        return observations.length;
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

    function compromise(uint8 pick, uint16 back) external {
        uint64 from = uint64(block.timestamp) - back % 500;
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        try organizations.revokeKey(UNIVERSITY, key(pick), DEGREE, from, 1) {
            uint64 earlier = compromisedFrom[key(pick)];
            if (earlier == 0 || from < earlier) compromisedFrom[key(pick)] = from;
        } catch {}
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

    /// As when a certificate is recorded: whatever is allowed now has to stay good.
    function observe(uint8 pick) external {
        bool authorized = organizations.isAuthorizedNow(key(pick), UNIVERSITY, DEGREE);
        observations.push(Observation(key(pick), uint64(block.timestamp), authorized));
    }

    function wait_(uint16 duration) external {
        vm.warp(block.timestamp + duration % 300);
    }

    function key(uint8 pick) public view returns (address) {
        return pick % 2 == 0 ? ISSUER : STRANGER;
    }
}
