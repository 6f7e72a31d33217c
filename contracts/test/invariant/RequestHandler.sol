// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Entry, Outcome, Part, Read, RequestState, Write} from "../../src/types/AllianceTypes.sol";
import {Member} from "../support/Member.sol";

/// Requests over four keys, and a relay that shows the node contract anything that is final, in any order. Even numbers commit, odd ones do not.
contract RequestHandler is Member {
    uint256 public constant KEYS = 4;
    uint64 private constant MOST_REQUESTS = 12;

    uint64 public count;
    mapping(uint64 number => Part) private _requested;
    mapping(uint64 number => mapping(uint256 key => bool)) public reads;
    mapping(uint64 number => mapping(uint256 key => bool)) public writes;

    /// Each key is left, read, written or both; versions are those that it has now.
    function sequence(uint8 shape) external {
        if (count == MOST_REQUESTS) return;
        uint64 number = ++count;
        Part storage part = _requested[number];
        (part.member, part.call) = (BANK, "pay");
        for (uint256 i = 0; i < KEYS; ++i) {
            bytes32 key = bytes32(i + 1);
            if (shape >> (2 * i) & 1 == 1) {
                part.reads.push(Read(key, node.entry(key).version));
                reads[number][i] = true;
            }
            if (shape >> (2 * i) & 2 == 2) {
                part.writes.push(Write(key, bytes32(uint256(number))));
                writes[number][i] = true;
            }
        }
    }

    function reserve(uint64 pick) external {
        if (count == 0) return;
        uint64 number = 1 + pick % count;
        (uint64 block_, bytes[] memory proof) = _sequenced(number, _requested[number]);
        try node.reserve(number, _requested[number], block_, proof) {} catch {}
    }

    function applyDecision(uint64 pick, bool isLate) external {
        if (count == 0) return;
        uint64 number = 1 + pick % count;
        (uint64 block_, bytes[] memory proof) = _history(number, isLate);
        try node.applyDecision(number, _requested[number], block_, proof) {} catch {}
    }

    function release(uint64 pick, bool isLate) external {
        if (count == 0) return;
        uint64 number = 1 + pick % count;
        (uint64 block_, bytes[] memory proof) = _history(number, isLate);
        try node.release(number, _requested[number], block_, proof) {} catch {}
    }

    function commits(uint64 number) public pure returns (bool) {
        return number % 2 == 0;
    }

    function outcomeOf(uint64 number) external view returns (Outcome) {
        return node.outcome(number).outcome;
    }

    function entryOf(uint256 key) external view returns (Entry memory) {
        return node.entry(bytes32(key + 1));
    }

    /// A block before the decision, or one after the deadline.
    function _history(uint64 number, bool isLate) private returns (uint64, bytes[] memory) {
        if (!isLate) return _decided(number, RequestState.Sequenced, DEADLINE);
        if (commits(number)) return _decided(number, RequestState.Committed, DEADLINE + 1);
        return _decided(number, number % 3 == 0 ? RequestState.Aborted : RequestState.Sequenced, DEADLINE + 1);
    }
}
