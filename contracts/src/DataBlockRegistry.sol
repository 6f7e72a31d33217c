// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IDataBlockRegistry} from "./interfaces/IDataBlockRegistry.sol";
import {Pages} from "./libraries/Pages.sol";
import {DataBlock, DataOperation} from "./types/DataTypes.sol";

/// Merkle roots of data blocks; see {IDataBlockRegistry}.
contract DataBlockRegistry is IDataBlockRegistry, AccessManaged, EIP712 {
    /// Most operations in one data block.
    uint32 public constant MAX_OPERATIONS_PER_BLOCK = 65_536;
    /// How far a source's clock may be ahead of the chain's, in seconds.
    uint64 public constant MAX_CLOCK_SKEW_S = 300;

    bytes32 private constant DATA_OPERATION_TYPEHASH = keccak256(
        "DataOperation(bytes32 dataFormat,bytes32 contentHash,address source,bytes32 subject,bytes32 previous,uint64 time,bytes32 idempotencyKey)"
    );

    bytes32[] private _roots;
    mapping(bytes32 root => DataBlock) private _dataBlocks;

    constructor(address authority) AccessManaged(authority) EIP712("Chancery", "1") {}

    /// @inheritdoc IDataBlockRegistry
    function record(bytes32 root, uint32 operationCount, uint64 firstTime, uint64 lastTime) external restricted {
        if (root == 0) revert RootZero();
        if (_dataBlocks[root].recordedAt != 0) revert RootAlreadyRecorded(root);
        if (operationCount == 0 || operationCount > MAX_OPERATIONS_PER_BLOCK) {
            revert OperationCountMalformed(operationCount, MAX_OPERATIONS_PER_BLOCK);
        }
        uint64 latestAllowed = uint64(block.timestamp) + MAX_CLOCK_SKEW_S;
        if (firstTime > lastTime || lastTime > latestAllowed) {
            revert TimesMalformed(firstTime, lastTime, latestAllowed);
        }

        uint256 index = _roots.length;
        _roots.push(root);
        _dataBlocks[root] = DataBlock({
            root: root,
            operationCount: operationCount,
            firstTime: firstTime,
            lastTime: lastTime,
            recordedAt: uint64(block.timestamp),
            recordedBlock: uint64(block.number),
            submitter: msg.sender
        });
        emit DataBlockRecorded(root, index, msg.sender, operationCount, firstTime, lastTime);
    }

    /// @inheritdoc IDataBlockRegistry
    function dataBlock(bytes32 root) external view returns (DataBlock memory) {
        return _dataBlocks[root];
    }

    /// @inheritdoc IDataBlockRegistry
    function dataBlockCount() external view returns (uint256) {
        return _roots.length;
    }

    /// @inheritdoc IDataBlockRegistry
    function dataBlocks(uint256 offset, uint256 limit) external view returns (DataBlock[] memory page) {
        page = new DataBlock[](Pages.rows(_roots.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _dataBlocks[_roots[offset + i]];
        }
    }

    /// @inheritdoc IDataBlockRegistry
    function verify(bytes32 leaf, bytes32[] calldata proof, bytes32 root) external view returns (bool) {
        return _dataBlocks[root].recordedAt != 0 && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @inheritdoc IDataBlockRegistry
    function dataOperationDigest(DataOperation calldata operation) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(DATA_OPERATION_TYPEHASH, operation)));
    }
}
