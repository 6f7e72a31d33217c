// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// A key with the version that was read; 0 was never written.
struct Read {
    bytes32 key;
    uint64 version;
}

/// A key with the value that it gets.
struct Write {
    bytes32 key;
    bytes32 value;
}

/// What a request asks of one member. Keys of reads and of writes ascend strictly.
struct Part {
    /// The member's name.
    bytes32 member;
    /// What its node contract was asked to suggest.
    bytes call;
    Read[] reads;
    Write[] writes;
}

/// What the alliance says of a number.
enum RequestState {
    Unknown,
    /// Outcomes are taken until the deadline.
    Sequenced,
    /// Every part is reserved: it will be applied everywhere.
    Committed,
    /// It will be applied nowhere.
    Aborted,
    /// A signature was bad or weight was missing: it was never shown to a member.
    Invalid
}

/// What became of a number on a member.
enum Outcome {
    Open,
    /// Its keys are held until the alliance's decision is proven.
    Reserved,
    /// It will never be reserved.
    Refused,
    /// Its writes are in force.
    Applied,
    /// Its keys were given back without a write.
    Released
}

/// Why a part is refused.
enum Reason {
    NoReason,
    /// A version is no longer the one that was read.
    Stale,
    /// A key is held by an older request: `actual` is its number.
    Conflict,
    /// Another member's part, keys that do not ascend, or a bound exceeded.
    Malformed,
    /// The node contract's own rule.
    Rejected
}

/// One word of storage, which is what the alliance is shown.
struct OutcomeRecord {
    Outcome outcome;
    Reason reason;
    uint64 expected;
    uint64 actual;
}

/// A key of a member's store. Requests are numbered from 1, so 0 is nobody.
struct Entry {
    /// How often it was written.
    uint64 version;
    /// The request that writes it if it commits.
    uint64 writer;
    /// The oldest of the requests that read it; remembered until none is left.
    uint64 oldestReader;
    /// How many requests read it.
    uint64 readers;
    bytes32 value;
}
