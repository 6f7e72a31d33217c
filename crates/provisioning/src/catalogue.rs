//! The service catalogue: what is offered, and to whom.

use std::sync::Arc;

use chancery_reference_points::{Actor, Role, application::Service, u2s::ServiceDescription};

/// Who may ask a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anybody, without saying who.
    Public,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

impl Audience {
    /// Whether the actor belongs to it.
    #[must_use]
    pub fn admits(self, actor: &Actor) -> bool {
        match self {
            Self::Public => true,
            Self::Roles(roles) => actor.is_any(roles),
        }
    }

    /// Whether somebody with this role belongs to it.
    #[must_use]
    pub fn names(self, role: Role) -> bool {
        match self {
            Self::Public => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }

    /// The roles of it; `None`: anybody.
    #[must_use]
    pub fn roles(self) -> Option<Vec<Role>> {
        match self {
            Self::Public => None,
            Self::Roles(roles) => Some(roles.to_vec()),
        }
    }
}

/// A service with its audience, as the assembly registers it.
#[derive(Clone)]
pub struct OfferedService {
    /// The service.
    pub service: Arc<dyn Service>,
    /// Who may ask it.
    pub audience: Audience,
}

impl OfferedService {
    /// A service for an audience.
    #[must_use]
    pub fn new(service: Arc<dyn Service>, audience: Audience) -> Self {
        Self { service, audience }
    }

    /// Its entry in the catalogue.
    #[must_use]
    pub fn described(&self) -> ServiceDescription {
        ServiceDescription {
            name: self.service.name().to_owned(),
            description: self.service.description().to_owned(),
            roles: self.audience.roles().unwrap_or_default(),
        }
    }
}
