// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ChangeApprovals} from "../src/ChangeApprovals.sol";
import {IChangeApprovals} from "../src/interfaces/IChangeApprovals.sol";
import {Roles} from "../src/libraries/Roles.sol";
import {ApprovalStatus, ChangeKind, DecideChange, ProposeChange, ProposedChange} from "../src/types/ChangeTypes.sol";
import {ChangeScene} from "./support/ChangeScene.sol";
import {vm} from "./support/Vm.sol";

/// docs/specs/access.md, "Two operators"
contract ChangeApprovalsTest is ChangeScene {
    uint256 private immutable FIRST = FIRST_OPERATOR_KEY;
    uint256 private immutable SECOND = SECOND_OPERATOR_KEY;

    // CHANGE-1..5, M-CON-3
    function test_a_change_is_proposed_approved_by_another_and_applied_once() public {
        ProposeChange memory operation = _proposalOf(1);
        bytes32 change = _proposeChange(operation, FIRST);
        vm.assertEq(change, approvals.proposeChangeDigest(operation), "the digest is the name");
        vm.assertFalse(approvals.isApproved(change), "not yet");
        vm.expectRevert(
            abi.encodeWithSelector(
                IChangeApprovals.ChangeTransition.selector, ApprovalStatus.PROPOSED, ApprovalStatus.APPLIED
            )
        );
        this.applyIt(change);
        _decide(change, ApprovalStatus.APPROVED, SECOND);
        vm.assertTrue(approvals.isApproved(change), "approved");
        _apply(change);

        ProposedChange memory entry = approvals.proposedChange(change);
        vm.assertEq(entry.status, ApprovalStatus.APPLIED, "status");
        vm.assertEq(entry.kind, ChangeKind.SERVICES, "kind");
        vm.assertEq(entry.proposal.operator, vm.addr(FIRST), "proposer");
        vm.assertEq(entry.decision.operator, vm.addr(SECOND), "approver");
        vm.assertEq(entry.application.operator, OPERATOR, "applier");
        vm.assertEq(entry.changeHash, keccak256(CONTENT), "of exactly that change");
        vm.assertFalse(approvals.isApproved(change), "it counts once");
        vm.expectRevert(
            abi.encodeWithSelector(
                IChangeApprovals.ChangeTransition.selector, ApprovalStatus.APPLIED, ApprovalStatus.APPLIED
            )
        );
        this.applyIt(change);
    }

    // CHANGE-2: two persons.
    function test_whoever_proposes_neither_approves_nor_rejects_and_may_withdraw() public {
        bytes32 change = _proposeChange(_proposalOf(1), FIRST);
        for (uint8 status = ApprovalStatus.APPROVED; status <= ApprovalStatus.REJECTED; ++status) {
            vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.SecondOperatorRequired.selector, vm.addr(FIRST)));
            this.decideAs(change, status, FIRST);
        }
        _decide(change, ApprovalStatus.WITHDRAWN, FIRST);
        vm.expectPartialRevert(IChangeApprovals.ChangeTransition.selector);
        this.decideAs(change, ApprovalStatus.APPROVED, SECOND);
    }

    // CHANGE-4: an approval ends, and so does a proposal.
    function test_what_has_expired_is_neither_approved_nor_applied() public {
        ProposeChange memory operation = _proposalOf(1);
        bytes32 late = _proposeChange(operation, FIRST);
        operation.salt = "2";
        bytes32 approved = _proposeChange(operation, FIRST);
        _decide(approved, ApprovalStatus.APPROVED, SECOND);
        vm.warp(operation.expiresAt);
        vm.assertTrue(approvals.isApproved(approved), "in its last second");
        vm.warp(operation.expiresAt + 1);
        vm.assertFalse(approvals.isApproved(approved), "after it");
        vm.expectPartialRevert(IChangeApprovals.ChangeExpired.selector);
        this.decideAs(late, ApprovalStatus.APPROVED, SECOND);
        vm.expectPartialRevert(IChangeApprovals.ChangeExpired.selector);
        this.applyIt(approved);
        // It is taken out of the way.
        _decide(late, ApprovalStatus.WITHDRAWN, FIRST);
        vm.assertEq(approvals.openOf(vm.addr(FIRST)), 0, "none open");
    }

    // CHANGE-3: an approval is of exactly that text, on this chain.
    function test_what_was_signed_is_what_is_recorded() public {
        ProposeChange memory operation = _proposalOf(1);
        bytes memory signature = _signature(FIRST, approvals.proposeChangeDigest(operation));
        vm.expectPartialRevert(IChangeApprovals.ContentMismatch.selector);
        approvals.propose(operation, vm.addr(FIRST), signature, "{}");
        operation.changeHash = keccak256("{}");
        vm.expectPartialRevert(IChangeApprovals.SignatureInvalid.selector);
        approvals.propose(operation, vm.addr(FIRST), signature, "{}");
        operation = _proposalOf(1);
        operation.kind = ChangeKind.QUOTAS;
        vm.expectPartialRevert(IChangeApprovals.SignatureInvalid.selector);
        approvals.propose(operation, vm.addr(FIRST), signature, CONTENT);

        bytes32 one = _proposeChange(_proposalOf(1), FIRST);
        bytes32 other = _proposeChange(_proposalOf(2), FIRST);
        DecideChange memory decision = _decision(one, ApprovalStatus.APPROVED);
        bytes memory approval = _signature(SECOND, approvals.decideChangeDigest(decision));
        decision.change = other;
        vm.expectPartialRevert(IChangeApprovals.SignatureInvalid.selector);
        approvals.decide(decision, vm.addr(SECOND), approval);
    }

    // CHANGE-1: keys of people alone, as long as they are operators.
    function test_only_operators_sign_and_a_dismissed_ones_change_ends() public {
        ProposeChange memory operation = _proposalOf(1);
        vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NotContractOperator.selector, STRANGER));
        this.proposeAs(operation, STRANGER_KEY);
        bytes32 change = _proposeChange(operation, FIRST);
        vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NotContractOperator.selector, STRANGER));
        this.decideAs(change, ApprovalStatus.APPROVED, STRANGER_KEY);

        _decide(change, ApprovalStatus.APPROVED, SECOND);
        _dismiss(SECOND);
        vm.assertFalse(approvals.isApproved(change), "its approver was dismissed");
        vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NoLongerOperator.selector, vm.addr(SECOND)));
        this.applyIt(change);

        bytes32 later = _proposeChange(_proposalOf(2), FIRST);
        _dismiss(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NoLongerOperator.selector, vm.addr(FIRST)));
        this.decideAs(later, ApprovalStatus.APPROVED, THIRD_OPERATOR_KEY);
    }

    // CHANGE-1: whichever of the two is dismissed after the approval, the change does not take effect; whoever is appointed again counts again.
    function test_an_approved_change_ends_with_either_of_its_operators() public {
        uint256[2] memory both = [FIRST, SECOND];
        for (uint256 i = 0; i < both.length; ++i) {
            bytes32 change = _proposeChange(_proposalOf(i + 1), FIRST);
            _decide(change, ApprovalStatus.APPROVED, SECOND);
            vm.assertTrue(approvals.isApproved(change), "both are operators");
            _dismiss(both[i]);
            vm.assertFalse(approvals.isApproved(change), "one is no operator any more");
            vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NoLongerOperator.selector, vm.addr(both[i])));
            this.applyIt(change);
            vm.assertEq(approvals.proposedChange(change).status, ApprovalStatus.APPROVED, "nothing was written");
            _appoint(both[i], 0);
            vm.assertTrue(approvals.isApproved(change), "appointed again");
            _apply(change);
        }
    }

    // CHANGE-1: whoever has the role only after a delay does not have it here, also not for what was approved before.
    function test_an_operator_who_was_given_a_delay_takes_the_change_along() public {
        uint256[2] memory both = [FIRST, SECOND];
        for (uint256 i = 0; i < both.length; ++i) {
            bytes32 change = _proposeChange(_proposalOf(i + 1), FIRST);
            _decide(change, ApprovalStatus.APPROVED, SECOND);
            _appoint(both[i], 1 hours);
            vm.assertFalse(approvals.isApproved(change), "delayed");
            vm.expectRevert(abi.encodeWithSelector(IChangeApprovals.NoLongerOperator.selector, vm.addr(both[i])));
            this.applyIt(change);
            _dismiss(both[i]);
            _appoint(both[i], 0);
        }
    }

    // CHANGE-5
    function testFuzz_steps_follow_one_another(uint8 from, uint8 to) public {
        from = from % 6;
        to = to % 7;
        bytes32 change = _at(from);
        bool allowed = from == ApprovalStatus.PROPOSED
            ? (to >= ApprovalStatus.APPROVED && to <= ApprovalStatus.WITHDRAWN)
            : (from == ApprovalStatus.APPROVED && to == ApprovalStatus.WITHDRAWN);
        try this.decideAs(change, to, SECOND) {
            vm.assertTrue(allowed, "refused");
        } catch (bytes memory reason) {
            vm.assertFalse(allowed, "allowed");
            bytes4 expected = from == ApprovalStatus.UNKNOWN
                ? IChangeApprovals.ChangeUnknown.selector
                : IChangeApprovals.ChangeTransition.selector;
            vm.assertEq(bytes32(bytes4(reason)), bytes32(expected), "refusal");
        }
    }

    function test_bounds() public {
        ProposeChange memory operation = _proposalOf(1);
        operation.kind = ChangeKind.COUNT;
        _refuse(operation, IChangeApprovals.KindUnknown.selector);
        operation = _proposalOf(1);
        operation.expiresAt = uint64(block.timestamp);
        _refuse(operation, IChangeApprovals.ExpiryOutOfBounds.selector);
        operation.expiresAt = uint64(block.timestamp) + 30 days + 1;
        _refuse(operation, IChangeApprovals.ExpiryOutOfBounds.selector);
        operation = _proposalOf(1);
        operation.deadline = uint64(block.timestamp) - 1;
        _refuse(operation, IChangeApprovals.OperationExpired.selector);
        operation.deadline = uint64(block.timestamp) + 1 days + 1;
        _refuse(operation, IChangeApprovals.DeadlineTooLate.selector);
        vm.expectPartialRevert(IChangeApprovals.ContentLength.selector);
        approvals.propose(_proposalOf(1), vm.addr(FIRST), "", "");
        vm.expectPartialRevert(IChangeApprovals.ContentLength.selector);
        approvals.propose(_proposalOf(1), vm.addr(FIRST), "", new bytes(131_073));

        for (uint256 salt = 1; salt <= 16; ++salt) {
            _proposeChange(_proposalOf(salt), FIRST);
        }
        vm.assertEq(approvals.openOf(vm.addr(FIRST)), 16, "open");
        _refuse(_proposalOf(17), IChangeApprovals.TooManyOpen.selector);
        _proposeChange(_proposalOf(17), SECOND);
        vm.expectPartialRevert(IChangeApprovals.AlreadyProposed.selector);
        this.proposeAs(_proposalOf(17), SECOND);
        vm.assertEq(approvals.changeCount(), 17, "count");
        vm.assertEq(approvals.changes(16, 100).length, 1, "page");

        bytes32 change = approvals.changes(0, 1)[0];
        DecideChange memory decision = DecideChange(change, ApprovalStatus.REJECTED, "", uint64(block.timestamp) + 600);
        bytes memory signature = _signature(SECOND, approvals.decideChangeDigest(decision));
        vm.expectPartialRevert(IChangeApprovals.ReasonLength.selector);
        approvals.decide(decision, vm.addr(SECOND), signature);
    }

    // Which kinds need two persons stands in the genesis.
    function test_the_requirement_is_of_the_genesis() public {
        vm.assertEq(approvals.requirement(), REQUIREMENT, "requirement");
        vm.assertEq(new ChangeApprovals(manager, 0).requirement(), 0, "one person");
        vm.assertEq(new ChangeApprovals(manager, 63).requirement(), 63, "two for all");
        vm.expectPartialRevert(IChangeApprovals.KindUnknown.selector);
        new ChangeApprovals(manager, 64);
    }

    // CHANGE-1, CHANGE-3: what is signed here is what Rust signs, and viem.
    function test_steps_hash_as_the_vectors_say() public {
        string memory json = vm.readFile("../crates/primitives/vectors/changes.json");
        uint256 count = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, _vector(i, "")); ++i) {
            vm.chainId(vm.parseJsonUint(json, _vector(i, ".chainId")));
            bytes32 digest = vm.parseJsonBytes32(json, _vector(i, ".digest"));
            string memory name = vm.parseJsonString(json, _vector(i, ".type"));
            bool proposal = keccak256(bytes(name)) == keccak256("ProposeChange");
            vm.assertEq(proposal ? _proposalDigest(json, i) : _decisionDigest(json, i), digest, name);
            ++count;
        }
        vm.assertEq(count, 4, "every vector");
    }

    function _proposalDigest(string memory json, uint256 i) private view returns (bytes32) {
        return approvals.proposeChangeDigest(
            ProposeChange({
                kind: uint8(vm.parseJsonUint(json, _vector(i, ".message.kind"))),
                changeHash: vm.parseJsonBytes32(json, _vector(i, ".message.changeHash")),
                salt: vm.parseJsonBytes32(json, _vector(i, ".message.salt")),
                expiresAt: uint64(vm.parseJsonUint(json, _vector(i, ".message.expiresAt"))),
                deadline: uint64(vm.parseJsonUint(json, _vector(i, ".message.deadline")))
            })
        );
    }

    function _decisionDigest(string memory json, uint256 i) private view returns (bytes32) {
        return approvals.decideChangeDigest(
            DecideChange({
                change: vm.parseJsonBytes32(json, _vector(i, ".message.change")),
                status: uint8(vm.parseJsonUint(json, _vector(i, ".message.status"))),
                reason: vm.parseJsonString(json, _vector(i, ".message.reason")),
                deadline: uint64(vm.parseJsonUint(json, _vector(i, ".message.deadline")))
            })
        );
    }

    function _vector(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(i), "]", member);
    }

    function proposeAs(ProposeChange memory operation, uint256 key) external {
        _proposeChange(operation, key);
    }

    function decideAs(bytes32 change, uint8 status, uint256 key) external {
        _decide(change, status, key);
    }

    function applyIt(bytes32 change) external {
        _apply(change);
    }

    function _refuse(ProposeChange memory operation, bytes4 reason) private {
        vm.expectPartialRevert(reason);
        this.proposeAs(operation, FIRST);
    }

    function _dismiss(uint256 key) private {
        vm.prank(ADMINISTRATOR);
        manager.revokeRole(Roles.CONTRACT_OPERATOR, vm.addr(key));
    }

    function _appoint(uint256 key, uint32 delay) private {
        vm.prank(ADMINISTRATOR);
        manager.grantRole(Roles.CONTRACT_OPERATOR, vm.addr(key), delay);
    }

    function _at(uint8 status) private returns (bytes32 change) {
        if (status == ApprovalStatus.UNKNOWN) return "unknown";
        change = _proposeChange(_proposalOf(1), FIRST);
        if (status == ApprovalStatus.PROPOSED) return change;
        _decide(change, status == ApprovalStatus.APPLIED ? ApprovalStatus.APPROVED : status, SECOND);
        if (status == ApprovalStatus.APPLIED) _apply(change);
    }
}
