//! `/v1/resources`: the directory of shared resources, and requests for access (`docs/specs/sharing.md`); and what an owner's service hands out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_address, example_hash};
use crate::values::{HexAddress, HexBytes, HexHash};

/// A shared column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedColumn {
    /// Its name.
    #[schema(example = "temp_max")]
    pub name: String,
    /// `boolean`, `integer`, `float`, `text`, `bytes`, `date` or `timestamp`.
    #[serde(rename = "type")]
    #[schema(example = "float")]
    pub kind: String,
}

/// A version of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetVersion {
    /// From 1.
    #[schema(example = 1)]
    pub version: u32,
    /// SHA-256 of the sealed file.
    pub fingerprint: HexHash,
    /// Length of the sealed file, in bytes.
    #[schema(example = 20_480)]
    pub size: u64,
    /// Time of the block that published it, Unix seconds.
    pub published_at: u64,
    /// Under which of the asset's keys it is sealed; whoever has the key opens all versions of its epoch.
    #[schema(example = 1)]
    pub key_epoch: u32,
}

/// What the contract of an asset says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetState {
    /// Who may change its rules.
    pub owner: HexAddress,
    /// Whether listed identities are granted access without a further decision.
    pub automatic: bool,
    /// The present key epoch.
    pub key_epoch: u32,
    /// The newest 20 versions, newest first.
    pub versions: Vec<AssetVersion>,
}

/// A resource of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedResource {
    /// Its name.
    #[schema(example = "weather-daily")]
    pub resource: String,
    /// Code of the organization that shares it.
    #[schema(example = "12440300455765412A")]
    pub organization: String,
    /// The contract of its asset, on the main chain: a request for access is a transaction to it.
    pub asset: HexAddress,
    /// When it was registered, Unix seconds.
    pub registered_at: u64,
    /// Roles that may see it; absent: everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_to: Option<Vec<String>>,
    /// keccak256 of its description, or of its opening.
    pub description_hash: HexHash,
    /// Of a resource that is not for everybody, the exact text that opens what the chain has of it: JSON `{resource, visibleTo, nameSalt, textSalt,
    /// description}`. On the chain stands keccak256("chancery directory name v1" || nameSalt || resource) for the name, and `descriptionHash`.
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
    pub columns: Vec<SharedColumn>,
    /// The owner's service, which hands out what is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://ods.weather.example")]
    pub service: Option<String>,
    /// What the asset's contract says; of one resource, not of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AssetState>,
}

impl Example for SharedResource {
    fn example() -> Self {
        Self {
            resource: "weather-daily".into(),
            organization: "12440300455765412A".into(),
            asset: example_address(),
            registered_at: 1_795_230_000,
            visible_to: None,
            description_hash: example_hash(0xde),
            opening: None,
            title: Some("Weather, day by day".into()),
            description: Some("Seattle, from 2012 on".into()),
            columns: vec![SharedColumn { name: "temp_max".into(), kind: "float".into() }],
            service: Some("https://ods.weather.example".into()),
            state: Some(AssetState {
                owner: example_address(),
                automatic: true,
                key_epoch: 1,
                versions: vec![AssetVersion {
                    version: 1,
                    fingerprint: example_hash(0xf1),
                    size: 20_480,
                    published_at: 1_795_230_000,
                    key_epoch: 1,
                }],
            }),
        }
    }
}

/// `PUT /v1/resources/{resource}/description`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeResource {
    /// The exact text whose keccak256 stands in the directory: JSON `{title, description, columns: [{name, type}], service?}`, or the opening of an entry that is
    /// not for everybody, `{resource, visibleTo, nameSalt, textSalt, description}`.
    #[schema(max_length = 4096)]
    pub description: String,
}

/// `POST /v1/resources/{resource}/accesses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandAccesses {
    /// The contract of the asset.
    pub asset: HexAddress,
    /// Lines of the journal of the owner's service, exactly as they stand there, oldest first; each names the SHA-256 of the one before it.
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<String>,
    /// The owner's signature (EIP-191) over number and SHA-256 of the last line.
    pub signature: HexBytes,
}

impl Example for HandAccesses {
    fn example() -> Self {
        let line = format!(
            r#"{{"number":1,"at":1795230000,"reader":"{}","request":1,"version":1,"fetched":"key","previous":"{}"}}"#,
            example_address(),
            example_hash(0),
        );
        Self { asset: example_address(), lines: vec![line], signature: HexBytes(vec![0x1b; 65].into()) }
    }
}

/// Who came for a shared asset is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessesKept {
    /// Number of the last line: it is kept, with all that came with it.
    #[schema(example = 1)]
    pub through: u64,
    /// How many of the lines were not known.
    #[schema(example = 1)]
    pub new: u64,
}

impl Example for AccessesKept {
    fn example() -> Self {
        Self { through: 1, new: 1 }
    }
}

impl Example for DescribeResource {
    fn example() -> Self {
        let description = r#"{"title":"Weather","description":"","columns":[{"name":"date","type":"date"}]}"#;
        Self { description: description.into() }
    }
}

/// A description that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DescribedResource {
    /// The resource.
    pub resource: String,
    /// keccak256 of the text.
    pub description_hash: HexHash,
}

impl Example for DescribedResource {
    fn example() -> Self {
        Self { resource: "weather-daily".into(), description_hash: example_hash(0xde) }
    }
}

/// How far a request for access is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequest {
    /// The resource.
    pub resource: String,
    /// The contract of its asset.
    pub asset: HexAddress,
    /// The number of the request at the asset.
    #[schema(example = 1)]
    pub request: u64,
    /// Who asks.
    pub reader: HexAddress,
    /// When, Unix seconds.
    pub requested_at: u64,
    /// `pending`, `approved`, `refused`, `granted` or `ended`: what the contract, or by it the owner, has decided.
    #[schema(pattern = "^(pending|approved|refused|granted|ended)$", example = "granted")]
    pub state: String,
    /// For which version.
    #[schema(example = 1)]
    pub version: u32,
    /// keccak256 of the stated purpose.
    pub purpose_hash: HexHash,
    /// Where what is granted is fetched: the owner's service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

impl Example for AccessRequest {
    fn example() -> Self {
        Self {
            resource: "weather-daily".into(),
            asset: example_address(),
            request: 1,
            reader: example_address(),
            requested_at: 1_795_230_000,
            state: "granted".into(),
            version: 1,
            purpose_hash: example_hash(0x90),
            service: Some("https://ods.weather.example".into()),
        }
    }
}

/// An identity that may read a resource, or might, as the contract's events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetReader {
    /// Its address.
    pub reader: HexAddress,
    /// Whether it is listed now: whoever is not may not ask, and has no grant.
    pub listed: bool,
    /// Since when, or when it was listed the last time, Unix seconds; absent where that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_at: Option<u64>,
    /// When it was removed, of one that is not listed; Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<u64>,
    /// Its newest 20 grants, newest first.
    pub grants: Vec<ReaderGrant>,
    /// Whether there are more events than are read: older listings, removals or grants than these may be missing, and readers that were removed before.
    #[serde(default)]
    pub cut: bool,
}

/// What lets a reader read, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReaderGrant {
    /// Number of the request that was granted.
    #[schema(example = 1)]
    pub request: u64,
    /// For which version; what is of the same key opens with it.
    #[schema(example = 1)]
    pub version: u32,
    /// When, Unix seconds.
    pub granted_at: u64,
    /// Last second, Unix time; absent: it does not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<u64>,
    /// When it was ended: by its reader, by the owner, or because the reader was removed; Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// The transaction that granted it.
    pub tx_hash: HexHash,
    /// Its final block, on the main chain.
    pub block_number: u64,
}

impl ReaderGrant {
    /// Whether it lets its reader read at a time, Unix seconds.
    #[must_use]
    pub fn is_valid(&self, now_s: u64) -> bool {
        self.ended_at.is_none() && self.valid_until.is_none_or(|last| now_s <= last)
    }
}

impl Example for AssetReader {
    fn example() -> Self {
        Self {
            reader: example_address(),
            listed: true,
            listed_at: Some(1_795_230_000),
            removed_at: None,
            grants: vec![ReaderGrant {
                request: 1,
                version: 1,
                granted_at: 1_795_230_060,
                valid_until: Some(1_797_822_060),
                ended_at: None,
                tx_hash: example_hash(0x7e),
                block_number: 128,
            }],
            cut: false,
        }
    }
}

/// The terms of a final grant, to which the contract commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantTerms {
    /// Whose it is.
    pub reader: HexAddress,
    /// X25519 public key to which the data key is sealed.
    pub reader_key: HexHash,
    /// Version that was asked for.
    pub version: u32,
    /// Key epoch of that version.
    pub key_epoch: u32,
    /// SHA-256 of the sealed data key.
    pub sealed_key_hash: HexHash,
    /// Last second, Unix time; zero for no end.
    pub valid_until: u64,
}

/// What an owner's service answers about a final grant: `GET /v1/assets/{asset}/requests/{request}`. The file is beside it, under `.../file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantedAccess {
    /// The asset's contract.
    pub asset: HexAddress,
    /// The request.
    pub request: u64,
    /// Its terms.
    pub grant: GrantTerms,
    /// The data key, sealed to the reader's key by HPKE.
    pub sealed_key: HexBytes,
    /// Length of the sealed file, in bytes.
    pub size: u64,
    /// Whether the service has seen a proof that the grant is final; without one the chain proves nothing.
    pub proven: bool,
    /// The final block in which the grant stood.
    pub block_number: u64,
}
