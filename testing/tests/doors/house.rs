//! The five entities of a city, each at its door, and who asks there.

use std::path::Path;

use alloy::signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use alloy_primitives::Address;
use chancery_doors::Remote;
use chancery_reference_points::{
    Actor, Role,
    mandate::{Mandate, rights},
    operation::ChainName,
};

/// The five, whichever processes they are in.
pub(crate) struct House {
    pub(crate) representation: Remote,
    pub(crate) provisioning: Remote,
    pub(crate) processing: Remote,
    pub(crate) controlling: Remote,
    pub(crate) monitoring: Remote,
}

impl House {
    /// By the folder of a city's doors.
    pub(crate) fn at(doors: &Path) -> Self {
        let at = |entity| Remote::new(doors, entity);
        Self {
            representation: at("representation"),
            provisioning: at("provisioning"),
            processing: at("processing"),
            controlling: at("controlling"),
            monitoring: at("monitoring"),
        }
    }
}

/// Who asks.
pub(crate) struct People {
    pub(crate) operator_key: PrivateKeySigner,
    pub(crate) operator: Actor,
    pub(crate) supervisor: Actor,
    /// Who has an address, and no role.
    pub(crate) stranger: Actor,
    pub(crate) public: Actor,
}

impl People {
    /// The well-known operator and supervisor of a development city, and others.
    pub(crate) fn of_development() -> Self {
        let operator_key = development_key(0);
        Self {
            operator: Actor::new(operator_key.address(), [Role::Operator]),
            operator_key,
            supervisor: Actor::new(development_key(8).address(), [Role::Supervisor]),
            stranger: Actor::new(Address::repeat_byte(9), []),
            public: Actor::public(),
        }
    }

    pub(crate) fn configures(&self) -> Mandate {
        Mandate::of(&self.operator, rights::CONFIGURATION)
    }

    pub(crate) fn supervises(&self) -> Mandate {
        Mandate::of(&self.supervisor, rights::SUPERVISION)
    }
}

fn development_key(index: u32) -> PrivateKeySigner {
    let phrase =
        MnemonicBuilder::<English>::default().phrase("test test test test test test test test test test test junk");
    phrase.index(index).unwrap().build().unwrap()
}

pub(crate) fn main_chain() -> ChainName {
    ChainName("main".to_owned())
}

/// A chain that no city has.
pub(crate) fn no_chain() -> ChainName {
    ChainName("moon".to_owned())
}
