//! An identity database of its own for a test.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use alloy_primitives::{Address, B256};
use chancery_identity::{DatabaseLocation, IdentityDatabase, KeyRing, NewUser, Person, UserDecision, UserType};

use super::NOW;
use crate::{Clock, keys::PersonKeys};

/// A database in a folder that goes with it.
pub(crate) struct Desk {
    pub(crate) database: IdentityDatabase,
    time_ms: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = DatabaseLocation::Sqlite(folder.path().join("identity.sqlite"));
        let database = IdentityDatabase::open(&location, KeyRing::random().unwrap()).await.unwrap();
        Self { database, time_ms: Arc::new(AtomicU64::new(NOW.get() * 1000)), _folder: folder }
    }

    /// A clock that stands still until it is moved.
    pub(crate) fn clock(&self) -> Clock {
        let time_ms = self.time_ms.clone();
        Arc::new(move || time_ms.load(Ordering::SeqCst))
    }

    pub(crate) fn pass_ms(&self, milliseconds: u64) {
        self.time_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Somebody waits for an office.
    pub(crate) async fn waits(&self, person: &PersonKeys) {
        let new = NewUser {
            account: person.address().to_string(),
            address: person.address(),
            public_key: person.public_key().to_vec().into(),
            encryption_key: B256::from(person.encryption_public_key().0),
            user_type: UserType::Person,
            person: sample_person(&person.address().to_string()),
            attributes: Vec::new(),
            recovery: false,
        };
        self.database.register(&new, NOW.get() * 1000).await.unwrap();
    }

    pub(crate) async fn decides(&self, address: Address, confirmed: bool) {
        let decision = if confirmed {
            UserDecision::Confirm { tx_hash: B256::repeat_byte(7), block_number: 1 }
        } else {
            UserDecision::Reject { reason: Some("not seen".to_owned()) }
        };
        self.database.decide_user(address, &decision, Address::ZERO, NOW.get() * 1000).await.unwrap();
    }
}

pub(crate) fn sample_person(name: &str) -> Person {
    Person {
        name: format!("{name} (sample)"),
        unit: "Sample Unit".to_owned(),
        city: "Hangzhou".to_owned(),
        country: "CN".to_owned(),
        document_number: None,
        birth_date: None,
    }
}
