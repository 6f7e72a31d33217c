//! `/v1/services`: the catalogue of what data users may ask for (U2S), and operators offering and withdrawing it (O2C).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, roles::Role};

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
