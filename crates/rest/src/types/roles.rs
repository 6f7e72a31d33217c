//! Roles as they stand in answers.

use chancery_reference_points::Role as DoorRole;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an address may do. Read from the main chain and the configuration, never from what a caller says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Registered; the real name is not confirmed yet.
    Registered,
    /// Registered and confirmed.
    Citizen,
    /// An authorized key of an organization for at least one certificate kind.
    Issuer,
    /// May confirm real names.
    Registrar,
    /// May record inspections.
    Inspector,
    /// May submit other data.
    Source,
    /// Configures the city.
    Operator,
    /// Watches the city.
    Supervisor,
}

impl From<DoorRole> for Role {
    fn from(role: DoorRole) -> Self {
        match role {
            DoorRole::Registered => Self::Registered,
            DoorRole::Citizen => Self::Citizen,
            DoorRole::Issuer => Self::Issuer,
            DoorRole::Registrar => Self::Registrar,
            DoorRole::Inspector => Self::Inspector,
            DoorRole::Source => Self::Source,
            DoorRole::Operator => Self::Operator,
            DoorRole::Supervisor => Self::Supervisor,
        }
    }
}
