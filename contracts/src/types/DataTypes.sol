// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// A data source submits data (EIP-712, checked off chain; `docs/specs/encodings.md`).
struct DataOperation {
    bytes32 dataFormat;
    bytes32 contentHash;
    address source;
    bytes32 subject;
    bytes32 previous;
    uint64 time;
    bytes32 idempotencyKey;
}

/// What is recorded of a data block.
struct DataBlock {
    bytes32 root;
    /// How many operations it holds.
    uint32 operationCount;
    /// Earliest and latest time among them, in seconds.
    uint64 firstTime;
    uint64 lastTime;
    /// When and where it was recorded; zero when it was not.
    uint64 recordedAt;
    uint64 recordedBlock;
    address submitter;
}

/// A version of a data format.
struct DataFormat {
    /// `keccak256` of the schema's bytes.
    bytes32 schemaHash;
    /// Counts from 1.
    uint32 version;
    /// Time of the block that configured it.
    uint64 configuredAt;
    /// Time of the block that withdrew it; zero while it is in force.
    uint64 withdrawnAt;
    /// Where the schema is found.
    string uri;
}
