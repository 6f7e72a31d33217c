//! On whose behalf and by which right processing is asked (M-PRO-2, M-PRO-5). Every request at its doors that reads for somebody or changes something
//! carries a [`Mandate`]; processing knows what each right covers ([`AccessRight`]) and refuses the rest itself, whoever holds the door.

use alloy_primitives::Address;
use chancery_data::submission::Access;
use serde::{Deserialize, Serialize};

use crate::{Actor, Role, operation::ChainName};

/// Names of the rights that no service of the catalogue is.
pub mod rights {
    /// What chains there are, and how far they are. Anybody.
    pub const CHAINS: &str = "chains";
    /// Who somebody is: which keys are whose, for what, on the main chain.
    pub const IDENTIFICATION: &str = "identification";
    /// What is recorded of an identity, to confirm it.
    pub const REGISTRATION: &str = "registration";
    /// The certificate that an application is about.
    pub const APPLICATIONS: &str = "applications";
    /// Who may exchange messages.
    pub const MESSAGES: &str = "messages";
    /// Changing the configuration: operators.
    pub const CONFIGURATION: &str = "configuration";
    /// Seeing what happened: supervisors, and of a certificate its issuer and its holder.
    pub const SUPERVISION: &str = "supervision";
    /// Comparing what is kept with what chains have recorded of it: roots of data blocks.
    pub const AUDIT: &str = "audit";
    /// Data of registered sources, by their access class.
    pub const DATA: &str = "data";
}

/// Who sees data of the access class `internal`.
pub const OFFICES: [Role; 5] = [Role::Issuer, Role::Registrar, Role::Inspector, Role::Source, Role::Operator];

/// On whose behalf, and by which right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// On whose behalf: as the gateway has authenticated it; the public for what the city does by itself.
    pub actor: Actor,
    /// Name of the right: a service of the catalogue, or one of [`rights`].
    pub right: String,
}

impl Mandate {
    /// By a right, for somebody.
    #[must_use]
    pub fn of(actor: &Actor, right: &str) -> Self {
        Self { actor: actor.clone(), right: right.to_owned() }
    }

    /// By a right that the city needs to serve anybody.
    #[must_use]
    pub fn of_the_city(right: &str) -> Self {
        Self::of(&Actor::public(), right)
    }

    /// The right as messages name it: whoever asks may have written anything.
    #[must_use]
    pub fn shown_right(&self) -> String {
        self.right.chars().filter(|character| !character.is_control()).take(64).collect()
    }

    /// The access classes of data of which this may cover some: public data for everybody, internal data for offices, restricted data for whoever has an address and so may
    /// be named ([`ReadRight`](crate::read_right::ReadRight) says which).
    #[must_use]
    pub fn access_classes(&self) -> Vec<Access> {
        let mut classes = vec![Access::Public];
        if self.actor.is_any(&OFFICES) {
            classes.push(Access::Internal);
        }
        if self.actor.address.is_some() {
            classes.push(Access::Restricted);
        }
        classes
    }
}

/// Who has a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    /// Anybody.
    Anybody,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

/// Which contracts a right lets be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contracts {
    /// None.
    None,
    /// These.
    Of(&'static [Address]),
    /// Every one: its parties choose their contracts.
    All,
}

/// A right, and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRight {
    /// Its name.
    pub name: &'static str,
    /// Who has it.
    pub holders: Holders,
    /// On this chain alone; without, on all.
    pub chain: Option<ChainName>,
    /// State and events of these contracts.
    pub contracts: Contracts,
}

#[cfg(test)]
mod tests {
    use super::*;

    // M-PRO-2, M-PRO-5
    #[test]
    fn internal_data_is_for_offices_and_restricted_data_for_whoever_may_be_named() {
        let classes = |roles: &[Role]| {
            let actor = Actor::new(Address::ZERO, roles.iter().copied());
            Mandate::of(&actor, rights::DATA).access_classes()
        };
        assert_eq!(classes(&[]), [Access::Public, Access::Restricted]);
        assert_eq!(classes(&[Role::Citizen, Role::Supervisor]), [Access::Public, Access::Restricted]);
        assert_eq!(classes(&[Role::Inspector]), [Access::Public, Access::Internal, Access::Restricted]);
        assert_eq!(Mandate::of_the_city(rights::DATA).access_classes(), [Access::Public]);
    }
}
