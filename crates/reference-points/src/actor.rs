//! Who stands at a door: the actors of D3.7 section 7.2, authenticated by the gateway (or by the caller in process).

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// What an address may do. Read from the main chain and the configuration, never from what a caller says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A registered user whose real name is not confirmed yet.
    Registered,
    /// A registered user whose real name an office has confirmed.
    Citizen,
    /// An authorized key of an organization for at least one certificate kind.
    Issuer,
    /// An authorized key with the right `registration`.
    Registrar,
    /// An authorized key with the right `inspection`.
    Inspector,
    /// An authorized key with the right `submission`: a data source other than an issuer.
    Source,
    /// Configures the system (D3.7 7.2.3).
    Operator,
    /// Watches the system (D3.7 7.2.4).
    Supervisor,
}

impl Role {
    /// Every role, in the order of the authorization matrix.
    pub const ALL: [Self; 8] = [
        Self::Registered,
        Self::Citizen,
        Self::Issuer,
        Self::Registrar,
        Self::Inspector,
        Self::Source,
        Self::Operator,
        Self::Supervisor,
    ];

    /// The name used in answers and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Citizen => "citizen",
            Self::Issuer => "issuer",
            Self::Registrar => "registrar",
            Self::Inspector => "inspector",
            Self::Source => "source",
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
        }
    }
}

/// Somebody at a door. `address` is `None` for the public, who may ask what is open to anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The address that has proven itself by a signature.
    pub address: Option<Address>,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// Codes of the organizations of which it has a right in force.
    #[serde(default)]
    pub organizations: BTreeSet<String>,
}

impl Actor {
    /// The unauthenticated public.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// An authenticated address with its roles.
    #[must_use]
    pub fn new(address: Address, roles: impl IntoIterator<Item = Role>) -> Self {
        Self { address: Some(address), roles: roles.into_iter().collect(), organizations: BTreeSet::new() }
    }

    /// The same, with rights of these organizations.
    #[must_use]
    pub fn of_organizations(self, organizations: impl IntoIterator<Item = String>) -> Self {
        Self { organizations: organizations.into_iter().collect(), ..self }
    }

    /// Whether the actor has the role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the actor has one of the roles.
    #[must_use]
    pub fn is_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }
}
