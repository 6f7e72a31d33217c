//! Roles of the access manager, as `contracts/src/libraries/Roles.sol` has them.

/// Grants and revokes roles, changes what they may call.
pub const ADMINISTRATOR: u64 = 0;
/// Configures organizations, their rights and keys, and data formats (D3.7: operator).
pub const OPERATOR: u64 = 1;
/// Records data blocks: the gateways' keys.
pub const SUBMITTER: u64 = 2;
/// Proposes, reviews, deploys and releases contracts: keys of people, two of whom have to agree.
pub const CONTRACT_OPERATOR: u64 = 3;
