//! `/v1/services`: the catalogue of what data users may ask for (U2S), and operators offering and withdrawing it (O2C).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, example_time, roles::Role};
use crate::values::{HexAddress, Timestamp};

/// A service that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its name.
    #[schema(example = "certificates.query")]
    pub name: String,
    /// One line.
    #[schema(example = "A certificate of a holder, by its transaction, with proofs.")]
    pub description: String,
    /// Roles of which one is needed to ask for it; empty: anybody may.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// The answer of `GET /v1/services`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    /// What is offered.
    pub services: Vec<Service>,
    /// What an operator has withdrawn: it is not answered until it is offered again.
    #[serde(default)]
    pub withdrawn: Vec<Service>,
}

/// `PUT /v1/services/{service}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferService {
    /// `true` offers it, `false` withdraws it.
    #[schema(example = false)]
    pub offered: bool,
}

/// What an entry of an access rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessEffect {
    /// May ask, within what the service itself allows.
    Allow,
    /// May not.
    Deny,
}

/// `PUT /v1/services/{service}/access`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigureAccess {
    /// One more than the latest version, 1 at first.
    #[schema(example = 3, minimum = 1)]
    pub version: u32,
    /// By subject, which is `anybody`, `role:NAME` or `organization:CODE`; at most 64. None: what the service itself says counts alone.
    pub entries: BTreeMap<String, AccessEffect>,
}

/// One version of the access rule of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessRule {
    /// From 1.
    #[schema(example = 2)]
    pub version: u32,
    /// By subject: `anybody`, `role:NAME`, `organization:CODE`.
    pub entries: BTreeMap<String, AccessEffect>,
    /// The operator who asked for it.
    pub by: HexAddress,
    /// When it was recorded.
    pub configured_at: Timestamp,
}

/// Who may ask for a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccess {
    /// Its name.
    #[schema(example = "certificates.query")]
    pub service: String,
    /// The upper bound, which the service itself brings and no rule widens; absent: anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The versions of its access rule, newest first, at most 100: the first is in force.
    pub versions: Vec<AccessRule>,
}

fn example_entries() -> BTreeMap<String, AccessEffect> {
    BTreeMap::from([
        ("anybody".to_owned(), AccessEffect::Deny),
        ("role:inspector".to_owned(), AccessEffect::Allow),
        ("role:operator".to_owned(), AccessEffect::Allow),
    ])
}

impl Example for ConfigureAccess {
    fn example() -> Self {
        Self { version: 3, entries: example_entries() }
    }
}

impl Example for ServiceAccess {
    fn example() -> Self {
        let rule = AccessRule {
            version: 2,
            entries: example_entries(),
            by: HexAddress(alloy_primitives::Address::repeat_byte(0x51)),
            configured_at: example_time(),
        };
        Self { service: "certificates.query".into(), roles: None, versions: vec![rule] }
    }
}

impl Example for Service {
    fn example() -> Self {
        Self {
            name: "certificates.query".into(),
            description: "A certificate of a holder, by its transaction, with proofs.".into(),
            roles: Vec::new(),
        }
    }
}

impl Example for Services {
    fn example() -> Self {
        Self { services: vec![Service::example()], withdrawn: Vec::new() }
    }
}

impl Example for OfferService {
    fn example() -> Self {
        Self { offered: false }
    }
}
