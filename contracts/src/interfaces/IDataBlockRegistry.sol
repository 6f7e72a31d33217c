// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DataBlock, DataOperation} from "../types/DataTypes.sol";

/// Merkle roots of data blocks (D3.7 8.1, M-AUTH): a signed operation is proven to have entered in a block of this chain.
interface IDataBlockRegistry {
    event DataBlockRecorded(
        bytes32 indexed root,
        uint256 indexed index,
        address indexed submitter,
        uint32 operationCount,
        uint64 firstTime,
        uint64 lastTime
    );

    /// Build the tree first.
    error RootZero();
    /// Nothing is to be done: it stands recorded.
    error RootAlreadyRecorded(bytes32 root);
    /// Gather 1 to `maximum` operations.
    error OperationCountMalformed(uint32 operationCount, uint32 maximum);
    /// Give the earliest and the latest time of the operations, neither later than `latestAllowed`.
    error TimesMalformed(uint64 firstTime, uint64 lastTime, uint64 latestAllowed);

    /// Records a data block. Submitter.
    function record(bytes32 root, uint32 operationCount, uint64 firstTime, uint64 lastTime) external;

    /// A data block; `recordedAt` is zero when it was not recorded.
    function dataBlock(bytes32 root) external view returns (DataBlock memory);

    /// How many were recorded.
    function dataBlockCount() external view returns (uint256);

    /// Data blocks in the order of recording, at most 100.
    function dataBlocks(uint256 offset, uint256 limit) external view returns (DataBlock[] memory);

    /// Whether a leaf (its hash, `docs/specs/encodings.md`) stands in a recorded data block.
    function verify(bytes32 leaf, bytes32[] calldata proof, bytes32 root) external view returns (bool);

    /// EIP-712 digest of an operation.
    function dataOperationDigest(DataOperation calldata operation) external view returns (bytes32);
}
