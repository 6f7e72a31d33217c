//! `/v1/organizations`: who may issue, inspect, confirm and submit; read by anybody, configured by operators (O2C).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, Recorded, example_address, example_time};
use crate::values::{HexAddress, Timestamp};

/// One entry of an organization's key history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationKey {
    /// The key's address.
    pub address: HexAddress,
    /// A certificate kind, or `inspection`, `registration`, `submission`.
    #[schema(example = "degree")]
    pub right: String,
    /// From when on it may sign.
    pub not_before: Timestamp,
    /// Until when; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// From when on nothing signed by it is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// An organization as the main chain records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Code: GB 32100, or another of 1 to 32 characters `[0-9A-Z-]`.
    #[schema(example = "12440300455765412A")]
    pub code: String,
    /// Public name.
    #[schema(example = "Riverside University")]
    pub name: String,
    /// Who administers it.
    pub administrator: HexAddress,
    /// Whether it is suspended as a whole.
    pub suspended: bool,
    /// All keys, past and present.
    pub keys: Vec<OrganizationKey>,
}

/// The answer of `GET /v1/organizations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Organizations {
    /// By code.
    pub organizations: Vec<Organization>,
}

/// `POST /v1/organizations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterOrganization {
    /// Code.
    #[schema(example = "12440300455765412A", pattern = "^[0-9A-Z-]{1,32}$")]
    pub code: String,
    /// Public name.
    #[schema(example = "Riverside University", min_length = 1, max_length = 200)]
    pub name: String,
    /// Who administers it.
    pub administrator: HexAddress,
}

/// `POST /v1/organizations/{code}/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizeKey {
    /// The key's address.
    pub address: HexAddress,
    /// A certificate kind, or `inspection`, `registration`, `submission`.
    #[schema(example = "degree", min_length = 1, max_length = 32)]
    pub right: String,
    /// From when on; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Until when; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// `PUT /v1/organizations/{code}/standing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuspendOrganization {
    /// `true` suspends the organization, `false` resumes it.
    #[schema(example = true)]
    pub suspended: bool,
}

/// Why a key ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyEnd {
    /// It retires: what it signed until now stays valid.
    #[default]
    Retired,
    /// It is compromised: nothing that it signed from `from` on is believed.
    Compromised,
}

/// What a change of the configuration does, or with `?check=true` would do (M-CON-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Whether it was applied.
    pub applied: bool,
    /// One line for each effect.
    #[schema(example = json!(["chain degree: key 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 may issue degree"]))]
    pub effects: Vec<String>,
    /// The transactions that recorded it.
    pub recorded: Vec<Recorded>,
}

impl Example for Organization {
    fn example() -> Self {
        Self {
            code: "12440300455765412A".into(),
            name: "Riverside University".into(),
            administrator: example_address(),
            suspended: false,
            keys: vec![OrganizationKey {
                address: example_address(),
                right: "degree".into(),
                not_before: example_time(),
                not_after: None,
                revoked_at: None,
            }],
        }
    }
}

impl Example for Organizations {
    fn example() -> Self {
        Self { organizations: vec![Organization::example()] }
    }
}

impl Example for RegisterOrganization {
    fn example() -> Self {
        Self {
            code: "12440300455765412A".into(),
            name: "Riverside University".into(),
            administrator: example_address(),
        }
    }
}

impl Example for AuthorizeKey {
    fn example() -> Self {
        Self { address: example_address(), right: "degree".into(), not_before: None, not_after: None }
    }
}

impl Example for SuspendOrganization {
    fn example() -> Self {
        Self { suspended: true }
    }
}

impl Example for Changed {
    fn example() -> Self {
        Self {
            applied: true,
            effects: vec![format!("chain degree: key {} may issue degree", example_address())],
            recorded: vec![Recorded::example()],
        }
    }
}
