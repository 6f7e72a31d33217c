// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeApprovals} from "../../src/ChangeApprovals.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {ApprovalStatus, ProposedChange} from "../../src/types/ChangeTypes.sol";
import {ChangeHandler} from "./ChangeHandler.sol";
import {vm} from "../support/Vm.sol";

/// docs/specs/access.md, "Two operators", whatever operators do in whatever order.
contract ChangesInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ChangeApprovals private constant APPROVALS = ChangeApprovals(Predeploys.CHANGE_APPROVALS);
    ChangeHandler private _handler;

    function setUp() public {
        _handler = new ChangeHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selected) {
        selected = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = ChangeHandler.proposeNext.selector;
        selectors[1] = ChangeHandler.decideOne.selector;
        selectors[2] = ChangeHandler.applyOne.selector;
        selectors[3] = ChangeHandler.pass.selector;
        selected[0] = FuzzSelector(address(_handler), selectors);
    }

    // CHANGE-2, CHANGE-4, CHANGE-5
    function invariant_nothing_takes_effect_by_one_person_or_after_its_time() external view {
        uint256 open = 0;
        for (uint256 i = 0; i < _handler.idCount(); ++i) {
            bytes32 change = _handler.ids(i);
            ProposedChange memory entry = APPROVALS.proposedChange(change);
            if (entry.status == ApprovalStatus.PROPOSED) ++open;
            bool decided = entry.decision.operator != address(0);
            if (decided) {
                vm.assertTrue(entry.decision.operator != entry.proposal.operator, "by another");
            }
            bool applied = entry.application.operator != address(0);
            vm.assertEq(applied, entry.status == ApprovalStatus.APPLIED, "applied is the last step");
            if (applied) {
                vm.assertTrue(decided, "approved before");
                vm.assertTrue(entry.decision.time <= entry.application.time, "in this order");
                vm.assertTrue(entry.application.time <= entry.expiresAt, "in time");
            }
            if (entry.status == ApprovalStatus.APPROVED || applied) {
                vm.assertTrue(entry.decision.time <= entry.expiresAt, "approved in time");
            }
            if (APPROVALS.isApproved(change)) {
                vm.assertEq(entry.status, ApprovalStatus.APPROVED, "counts once");
            }
        }
        uint256 counted = 0;
        for (uint256 operator = 0; operator < 3; ++operator) {
            counted += APPROVALS.openOf(vm.addr([0x1556, 0x1557, 0x1558][operator]));
        }
        vm.assertEq(counted, open, "open proposals are counted");
    }
}
