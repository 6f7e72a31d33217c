// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// One version of the access rule of a service, as it is recorded.
struct AccessRule {
    bytes32 service;
    uint32 version;
    /// The block's time, Unix seconds.
    uint64 configuredAt;
    /// Who has asked for it, as the gateway says whose key sends it.
    address by;
    /// The rule, as `docs/specs/access.md` has it. Empty: what the service itself says counts alone.
    bytes rule;
}
