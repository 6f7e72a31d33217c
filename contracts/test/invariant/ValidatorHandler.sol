// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Consortium} from "../support/Consortium.sol";
import {vm} from "../support/Vm.sol";

/// Organizations that propose and vote at random, among seven candidates.
contract ValidatorHandler is Consortium {
    uint256 private constant CANDIDATES = 7;
    bytes[] private _keys;
    bytes[] private _proofs;

    function prepare() external {
        for (uint256 i = 0; i < CANDIDATES; ++i) {
            _keys.push(bls.key(_secret(i)));
            _proofs.push(bls.possession(_secret(i)));
        }
    }

    function add(uint8 by, uint8 pick) external {
        uint256 index = pick % CANDIDATES;
        vm.prank(_voter(by % CANDIDATES));
        try members.proposeAddition(
            _organization(index), _peerKey(index), _keys[index], _proofs[index], _voter(index)
        ) {}
            catch {}
    }

    function remove(uint8 by, uint8 pick) external {
        vm.prank(_voter(by % CANDIDATES));
        try members.proposeRemoval(_peerKey(pick % CANDIDATES)) {} catch {}
    }

    function vote(uint8 by, uint256 id) external {
        uint256 count = members.proposalCount();
        if (count == 0) return;
        vm.prank(_voter(by % CANDIDATES));
        try members.vote(count - 1 - id % (count < 4 ? count : 4)) {} catch {}
    }

    function settle(uint256 id) external {
        uint256 count = members.proposalCount();
        if (count == 0) return;
        try members.settle(id % count) {} catch {}
    }

    function wait(uint32 time) external {
        vm.warp(block.timestamp + time % 4 days);
    }
}
