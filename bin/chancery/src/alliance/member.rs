//! `chancery alliance open-registry, require, requirements, propose, join, leave, admit, remove, dissolve`: what one member does, on its own machine, with its own key; `rule` and `entry`, by
//! which it works its node contract; and `found`, which does the former for several chains of one city.

mod city;
mod declared;
mod file;
mod node_contract;
mod requirements;
mod steps;
mod votes;

use std::{path::Path, sync::Arc};

use anyhow::Result;
use chancery_ledger::SubmitterKey;

pub(super) use self::{
    city::found,
    node_contract::{entry, rule},
    requirements::run as requirements,
    steps::{join, open_registry, propose, require},
    votes::{admit, dissolve, leave, remove},
};
use super::key::{key_at, place_of};

/// The key of an authority: in a file, or in a token.
pub(super) fn authority_key(name: &Path, directory: &Path) -> Result<Arc<SubmitterKey>> {
    Ok(Arc::new(key_at(&place_of(name, directory))?))
}
