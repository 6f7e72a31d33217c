// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {AllianceMessages} from "../../src/libraries/AllianceMessages.sol";
import {Outcome, Part, Read, RequestState, Write} from "../../src/types/AllianceTypes.sol";
import {AccountsNode} from "./AccountsNode.sol";
import {OneSlotBlock, OneSlotChain} from "./OneSlotChain.sol";
import {OpenAnchor} from "./OpenAnchor.sol";

/// A member with a node contract, and an alliance chain whose blocks show what a test says.
abstract contract Member {
    bytes32 internal constant BANK = "bank";
    address internal constant ALLIANCE = address(0xa111a);
    uint64 internal constant DEADLINE = 110;

    OpenAnchor internal anchor = new OpenAnchor(7100, "genesis");
    AccountsNode internal node = new AccountsNode(IAnchor(address(anchor)), ALLIANCE, BANK);
    uint64 private _height;

    function hashOf(Part calldata part) external pure returns (bytes32) {
        return AllianceMessages.structHash(part);
    }

    /// The alliance has sequenced that part; the bank is asked to reserve it.
    function _reserve(uint64 number, Part memory part) internal returns (Outcome) {
        (uint64 block_, bytes[] memory proof) = _sequenced(number, part);
        return node.reserve(number, part, block_, proof);
    }

    function _sequenced(uint64 number, Part memory part) internal returns (uint64, bytes[] memory) {
        uint256 slot = uint256(keccak256(abi.encode(BANK, keccak256(abi.encode(number, 1)))));
        return _shown(100, slot, uint256(this.hashOf(part)));
    }

    /// A final block of the alliance chain, of that time, in whose state the request has that state.
    function _decided(uint64 number, RequestState state, uint64 time) internal returns (uint64, bytes[] memory) {
        uint256 word = state == RequestState.Unknown ? 0 : uint256(state) | uint256(DEADLINE) << 8 | 1 << 72;
        return _shown(time, uint256(keccak256(abi.encode(number, 0))), word);
    }

    function _shown(uint64 time, uint256 slot, uint256 word) private returns (uint64, bytes[] memory) {
        OneSlotBlock memory made = OneSlotChain.blockWith(++_height, time, ALLIANCE, slot, word);
        anchor.keep(made.header);
        anchor.proveAccount(_height, ALLIANCE, made.account);
        return (_height, made.slot);
    }

    /// A part that reads a key in a version.
    function _reading(bytes32 key, uint64 version) internal pure returns (Part memory part) {
        part = _empty();
        part.reads = new Read[](1);
        part.reads[0] = Read(key, version);
    }

    /// A part that writes a key.
    function _writing(bytes32 key, uint256 value) internal pure returns (Part memory part) {
        part = _empty();
        part.writes = new Write[](1);
        part.writes[0] = Write(key, bytes32(value));
    }

    /// A part that reads a key in a version and writes it.
    function _changing(bytes32 key, uint64 version, uint256 value) internal pure returns (Part memory part) {
        part = _writing(key, value);
        part.reads = new Read[](1);
        part.reads[0] = Read(key, version);
    }

    function _empty() private pure returns (Part memory part) {
        (part.member, part.call) = (BANK, "pay");
    }
}
