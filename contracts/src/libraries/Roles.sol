// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Roles of the access manager. Zero is its administrator.
library Roles {
    uint64 internal constant ADMINISTRATOR = 0;
    /// Configures organizations, their rights and keys, and data formats (D3.7: operator).
    uint64 internal constant OPERATOR = 1;
    /// Records data blocks: the gateways' keys.
    uint64 internal constant SUBMITTER = 2;
    /// Proposes, reviews, deploys and releases contracts: keys of people, two of whom have to agree.
    uint64 internal constant CONTRACT_OPERATOR = 3;
}
