// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DecideChange, ProposeChange, ProposedChange} from "../types/ChangeTypes.sol";

/// Changes of the configuration that two operators make together (M-CON-3; `docs/specs/access.md`). It counts signatures of people, as {IContractReleases} does,
/// and keeps which kinds of changes need them.
interface IChangeApprovals {
    /// @param content the change's text, whose `keccak256` was signed.
    event ChangeProposed(
        bytes32 indexed change,
        uint8 indexed kind,
        address indexed proposer,
        ProposeChange operation,
        bytes signature,
        bytes content
    );
    event ChangeDecided(
        bytes32 indexed change, uint8 indexed status, address indexed operator, DecideChange operation, bytes signature
    );
    event ChangeApplied(bytes32 indexed change, address indexed by);

    /// Choose one of the kinds.
    error KindUnknown(uint8 kind);
    /// There is such a proposal: choose another salt.
    error AlreadyProposed(bytes32 change);
    /// Send the text whose hash was signed.
    error ContentMismatch(bytes32 expected, bytes32 actual);
    /// Send a text of 1 to `maximum` bytes.
    error ContentLength(uint256 length, uint256 maximum);
    /// Let it expire later than now and not after `latest`.
    error ExpiryOutOfBounds(uint64 expiresAt, uint256 latest);
    /// Withdraw some: an operator has at most `maximum` open proposals.
    error TooManyOpen(address proposer, uint256 maximum);
    /// Check the name.
    error ChangeUnknown(bytes32 change);
    /// Read it again: from this status it does not become that.
    error ChangeTransition(uint8 from, uint8 to);
    /// Propose it again: its time has ended.
    error ChangeExpired(uint64 expiresAt, uint256 time);
    /// Say why, in at most `maximum` bytes.
    error ReasonLength(uint256 length, uint256 maximum);
    /// Another operator has to do it.
    error SecondOperatorRequired(address proposer);
    /// Propose it again: who has proposed or approved it is no operator any more.
    error NoLongerOperator(address account);
    /// Sign it again with a later deadline.
    error OperationExpired(uint64 deadline, uint256 time);
    /// Sign it again with an earlier deadline.
    error DeadlineTooLate(uint64 deadline, uint256 latest);
    /// The account has to have the role 3 of the access manager, without a delay.
    error NotContractOperator(address account);
    /// The account has to have the role 1 of the access manager, without a delay.
    error NotOperator(address account);
    /// Sign the digest with the key of this account.
    error SignatureInvalid(address signer, bytes32 digest);

    /// Proposes a change. Sent by anybody, signed by an operator.
    function propose(
        ProposeChange calldata operation,
        address proposer,
        bytes calldata signature,
        bytes calldata content
    ) external returns (bytes32 change);

    /// Approves, rejects or withdraws a change. Sent by anybody, signed by an operator; who has proposed it neither approves nor rejects.
    function decide(DecideChange calldata operation, address operator, bytes calldata signature) external;

    /// Says that an approved change was applied: it counts once, and only while both who proposed and who approved it are operators. Operator of organizations and formats.
    function markApplied(bytes32 change) external;

    /// Which kinds of changes need two operators: bit `1 << kind`. From the genesis on.
    function requirement() external view returns (uint8);

    /// A change; `status` is zero when there is none.
    function proposedChange(bytes32 change) external view returns (ProposedChange memory);

    /// Whether a change may be applied now: in time, and as long as both who proposed and who approved it are operators.
    function isApproved(bytes32 change) external view returns (bool);

    /// How many were proposed.
    function changeCount() external view returns (uint256);

    /// Names of changes in the order of their proposals, at most 100.
    function changes(uint256 offset, uint256 limit) external view returns (bytes32[] memory);

    /// Open proposals of an operator.
    function openOf(address proposer) external view returns (uint256);

    /// What an operator signs, and the name of the change.
    function proposeChangeDigest(ProposeChange calldata operation) external view returns (bytes32);

    /// What an operator signs.
    function decideChangeDigest(DecideChange calldata operation) external view returns (bytes32);
}
