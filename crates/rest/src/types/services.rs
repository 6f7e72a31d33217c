//! `/v1/services`: the catalogue of U2S, and what an operator offers of it (O2C, M-CON-3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Example;

/// A service of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferedService {
    /// Its name.
    #[schema(example = "sharing.find")]
    pub name: String,
    /// What it answers.
    pub description: String,
}

/// `GET /v1/services`: what is offered now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    /// In the order of their names.
    pub services: Vec<OfferedService>,
}

impl Example for Services {
    fn example() -> Self {
        let description = "Finds shared resources in the directory of the city.".into();
        Self { services: vec![OfferedService { name: "sharing.find".into(), description }] }
    }
}

/// `PUT /v1/services/{service}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferService {
    /// Whether it is offered; a service that is withdrawn is `unknown-service` to everybody who asks for it, also after a restart.
    pub offered: bool,
}

impl Example for OfferService {
    fn example() -> Self {
        Self { offered: false }
    }
}
