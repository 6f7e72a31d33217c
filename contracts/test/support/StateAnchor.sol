// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {IFinalityErrors} from "../../src/interfaces/IFinalityErrors.sol";
import {AnchorConflict, AnchorRecord} from "../../src/types/AnchorTypes.sol";
import {vm} from "./Vm.sol";

/// An anchor that follows the chain on which it stands: a block is what was captured of its contracts at that moment, and proofs are looked at by nobody. For tests of
/// what is done with proven words; that words are proven, those of `Anchor` and `TriePath` test, and those between real nodes.
contract StateAnchor {
    struct Word {
        bool isKnown;
        uint256 value;
    }

    uint32 public generation;
    uint64 public latest;
    AnchorConflict private _conflict;
    mapping(uint32 generation => mapping(uint64 number => AnchorRecord)) private _records;
    mapping(uint64 number => mapping(address account => mapping(uint256 slot => Word))) private _words;

    function keep(uint64 number, uint64 time) external {
        AnchorRecord storage kept = _records[generation][number];
        (kept.hash, kept.timestamp) = (keccak256(abi.encode(number)), time);
        if (number > latest) latest = number;
    }

    function capture(uint64 number, address account, bytes32 slot) external {
        _words[number][account][uint256(slot)] = Word(true, uint256(vm.load(account, slot)));
    }

    function freeze() external {
        _conflict = AnchorConflict(1, "first", "second");
    }

    function trustAnew() external {
        delete _conflict;
        ++generation;
    }

    function conflict() external view returns (AnchorConflict memory) {
        return _conflict;
    }

    function record(uint64 number) external view returns (AnchorRecord memory found) {
        _checkNotFrozen();
        found = _records[generation][number];
        if (found.hash == 0) revert IAnchor.NotAnchored(number);
    }

    function storageAt(uint64 number, address account, uint256 slot, bytes[] calldata) external view returns (uint256) {
        _checkNotFrozen();
        Word memory found = _words[number][account][slot];
        if (!found.isKnown) revert IFinalityErrors.StorageNotProven(account, slot);
        return found.value;
    }

    function _checkNotFrozen() private view {
        if (_conflict.first != 0) revert IAnchor.AnchorFrozen(_conflict.number, _conflict.first, _conflict.second);
    }
}
