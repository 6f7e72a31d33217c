// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Submission} from "../../src/types/AnchorTypes.sol";
import {FinalityProof} from "../../src/types/FinalityTypes.sol";
import {Consortium} from "../support/Consortium.sol";
import {ChainVector, FinalityFile} from "../support/FinalityFile.sol";
import {OneSlotChain} from "../support/OneSlotChain.sol";
import {OpenAnchor} from "../support/OpenAnchor.sol";
import {vm} from "../support/Vm.sol";

/// Anybody shows headers in any order, two of every number among them, with certificates and (to be quick) without; organizations vote at any time.
contract AnchorHandler is Consortium {
    uint256 private constant ORGANIZATIONS = 4;
    uint64 private constant NUMBERS = 6;

    OpenAnchor public anchor;
    bytes private _keys;
    bytes[] private _proofs;

    /// What was taken under a number in a generation.
    mapping(uint32 generation => mapping(uint64 number => bytes32)) public taken;
    /// Whether the anchor ever did what it must not.
    bool public tookTwo;
    bool public tookWhileFrozen;
    bool public thawedByItself;
    bool public fell;

    function prepare() external {
        FinalityFile file = new FinalityFile();
        ChainVector memory chain = file.chain(1);
        _keys = chain.keys;
        anchor = new OpenAnchor(chain.chainId, chain.genesisHash);
        anchor.begin(chain.genesisHeader, _keys);
        // All of number 1: two headers with a quorum, and one without.
        string[3] memory names = ["all of 4 signed", "an epoch, and views of several bytes", "2 of 4 signed"];
        for (uint256 i = 0; i < names.length; ++i) {
            _proofs.push(abi.encode(file.named(names[i]).proof));
        }
    }

    function submit(uint8 pick) external {
        FinalityProof memory proof = abi.decode(_proofs[pick % _proofs.length], (FinalityProof));
        (bool wasFrozen, uint64 latest, uint32 generation) = _standing();
        try anchor.submit(proof, _keys) returns (Submission) {
            if (wasFrozen) tookWhileFrozen = true;
        } catch {}
        _look(wasFrozen, latest, generation);
        _note(1, keccak256(proof.header));
    }

    /// A header whose certificate was verified elsewhere, which a frozen anchor never comes to.
    function keep(uint8 pick, bool fork) external {
        (bool wasFrozen, uint64 latest, uint32 generation) = _standing();
        if (wasFrozen) return;
        uint64 number = 2 + pick % NUMBERS;
        bytes memory header = OneSlotChain.blockWith(number, 1_790_000_000, address(1), 0, fork ? 1 : 2).header;
        anchor.keep(header);
        _look(wasFrozen, latest, generation);
        _note(number, keccak256(header));
    }

    /// @param later from epoch 5 on, of which one of the headers with a certificate is.
    function vote(uint8 by, bool later) external {
        (bool wasFrozen, uint64 latest, uint32 generation) = _standing();
        vm.prank(_voter(by % ORGANIZATIONS));
        try anchor.voteTrust(later ? 5 : 0, _keys) {} catch {}
        _look(wasFrozen, latest, generation);
    }

    function wait_(uint24 duration) external {
        vm.warp(block.timestamp + duration);
    }

    /// The highest number of which anybody has shown a header.
    function highest() external pure returns (uint64) {
        return 1 + NUMBERS;
    }

    function isFrozen() public view returns (bool) {
        return anchor.conflict().first != 0;
    }

    function _standing() private view returns (bool wasFrozen, uint64 latest, uint32 generation) {
        return (isFrozen(), anchor.latest(), anchor.generation());
    }

    function _look(bool wasFrozen, uint64 latest, uint32 generation) private {
        if (anchor.generation() != generation) return;
        if (wasFrozen && !isFrozen()) thawedByItself = true;
        if (anchor.latest() < latest) fell = true;
    }

    function _note(uint64 number, bytes32 shown) private {
        if (isFrozen() || anchor.latest() < number) return;
        uint32 generation = anchor.generation();
        bytes32 before = taken[generation][number];
        try anchor.record(number) {
            bytes32 found = anchor.record(number).hash;
            if (before != 0 && before != found) tookTwo = true;
            if (before == 0 && found == shown) taken[generation][number] = found;
        } catch {}
    }
}
