// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IChangeApprovals} from "./interfaces/IChangeApprovals.sol";
import {ChangeOperations} from "./libraries/ChangeOperations.sol";
import {Pages} from "./libraries/Pages.sol";
import {Roles} from "./libraries/Roles.sol";
import {ApprovalStatus, ChangeKind, DecideChange, ProposeChange, ProposedChange} from "./types/ChangeTypes.sol";
import {ReleaseStep} from "./types/ReleaseTypes.sol";

/// Changes that two operators make together; see {IChangeApprovals}.
contract ChangeApprovals is IChangeApprovals, EIP712 {
    using ChangeOperations for ProposeChange;
    using ChangeOperations for DecideChange;

    /// Longest text of a change.
    uint256 public constant MAX_CONTENT_BYTES = 131_072;
    /// Longest reason.
    uint256 public constant MAX_REASON_BYTES = 512;
    /// Longest time from now to a deadline, in seconds.
    uint256 public constant MAX_VALIDITY = 1 days;
    /// Longest time from a proposal to its end, in seconds.
    uint256 public constant MAX_LIFE = 30 days;
    /// Most open proposals of an operator.
    uint256 public constant MAX_OPEN = 16;

    /// @inheritdoc IChangeApprovals
    uint8 public immutable requirement;

    IAccessManager private immutable _authority;

    bytes32[] private _order;
    mapping(bytes32 change => ProposedChange) private _changes;
    mapping(address proposer => uint256) private _open;

    constructor(IAccessManager authority, uint8 requirement_) EIP712("Chancery", "1") {
        if (requirement_ >> ChangeKind.COUNT != 0) revert KindUnknown(ChangeKind.COUNT);
        _authority = authority;
        requirement = requirement_;
    }

    /// @inheritdoc IChangeApprovals
    function propose(
        ProposeChange calldata operation,
        address proposer,
        bytes calldata signature,
        bytes calldata content
    ) external returns (bytes32 change) {
        if (operation.kind >= ChangeKind.COUNT) revert KindUnknown(operation.kind);
        if (content.length == 0 || content.length > MAX_CONTENT_BYTES) {
            revert ContentLength(content.length, MAX_CONTENT_BYTES);
        }
        if (keccak256(content) != operation.changeHash) {
            revert ContentMismatch(operation.changeHash, keccak256(content));
        }
        uint256 latestExpiry = block.timestamp + MAX_LIFE;
        if (operation.expiresAt <= block.timestamp || operation.expiresAt > latestExpiry) {
            revert ExpiryOutOfBounds(operation.expiresAt, latestExpiry);
        }
        change = proposeChangeDigest(operation);
        if (_changes[change].status != ApprovalStatus.UNKNOWN) revert AlreadyProposed(change);
        _checkSigned(operation.deadline, proposer, change, signature);
        if (_open[proposer] >= MAX_OPEN) revert TooManyOpen(proposer, MAX_OPEN);

        ++_open[proposer];
        _order.push(change);
        ProposedChange storage entry = _changes[change];
        entry.kind = operation.kind;
        entry.status = ApprovalStatus.PROPOSED;
        entry.expiresAt = operation.expiresAt;
        entry.proposedBlock = uint64(block.number);
        entry.changeHash = operation.changeHash;
        entry.proposal = _step(proposer);
        emit ChangeProposed(change, operation.kind, proposer, operation, signature, content);
    }

    /// @inheritdoc IChangeApprovals
    function decide(DecideChange calldata operation, address operator, bytes calldata signature) external {
        ProposedChange storage entry = _changes[operation.change];
        _checkDecision(entry, operation, operator, signature);

        if (entry.status == ApprovalStatus.PROPOSED) --_open[entry.proposal.operator];
        entry.status = operation.status;
        if (operation.status == ApprovalStatus.WITHDRAWN) {
            entry.withdrawal = _step(operator);
        } else {
            entry.decision = _step(operator);
        }
        emit ChangeDecided(operation.change, operation.status, operator, operation, signature);
    }

    /// @inheritdoc IChangeApprovals
    function markApplied(bytes32 change) external {
        if (!_has(Roles.OPERATOR, msg.sender)) revert NotOperator(msg.sender);
        ProposedChange storage entry = _changes[change];
        if (entry.status == ApprovalStatus.UNKNOWN) revert ChangeUnknown(change);
        if (entry.status != ApprovalStatus.APPROVED) revert ChangeTransition(entry.status, ApprovalStatus.APPLIED);
        if (block.timestamp > entry.expiresAt) revert ChangeExpired(entry.expiresAt, block.timestamp);
        _checkStillOperator(entry.proposal.operator);
        _checkStillOperator(entry.decision.operator);

        entry.status = ApprovalStatus.APPLIED;
        entry.application = _step(msg.sender);
        emit ChangeApplied(change, msg.sender);
    }

    /// @inheritdoc IChangeApprovals
    function proposedChange(bytes32 change) external view returns (ProposedChange memory) {
        return _changes[change];
    }

    /// @inheritdoc IChangeApprovals
    function isApproved(bytes32 change) external view returns (bool) {
        ProposedChange storage entry = _changes[change];
        return entry.status == ApprovalStatus.APPROVED && block.timestamp <= entry.expiresAt
            && _has(Roles.CONTRACT_OPERATOR, entry.proposal.operator)
            && _has(Roles.CONTRACT_OPERATOR, entry.decision.operator);
    }

    /// @inheritdoc IChangeApprovals
    function changeCount() external view returns (uint256) {
        return _order.length;
    }

    /// @inheritdoc IChangeApprovals
    function changes(uint256 offset, uint256 limit) external view returns (bytes32[] memory page) {
        page = new bytes32[](Pages.rows(_order.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _order[offset + i];
        }
    }

    /// @inheritdoc IChangeApprovals
    function openOf(address proposer) external view returns (uint256) {
        return _open[proposer];
    }

    /// @inheritdoc IChangeApprovals
    function proposeChangeDigest(ProposeChange calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    /// @inheritdoc IChangeApprovals
    function decideChangeDigest(DecideChange calldata operation) public view returns (bytes32) {
        return _hashTypedDataV4(operation.structHash());
    }

    function _checkDecision(
        ProposedChange storage entry,
        DecideChange calldata operation,
        address operator,
        bytes calldata signature
    ) private view {
        uint8 status = operation.status;
        if (entry.status == ApprovalStatus.UNKNOWN) revert ChangeUnknown(operation.change);
        if (!ChangeOperations.isTransition(entry.status, status)) revert ChangeTransition(entry.status, status);
        uint256 length = bytes(operation.reason).length;
        if (length > MAX_REASON_BYTES || (status != ApprovalStatus.APPROVED && length == 0)) {
            revert ReasonLength(length, MAX_REASON_BYTES);
        }
        _checkSigned(operation.deadline, operator, decideChangeDigest(operation), signature);
        address proposer = entry.proposal.operator;
        if (status != ApprovalStatus.WITHDRAWN && operator == proposer) revert SecondOperatorRequired(proposer);
        if (status == ApprovalStatus.APPROVED) {
            if (block.timestamp > entry.expiresAt) revert ChangeExpired(entry.expiresAt, block.timestamp);
            _checkStillOperator(proposer);
        }
    }

    function _checkSigned(uint64 deadline, address signer, bytes32 digest, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert OperationExpired(deadline, block.timestamp);
        uint256 latestDeadline = block.timestamp + MAX_VALIDITY;
        if (deadline > latestDeadline) revert DeadlineTooLate(deadline, latestDeadline);
        if (!_has(Roles.CONTRACT_OPERATOR, signer)) revert NotContractOperator(signer);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }

    /// What a dismissed operator has proposed or approved does not take effect afterwards.
    function _checkStillOperator(address account) private view {
        if (!_has(Roles.CONTRACT_OPERATOR, account)) revert NoLongerOperator(account);
    }

    /// Who has the role only after a delay for every action has none here: steps are taken at once.
    function _has(uint64 role, address account) private view returns (bool) {
        (bool isMember, uint32 delay) = _authority.hasRole(role, account);
        return isMember && delay == 0;
    }

    function _step(address operator) private view returns (ReleaseStep memory) {
        return ReleaseStep(operator, uint64(block.timestamp));
    }
}
