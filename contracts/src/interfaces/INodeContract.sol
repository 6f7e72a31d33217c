// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Entry, Outcome, OutcomeRecord, Part, Read, Reason, RequestState, Write} from "../types/AllianceTypes.sol";

/// A member's side of an alliance (`docs/specs/alliance.md`): keys with versions, reserved for a sequenced request until the alliance's decision is
/// proven. Whoever sends a message changes nothing about its effect.
interface INodeContract {
    event Reserved(uint64 indexed number, bytes32 partHash);
    /// @param expected the version that the request had read, for `Stale`.
    /// @param actual the version that the key has, for `Stale`; the number of the request that holds it, for `Conflict`.
    event Refused(uint64 indexed number, Reason reason, bytes32 key, uint64 expected, uint64 actual);
    event Applied(uint64 indexed number);
    event Released(uint64 indexed number);
    event Written(bytes32 indexed key, uint64 version, bytes32 value);

    /// The alliance has another part, or none, under that number for this member in that block.
    error PartNotSequenced(uint64 number, bytes32 sequenced, bytes32 part);
    /// Try again: at the latest after that request's deadline the key is free or has another version.
    error KeyHeld(bytes32 key, uint64 holder);
    /// There is no reservation of that number.
    error NotReserved(uint64 number, Outcome outcome);
    /// Give the part that was reserved.
    error PartDiffers(bytes32 reserved, bytes32 part);
    /// The alliance has not committed in that block.
    error NotCommitted(uint64 number, RequestState state);
    /// It has to be applied.
    error IsCommitted(uint64 number);
    /// Show a later block: that one is older than the request.
    error RequestNotShown(uint64 number);
    /// Show a block of a time after the deadline: after that one the alliance may still commit.
    error DecisionOpen(uint64 number, uint64 deadline, uint64 time);

    /// What a call would read and change in the state as it is: the suggestion that endorsers compare with.
    function suggest(bytes calldata call) external view returns (Read[] memory reads, Write[] memory writes);

    /// Holds the keys of a part that the alliance has sequenced, or refuses it for ever. Of a number that has an outcome nothing changes.
    /// @param number of the request.
    /// @param anchored number of the alliance chain's block that the proof is about.
    /// @param proof trie nodes of the part's hash in the alliance's storage.
    function reserve(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof)
        external
        returns (Outcome);

    /// Puts a reserved part's writes in force, by proof that the alliance has committed.
    /// @param proof trie nodes of the request's word in the alliance's storage.
    function applyDecision(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof) external;

    /// Gives a reserved part's keys back, by proof that the alliance has aborted or can commit no more (ALLIANCE-4).
    /// @param proof trie nodes of the request's word in the alliance's storage.
    function release(uint64 number, Part calldata part, uint64 anchored, bytes[] calldata proof) external;

    /// What became of a number here.
    function outcome(uint64 number) external view returns (OutcomeRecord memory);

    /// The key because of which a number was refused as stale or in conflict.
    function refusedKey(uint64 number) external view returns (bytes32);

    /// A key as it stands.
    function entry(bytes32 key) external view returns (Entry memory);
}
