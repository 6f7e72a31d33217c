//! Who is behind an address: real-name registration, the uniqueness of persons, and what the gateway must remember that no chain may know.
//!
//! ```text
//!  registration desk, applications, presentations      representation, provisioning
//!        |                                                   |
//!        v                                                   v
//!   IdentityDatabase: users, persons (sealed)         operations index, journal
//!        |  sealing, tags
//!        v
//!   KeyRing (a file of its own, 0600)   +   SQLite file or PostgreSQL
//! ```
//!
//! Invariants:
//! - IDENTITY-1: personal data and account names stand in the database sealed or as keyed tags only; whoever has the database but not the key file
//!   can neither read them nor test a guess.
//! - IDENTITY-2: a person has at most one registration that is pending or confirmed, whatever runs at the same time.
//! - IDENTITY-3: personal data are given out only after the look at them is recorded.
//! - IDENTITY-4: a database that vanishes is *unreachable*; it is never replaced by an empty one and nothing is reported as written that is not.
//! - IDENTITY-5: a database is used with the key ring it was made with, or not at all.
//! - IDENTITY-6: in a network of identity databases a person is confirmed at one office at most; what cannot be determined is said to be so, and nothing is written.
//! - IDENTITY-7: whoever is being published, or is, is not turned away and so not given up in the network.
//!
//! What this crate must not do: reach a chain, decide who may ask (the application and the gateway do), log personal data, read a clock.

mod applications;
mod charges;
mod database;
mod error;
mod journal;
mod key_ring;
mod network;
mod operations;
mod person;
mod presentations;
mod register;
mod sealing;
mod shared_accesses;
mod suspensions;
mod uniqueness;
mod users;

pub use applications::{
    ApplicationDecision, ApplicationQuery, ApplicationRecord, ApplicationStatus, MAX_DETAILS_BYTES,
    MAX_OPEN_APPLICATIONS, is_application_id,
};
pub use charges::{CHARGED_ONCE_MS, Charge, Charged, ChargedQuery};
pub use database::{Cursor, DEFAULT_PAGE_ROWS, DatabaseLocation, IdentityDatabase, MAX_PAGE_ROWS, Page};
pub use error::{Conflict, IdentityError, IdentityResult};
pub use journal::{Happening, JournalEntry, JournalQuery, Keeper, MAX_JOURNAL_ROWS, MAX_JOURNAL_TEXT_BYTES};
pub use key_ring::{KeyRing, KeyRingError, MAX_KEY_VERSIONS, SECRET_BYTES};
pub use network::{NetworkError, NetworkIdentity, PersonInputs, PersonNetwork, Purpose, Reservation};
pub use operations::{IndexedBlock, IndexedOperation, Location, MAX_BLOCK_OPERATIONS, MAX_IDEMPOTENCY_KEY_BYTES};
pub use person::{MAX_COUNTRY_CHARS, MAX_DOCUMENT_NUMBER_CHARS, MAX_PART_CHARS, Person, PersonError};
pub use presentations::{
    MAX_PRESENTATION_BYTES, MAX_PRESENTATION_LIFE_MS, MAX_PRESENTATIONS_PER_HOLDER, OpenedPresentation, Openings,
    PRESENTATION_ID_BYTES,
};
pub use register::{NetworkTags, PersonRegister, RESERVATION_MS};
pub use sealing::{MAX_SEALED_BYTES, Place, SealingError};
pub use shared_accesses::{KeptAccess, SharedAccess, SharedAccesses};
pub use users::{
    Enrolled, Look, MAX_ACCOUNT_CHARS, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_REASON_CHARS, NewUser, PUBLICATION_MS,
    Publication, Registered, RegistrationReader, Released, SignedAttribute, UserDecision, UserRecord, UserStatus,
    UserType,
};

/// Bytes of a random identifier.
const ID_BYTES: usize = 16;

/// A random identifier as hexadecimal digits.
fn random_id() -> IdentityResult<String> {
    random_bytes().map(hex::encode)
}

fn random_bytes() -> IdentityResult<[u8; ID_BYTES]> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| IdentityError::Broken(error.to_string()))?;
    Ok(bytes)
}
