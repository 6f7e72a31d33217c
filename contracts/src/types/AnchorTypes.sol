// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// What an anchor keeps of a final header.
struct AnchorRecord {
    /// Zero when nothing is recorded.
    bytes32 hash;
    bytes32 stateRoot;
    bytes32 receiptsRoot;
    /// Seconds since 1970, by the followed chain.
    uint64 timestamp;
    /// Milliseconds within that second.
    uint16 millisecond;
    /// Names the validator set.
    uint32 epoch;
}

/// Two final headers of one number.
struct AnchorConflict {
    uint64 number;
    /// The one that was recorded; zero when there is no conflict.
    bytes32 first;
    /// The one that came later.
    bytes32 second;
}

/// What a message did to an anchor.
enum Submission {
    /// The header is recorded now.
    Recorded,
    /// It was recorded before.
    Known,
    /// It contradicts a recorded one: the anchor is frozen now.
    Froze
}
