// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ContractReleases} from "../../src/ContractReleases.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {ContractRelease, ReleaseStatus} from "../../src/types/ReleaseTypes.sol";
import {ReleaseHandler} from "./ReleaseHandler.sol";
import {vm} from "../support/Vm.sol";

/// docs/specs/contract-release.md, whatever operators do in whatever order.
contract ReleasesInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ContractReleases private constant RELEASES = ContractReleases(Predeploys.CONTRACT_RELEASES);
    ReleaseHandler private _handler;

    function setUp() public {
        _handler = new ReleaseHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selected) {
        selected = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = ReleaseHandler.proposeNext.selector;
        selectors[1] = ReleaseHandler.step.selector;
        selectors[2] = ReleaseHandler.deployOne.selector;
        selected[0] = FuzzSelector(address(_handler), selectors);
    }

    // RELEASE-2, RELEASE-4
    function invariant_nothing_is_deployed_or_released_by_one_person() external view {
        for (uint256 i = 0; i < _handler.idCount(); ++i) {
            ContractRelease memory entry = RELEASES.contractRelease(_handler.ids(i));
            bool stands = entry.deployed.code.length != 0;
            vm.assertEq(stands, entry.deployment.operator != address(0), "what stands there was deployed");
            if (stands) {
                vm.assertEq(entry.deployed.codehash, entry.runtimeCodeHash, "and is what was reviewed");
                vm.assertTrue(entry.review.operator != address(0), "a review");
                vm.assertTrue(entry.review.operator != entry.proposal.operator, "by another");
            }
            if (entry.release.operator != address(0)) {
                vm.assertTrue(stands, "released is deployed");
                vm.assertTrue(entry.release.operator != entry.proposal.operator, "released by another");
            }
            bool released = entry.status == ReleaseStatus.RELEASED;
            vm.assertEq(RELEASES.isReleased(entry.deployed), released, "what the registry says of the address");
        }
    }
}
