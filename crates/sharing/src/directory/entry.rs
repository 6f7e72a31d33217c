//! What the services of the directory answer; the same JSON as `chancery-rest` has.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::{Opening, ResourceName};
use crate::extract::Column;

/// A resource of the directory, as far as the asking actor may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its name.
    pub resource: ResourceName,
    /// Code of the organization that shares it.
    pub organization: String,
    /// The contract of the asset.
    pub asset: Address,
    /// When it was registered, Unix seconds.
    pub registered_at: u64,
    /// Roles that may see it; absent: everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_to: Option<Vec<String>>,
    /// keccak256 of the description, or of the opening.
    pub description_hash: B256,
    /// Of an entry that is not for everybody: the exact text that opens what the chain has of it ([`Opening`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// One line; absent while nobody has brought the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The shared columns.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// The owner's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the asset's contract says; of one resource, not of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AssetState>,
}

impl Entry {
    /// Under what it stands on the chain.
    pub(super) fn word(&self) -> B256 {
        let opening = self.opening.as_deref().and_then(|text| Opening::parse(text).ok());
        opening.map_or_else(|| self.resource.to_bytes32(), |opening| opening.word())
    }
}

/// A page of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePage {
    /// In the order of registration.
    pub items: Vec<Entry>,
    /// Where the next page begins; absent on the last. A page may be short and have one: each looks at a bounded part of the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What an asset's contract says (S-ASSET, S-RULES).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetState {
    /// Who may change its rules.
    pub owner: Address,
    /// Whether listed identities are granted access without a further decision.
    pub automatic: bool,
    /// The present key epoch.
    pub key_epoch: u32,
    /// The newest versions, newest first.
    pub versions: Vec<VersionEntry>,
}

/// A version of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionEntry {
    /// From 1.
    pub version: u32,
    /// SHA-256 of the sealed file.
    pub fingerprint: B256,
    /// Length of the sealed file, in bytes.
    pub size: u64,
    /// Time of the block that published it, Unix seconds.
    pub published_at: u64,
    /// Under which of the asset's keys it is sealed.
    pub key_epoch: u32,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestState {
    /// The owner has not decided.
    Pending,
    /// Decided for; the data key is not granted yet.
    Approved,
    /// Decided against.
    Refused,
    /// The data key is granted.
    Granted,
    /// Over: ended by the reader or the owner, or the reader was removed.
    Ended,
}

impl RequestState {
    /// The contract's number; none for what does not exist.
    #[must_use]
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Pending),
            2 => Some(Self::Approved),
            3 => Some(Self::Refused),
            4 => Some(Self::Granted),
            5 => Some(Self::Ended),
            _ => None,
        }
    }

    /// In the words of answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Granted => "granted",
            Self::Ended => "ended",
        }
    }
}

/// A request for access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestEntry {
    /// The resource.
    pub resource: ResourceName,
    /// The contract of its asset.
    pub asset: Address,
    /// The number of the request.
    pub request: u64,
    /// Who asks.
    pub reader: Address,
    /// When, Unix seconds.
    pub requested_at: u64,
    /// How far it is.
    pub state: RequestState,
    /// For which version.
    pub version: u32,
    /// keccak256 of the stated purpose.
    pub purpose_hash: B256,
    /// Where it is handed out: the owner's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}
