// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Outcome, Part, Read, RequestState, Write} from "../../src/types/AllianceTypes.sol";
import {PartReference, Request} from "../../src/types/RequestTypes.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {AccountsNode} from "../support/AccountsNode.sol";
import {OpenAnchor} from "../support/OpenAnchor.sol";
import {Partnership} from "../support/Partnership.sol";
import {vm} from "../support/Vm.sol";

/// An alliance and the node contracts of two of its members, with a relay as bad as it can be: whatever was once in a final block of one chain may be
/// shown on another, at any time, in any order, as often as it likes, or never. Requests pay from an account of one member into one of the other.
contract ProtocolHandler is Partnership {
    uint64 private constant MOST_REQUESTS = 8;
    uint256 private constant START = 100;
    uint256 private constant ACCOUNTS = 2;

    /// What stood in a slot of a chain's contract in one of its blocks.
    struct Evidence {
        uint256 word;
        uint64 time;
        uint64 anchored;
        bytes[] proof;
    }

    uint64 public count;
    AccountsNode[2] private _nodes;
    OpenAnchor private _allianceAnchor;
    mapping(uint64 number => mapping(uint256 party => bytes part)) private _requested;
    mapping(uint64 number => mapping(uint256 party => Evidence[])) private _sequencedParts;
    mapping(uint64 number => Evidence[]) private _decisions;
    mapping(uint64 number => mapping(uint256 party => Evidence[])) private _outcomes;

    function prepare() external {
        setUp();
        _allianceAnchor = new OpenAnchor(7100, "alliance's genesis");
        for (uint256 party = 0; party < 2; ++party) {
            bytes32 member = _names()[party];
            AccountsNode made = new AccountsNode(IAnchor(address(_allianceAnchor)), address(alliance), member);
            vm.etch(_nodeContract(member), address(made).code);
            _nodes[party] = AccountsNode(_nodeContract(member));
            for (uint256 account = 1; account <= ACCOUNTS; ++account) {
                _nodes[party].deposit(bytes32(account), START);
            }
        }
    }

    /// @param amount paid to the second member if positive, to the first if not; each from and to an account of its own.
    function request(int8 amount, uint8 accounts) external {
        if (count == MOST_REQUESTS) return;
        Request memory made = _request(bytes32(uint256(count) + 1), 2);
        for (uint256 party = 0; party < 2; ++party) {
            bytes32 account = bytes32(1 + (accounts >> party) % ACCOUNTS);
            int256 change = party == 0 ? -int256(amount) : int256(amount);
            if (!_suggest(count + 1, party, abi.encode(account, change))) return;
            made.parts[party] = PartReference(_names()[party], this.hashOfPart(_part(count + 1, party)));
        }
        uint64 number = _submit(made, _endorseAll(made));
        vm.assertEq(uint256(number), uint256(++count), "numbered");
        _observe(number);
    }

    function observe(uint64 pick) external {
        if (count != 0) _observe(1 + pick % count);
    }

    function reserve(uint64 pick, uint8 side, uint8 which) external {
        (bool found, uint64 number, uint256 party) = _pick(pick, side);
        if (!found) return;
        Evidence memory shown = _any(_sequencedParts[number][party], which);
        try _nodes[party].reserve(number, _part(number, party), shown.anchored, shown.proof) {} catch {}
        _observe(number);
    }

    function prove(uint64 pick, uint8 side, uint8 which) external {
        (bool found, uint64 number, uint256 party) = _pick(pick, side);
        if (!found) return;
        Evidence memory shown = _any(_outcomes[number][party], which);
        try alliance.prove(number, party, shown.anchored, shown.proof) {} catch {}
        _observe(number);
    }

    function applyDecision(uint64 pick, uint8 side, uint8 which) external {
        (bool found, uint64 number, uint256 party) = _pick(pick, side);
        if (!found) return;
        Evidence memory shown = _any(_decisions[number], which);
        try _nodes[party].applyDecision(number, _part(number, party), shown.anchored, shown.proof) {} catch {}
        _observe(number);
    }

    function release(uint64 pick, uint8 side, uint8 which) external {
        (bool found, uint64 number, uint256 party) = _pick(pick, side);
        if (!found) return;
        Evidence memory shown = _any(_decisions[number], which);
        try _nodes[party].release(number, _part(number, party), shown.anchored, shown.proof) {} catch {}
        _observe(number);
    }

    function expire(uint64 pick) external {
        if (count == 0) return;
        try alliance.expire(1 + pick % count) {} catch {}
    }

    function wait(uint8 time) external {
        vm.warp(block.timestamp + time % 64);
    }

    /// An honest relay comes by after every deadline.
    function settle() external {
        vm.warp(block.timestamp + 61);
        for (uint64 number = 1; number <= count; ++number) {
            alliance.expire(number);
            _observe(number);
            Evidence[] storage shown = _decisions[number];
            Evidence memory last = shown[shown.length - 1];
            bool commits = alliance.requestAt(number).state == RequestState.Committed;
            for (uint256 party = 0; party < 2; ++party) {
                if (outcomeOf(number, party) != Outcome.Reserved) continue;
                Part memory part = _part(number, party);
                if (commits) _nodes[party].applyDecision(number, part, last.anchored, last.proof);
                else _nodes[party].release(number, part, last.anchored, last.proof);
            }
        }
    }

    function stateOf(uint64 number) external view returns (RequestState) {
        return alliance.requestAt(number).state;
    }

    function outcomeOf(uint64 number, uint256 party) public view returns (Outcome) {
        return _nodes[party].outcome(number).outcome;
    }

    /// What a request adds to a member's accounts.
    function changeOf(uint64 number, uint256 party) external view returns (int256 change) {
        (, change) = abi.decode(_part(number, party).call, (bytes32, int256));
    }

    function money() external view returns (int256 sum) {
        for (uint256 party = 0; party < 2; ++party) {
            for (uint256 account = 1; account <= ACCOUNTS; ++account) {
                sum += int256(uint256(_nodes[party].entry(bytes32(account)).value));
            }
        }
    }

    function isHeld() external view returns (bool held) {
        for (uint256 party = 0; party < 2; ++party) {
            for (uint256 account = 1; account <= ACCOUNTS; ++account) {
                held = held || _nodes[party].entry(bytes32(account)).writer != 0;
                held = held || _nodes[party].entry(bytes32(account)).readers != 0;
            }
        }
    }

    /// A block of each chain is final now: what it shows can be shown for ever.
    function _observe(uint64 number) private {
        _keep(_decisions[number], _allianceAnchor, address(alliance), keccak256(abi.encode(number, 0)));
        for (uint256 party = 0; party < 2; ++party) {
            bytes32 member = _names()[party];
            bytes32 slot = keccak256(abi.encode(member, keccak256(abi.encode(number, 1))));
            _keep(_sequencedParts[number][party], _allianceAnchor, address(alliance), slot);
            _keep(_outcomes[number][party], anchors[member], address(_nodes[party]), keccak256(abi.encode(number, 0)));
        }
    }

    function _suggest(uint64 number, uint256 party, bytes memory call) private returns (bool) {
        try _nodes[party].suggest(call) returns (Read[] memory reads, Write[] memory writes) {
            _requested[number][party] = abi.encode(Part(_names()[party], call, reads, writes));
            return true;
        } catch {
            return false;
        }
    }

    function _part(uint64 number, uint256 party) private view returns (Part memory) {
        return abi.decode(_requested[number][party], (Part));
    }

    function hashOfPart(Part calldata part) external pure returns (bytes32) {
        return AllianceMessages.structHash(part);
    }

    function _keep(Evidence[] storage seen, OpenAnchor anchor, address account, bytes32 slot) private {
        uint256 word = uint256(vm.load(account, slot));
        if (seen.length != 0) {
            Evidence storage last = seen[seen.length - 1];
            if (last.word == word && last.time == block.timestamp) return;
        }
        Evidence storage kept = seen.push();
        (kept.word, kept.time) = (word, uint64(block.timestamp));
        (kept.anchored, kept.proof) = _shownWord(anchor, account, uint256(slot), word);
    }

    function _any(Evidence[] storage seen, uint8 which) private view returns (Evidence memory) {
        // Recent ones more often.
        return seen[seen.length - 1 - (which > 127 ? which % (seen.length < 3 ? seen.length : 3) : which % seen.length)];
    }

    function _pick(uint64 pick, uint8 side) private view returns (bool, uint64, uint256) {
        return count == 0 ? (false, 0, 0) : (true, 1 + pick % count, uint256(side) % 2);
    }
}
