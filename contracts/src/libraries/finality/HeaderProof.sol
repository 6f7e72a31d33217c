// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";
import {FinalHeader, ProvenAccount} from "../../types/FinalityTypes.sol";
import {PathEnd, TriePath} from "./TriePath.sol";

/// Proves what a header commits to (FINALITY-9). It is worth what the header is: take one from
/// `FinalityCertificate.verifyFinality`. Trie nodes come root first, as `eth_getProof` and proof bundles have them.
library HeaderProof {
    using RLP for Memory.Slice;

    /// Most nodes in one trie proof: a key of 32 bytes has 64 nibbles, and the root.
    uint256 internal constant MAX_PROOF_NODES = 65;
    /// Longest trie node accepted, in bytes.
    uint256 internal constant MAX_PROOF_NODE_BYTES = 1024 * 1024;
    /// `keccak256("")`: the code hash of an account without code.
    bytes32 private constant NO_CODE = 0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470;

    /// A transaction (EIP-2718 bytes) stands at that index of the block.
    function verifyTransaction(FinalHeader memory header, uint256 index, bytes memory transaction, bytes[] memory proof)
        internal
        pure
    {
        if (!_isIncluded(header.transactionsRoot, index, transaction, proof)) {
            revert IFinalityErrors.TransactionNotIncluded(index, header.hash);
        }
    }

    /// A receipt (EIP-2718 bytes) stands at that index of the block. What its logs mean, the caller reads.
    function verifyReceipt(FinalHeader memory header, uint256 index, bytes memory receipt, bytes[] memory proof)
        internal
        pure
    {
        if (!_isIncluded(header.receiptsRoot, index, receipt, proof)) {
            revert IFinalityErrors.ReceiptNotIncluded(index, header.hash);
        }
    }

    /// An account in the state of the block. One that is proven absent has zeros and the empty hashes.
    function proveAccount(FinalHeader memory header, address account, bytes[] memory proof)
        internal
        pure
        returns (ProvenAccount memory proven)
    {
        bytes32 key = keccak256(bytes.concat(bytes20(account)));
        (PathEnd end, bytes memory value) = _find(header.stateRoot, bytes.concat(key), proof);
        if (end == PathEnd.Unproven) revert IFinalityErrors.AccountNotProven(account, header.hash);
        proven.account = account;
        if (end == PathEnd.Absent) {
            (proven.storageRoot, proven.codeHash) = (TriePath.EMPTY_ROOT, NO_CODE);
            return proven;
        }
        Memory.Slice[] memory members = RLP.decodeList(value);
        proven.nonce = uint64(members[0].readUint256());
        proven.balance = members[1].readUint256();
        proven.storageRoot = members[2].readBytes32();
        proven.codeHash = members[3].readBytes32();
    }

    /// What stands in a slot of a proven account. Zero is proven by absence.
    function proveStorage(ProvenAccount memory account, uint256 slot, bytes[] memory proof)
        internal
        pure
        returns (uint256)
    {
        bytes32 key = keccak256(bytes.concat(bytes32(slot)));
        (PathEnd end, bytes memory value) = _find(account.storageRoot, bytes.concat(key), proof);
        if (end == PathEnd.Unproven) revert IFinalityErrors.StorageNotProven(account.account, slot);
        return end == PathEnd.Absent ? 0 : RLP.decodeUint256(value);
    }

    function _isIncluded(bytes32 root, uint256 index, bytes memory item, bytes[] memory proof)
        private
        pure
        returns (bool)
    {
        (PathEnd end, bytes memory value) = _find(root, RLP.encode(index), proof);
        return end == PathEnd.Value && keccak256(value) == keccak256(item);
    }

    function _find(bytes32 root, bytes memory key, bytes[] memory proof)
        private
        pure
        returns (PathEnd end, bytes memory value)
    {
        if (proof.length > MAX_PROOF_NODES) revert IFinalityErrors.ProofTooLarge(proof.length, MAX_PROOF_NODES);
        for (uint256 i = 0; i < proof.length; ++i) {
            uint256 length = proof[i].length;
            if (length > MAX_PROOF_NODE_BYTES) revert IFinalityErrors.ProofTooLarge(length, MAX_PROOF_NODE_BYTES);
        }
        return TriePath.find(root, key, proof);
    }
}
