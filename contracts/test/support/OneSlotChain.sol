// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

struct OneSlotBlock {
    bytes header;
    bytes[] account;
    bytes[] slot;
}

/// Blocks whose state is one account with one slot: a trie of one leaf each, so that their proofs can be made here from the definition
/// (yellow paper, appendix D).
library OneSlotChain {
    bytes32 private constant NO_HASH = 0;

    /// @param word zero for an account without storage.
    function blockWith(uint64 number, uint64 time, address account, uint256 slot, uint256 word)
        internal
        pure
        returns (OneSlotBlock memory made)
    {
        bytes32 storageRoot = keccak256(hex"80");
        bytes[] memory path = new bytes[](word == 0 ? 0 : 1);
        if (word != 0) {
            path[0] = _leaf(keccak256(abi.encode(slot)), RLP.encode(word));
            storageRoot = keccak256(path[0]);
        }
        made = blockOver(number, time, account, storageRoot);
        made.slot = path;
    }

    /// The same over storage that was made elsewhere.
    function blockOver(uint64 number, uint64 time, address account, bytes32 storageRoot)
        internal
        pure
        returns (OneSlotBlock memory made)
    {
        bytes[] memory members = new bytes[](4);
        members[0] = RLP.encode(uint256(1));
        members[1] = RLP.encode(uint256(0));
        members[2] = RLP.encode(storageRoot);
        members[3] = RLP.encode(keccak256("code"));
        made.account = new bytes[](1);
        made.account[0] = _leaf(keccak256(abi.encodePacked(account)), RLP.encode(members));
        made.header = _header(number, time, keccak256(made.account[0]));
    }

    /// A leaf with the whole of a key of 32 bytes.
    function _leaf(bytes32 key, bytes memory value) private pure returns (bytes memory) {
        bytes[] memory members = new bytes[](2);
        members[0] = RLP.encode(bytes.concat(hex"20", key));
        members[1] = RLP.encode(value);
        return RLP.encode(members);
    }

    function _header(uint64 number, uint64 time, bytes32 stateRoot) private pure returns (bytes memory) {
        bytes[] memory members = new bytes[](21);
        for (uint256 i = 0; i < 21; ++i) {
            members[i] = RLP.encode(NO_HASH);
        }
        members[2] = RLP.encode(address(0));
        members[3] = RLP.encode(stateRoot);
        members[6] = RLP.encode(new bytes(256));
        members[7] = RLP.encode(uint256(0));
        members[8] = RLP.encode(uint256(number));
        members[9] = RLP.encode(uint256(30_000_000));
        members[10] = RLP.encode(uint256(0));
        members[11] = RLP.encode(uint256(time));
        members[12] = RLP.encode(bytes32(bytes1(0x01)));
        members[14] = RLP.encode(new bytes(8));
        for (uint256 i = 15; i < 19; ++i) {
            if (i != 16) members[i] = RLP.encode(uint256(0));
        }
        return RLP.encode(members);
    }
}
