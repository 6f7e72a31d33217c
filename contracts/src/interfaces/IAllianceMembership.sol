// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AllianceState, Ballot, Member} from "../types/MembershipTypes.sol";

/// Who is of an alliance (`docs/specs/alliance.md`, "Establishing"; A-EST).
interface IAllianceMembership {
    event Proposed(bytes32 indexed purpose, uint64 acceptUntil);
    event Accepted(bytes32 indexed member);
    event Activated();
    /// Its weights are those of the requirement now.
    event Admitted(bytes32 indexed member, address authority, uint256 requirement);
    event Voted(bytes32 indexed member, uint64 indexed membership, Ballot ballot);
    event Removed(bytes32 indexed member);
    event Left(bytes32 indexed member);
    event Dissolved();

    /// Give requirements that belong together.
    error RequirementsDiffer();
    /// The requirement is for another purpose, or does not name all members.
    error RequirementMismatch(uint256 requirement);
    /// Give an anchor that follows this chain, and none for a chain without finality certificates.
    error AnchorMismatch(bytes32 member, address anchor);
    /// The name stands for another chain or node contract, or these for another name.
    error NameTaken(bytes32 member);
    /// Ask for a member of the alliance.
    error NotAMember(bytes32 member);
    /// Only the member's authority may do this.
    error NotTheAuthority(bytes32 member, address account);
    /// The alliance is not in the state in which this is done.
    error StateMismatch(AllianceState state);
    /// Accepting was possible until then: propose another alliance.
    error AcceptingOver(uint64 acceptUntil);
    /// The members may accept until then.
    error AcceptingOpen(uint64 acceptUntil);
    /// The member has accepted, or voted for this, already.
    error AlreadyDone(bytes32 member);
    /// Leave what the kind of ballot does not need at zero.
    error BallotMalformed();
    /// An alliance has at most 16 members.
    error AllianceFull();

    /// Agrees to the members, their policies and their anchors. The last one makes the alliance active. Its authority.
    function accept(bytes32 member) external;

    /// Ends a proposal whose time is over. Anybody.
    function lapse() external;

    /// Votes, and carries out what more than two thirds of the members have voted for, in this membership and within 14 days. A member's
    /// authority.
    function vote(bytes32 member, Ballot calldata ballot) external;

    /// Leaves. Requests that were sequenced before go on to their decision. Its authority.
    function leave(bytes32 member) external;

    function state() external view returns (AllianceState);

    /// What the alliance is for.
    function purpose() external view returns (bytes32);

    /// Last second in which members accept.
    function acceptUntil() external view returns (uint64);

    /// How often the membership has changed.
    function membership() external view returns (uint64);

    /// Names of the members now.
    function members() external view returns (bytes32[] memory);

    /// A member, or one that was.
    function memberRecord(bytes32 name) external view returns (Member memory);

    /// Whether a member's outcomes are attested rather than proven: what that costs, the specification says ("Foreign chains").
    function isForeign(bytes32 name) external view returns (bool);

    /// What a node weighs for a member; zero for a stranger.
    function weightOf(bytes32 name, bytes32 node) external view returns (uint256);

    /// The sum of a member's weights.
    function totalWeight(bytes32 name) external view returns (uint256);

    /// Members that have voted for this in this membership and time.
    function votes(Ballot calldata ballot) external view returns (bytes32[] memory);
}
