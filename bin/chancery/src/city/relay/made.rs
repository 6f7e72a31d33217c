//! Contracts that the relay's account has made on the main chain, noted where its key is: an account that has sent much since is not looked through for them
//! (`docs/specs/trust.md`, "In a city"). Each is looked at before it is used; a note that is lost or wrong costs a search.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::commands::{read_bounded, replace};

/// Many times what a city's chains take.
const MAX_NOTE_BYTES: u64 = 64 * 1024;

/// By the name of the chain that they follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Note {
    anchors: BTreeMap<String, Address>,
    held_certificates: BTreeMap<String, Address>,
}

/// Which sort of contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Keeps headers of the chain.
    Anchor,
    /// Shows kinds of its certificates.
    HeldCertificates,
}

/// The note, in its file.
#[derive(Debug)]
pub(super) struct Made {
    path: PathBuf,
    note: Mutex<Note>,
}

impl Made {
    /// Reads what an earlier run has noted, if there was one. A city starts without it, too.
    pub(super) fn open(path: &Path) -> Self {
        let note = noted(path).unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "contracts of the relay are searched, and noted anew");
            Note::default()
        });
        Self { path: path.to_owned(), note: Mutex::new(note) }
    }

    /// Where the contract for a chain was made.
    pub(super) fn known(&self, sort: Sort, followed: &str) -> Option<Address> {
        let note = self.locked();
        let places = match sort {
            Sort::Anchor => &note.anchors,
            Sort::HeldCertificates => &note.held_certificates,
        };
        places.get(followed).copied()
    }

    /// Nothing that holds it panics half-way.
    fn locked(&self) -> MutexGuard<'_, Note> {
        self.note.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where it stands. Whoever cannot be told searches the next time.
    pub(super) fn stands(&self, sort: Sort, followed: &str, contract: Address) {
        let mut note = self.locked();
        let places = match sort {
            Sort::Anchor => &mut note.anchors,
            Sort::HeldCertificates => &mut note.held_certificates,
        };
        if places.insert(followed.to_owned(), contract) == Some(contract) {
            return;
        }
        let written = serde_json::to_vec_pretty(&*note).map_err(Into::into);
        if let Err(error) = written.and_then(|text| replace(&self.path, &text)) {
            tracing::warn!(error = format!("{error:#}"), %contract, "where a contract of the relay stands cannot be noted");
        }
    }
}

/// Where the anchors on the main chain stand, by the chain that each follows, as far as a relay has noted it.
pub(in crate::city) fn anchors_noted(path: &Path) -> BTreeMap<String, Address> {
    noted(path).unwrap_or_default().anchors
}

fn noted(path: &Path) -> Result<Note> {
    if !path.try_exists().with_context(|| format!("cannot look at {}", path.display()))? {
        return Ok(Note::default());
    }
    let read = serde_json::from_slice(&read_bounded(path, MAX_NOTE_BYTES)?);
    read.with_context(|| format!("{} is not what the relay notes there", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // C-CHAINS, TRUST-8: what was made late is known after a restart, each sort and chain by itself.
    #[test]
    fn what_was_made_is_known_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.json");
        let made = Made::open(&path);
        assert_eq!(made.known(Sort::Anchor, "degree"), None);
        let [anchor, held] = [1, 2].map(Address::repeat_byte);
        made.stands(Sort::Anchor, "degree", anchor);
        made.stands(Sort::HeldCertificates, "degree", held);
        let again = Made::open(&path);
        assert_eq!(again.known(Sort::Anchor, "degree"), Some(anchor));
        assert_eq!(again.known(Sort::HeldCertificates, "degree"), Some(held));
        assert_eq!(again.known(Sort::HeldCertificates, "marriage"), None);
        assert_eq!(anchors_noted(&path), BTreeMap::from([("degree".to_owned(), anchor)]));
        // What was cut off by a loss of power keeps no city from starting, and is written anew.
        std::fs::write(&path, "").unwrap();
        assert!(noted(&path).is_err());
        let lost = Made::open(&path);
        assert_eq!(lost.known(Sort::Anchor, "degree"), None);
        lost.stands(Sort::Anchor, "degree", anchor);
        assert_eq!(Made::open(&path).known(Sort::Anchor, "degree"), Some(anchor));
    }
}
