//! Organizations and their keys as the main chain records them.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// One entry of an organization's key history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationKey {
    /// The key's address.
    pub address: Address,
    /// A certificate kind, or `inspection`, `registration`, `submission`.
    pub right: String,
    /// From when on it may sign, Unix seconds.
    pub not_before: u64,
    /// Until when it may sign; absent: without end.
    pub not_after: Option<u64>,
    /// From when on nothing signed by it is believed (compromise).
    pub revoked_at: Option<u64>,
}

/// An organization of the alliance of offices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// GB 32100 code or another of 1 to 32 characters `[0-9A-Z-]`.
    pub code: String,
    /// Public name.
    pub name: String,
    /// Who administers it.
    pub administrator: Address,
    /// Whether it is suspended as a whole.
    pub suspended: bool,
    /// All keys, past and present.
    pub keys: Vec<OrganizationKey>,
}
