//! Real-name registration (C-ID, C-API-1): who is behind an address, known to the office alone.
//!
//! ```text
//!                    register                confirm
//!   (nobody) ------------------> pending ----------------> confirmed
//!                                   | reject                   | another address of the same person is confirmed as its recovery
//!                                   v                          v
//!                                rejected                   replaced
//! ```
//! A person has at most one registration that is pending or confirmed; a recovery (a lost phone) waits as `recovering` beside it.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{
    database::{Cursor, IdentityDatabase, Page, Row, values},
    error::{IdentityError, IdentityResult},
    journal::{Happening, JournalEntry, Keeper},
    person::Person,
};

mod decision;
mod holding;
mod registration;
mod releases;
mod standing;

pub use decision::{PUBLICATION_MS, Publication, UserDecision};
pub use holding::Enrolled;
pub use releases::Released;
pub use standing::RegistrationReader;

/// Longest account name, in characters.
pub const MAX_ACCOUNT_CHARS: usize = 64;
/// Most attributes of a registration.
pub const MAX_ATTRIBUTES: usize = 8;
/// Longest value of an attribute, in bytes.
pub const MAX_ATTRIBUTE_BYTES: usize = 256;
/// Longest reason of a decision, in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// What somebody registers as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserType {
    /// A citizen.
    Person,
    /// Somebody who works at an issuing office.
    Issuer,
    /// Somebody who inspects certificates.
    Inspector,
}

impl UserType {
    const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Issuer => "issuer",
            Self::Inspector => "inspector",
        }
    }
}

/// How far a registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// Waits for an office.
    Pending,
    /// Waits for an office, to take the place of a confirmed address of the same person.
    Recovering,
    /// An office has seen the person.
    Confirmed,
    /// An office has refused.
    Rejected,
    /// Another address of the person has taken its place.
    Replaced,
}

impl UserStatus {
    const ALL: [Self; 5] = [Self::Pending, Self::Recovering, Self::Confirmed, Self::Rejected, Self::Replaced];

    /// The name in the database and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Recovering => "recovering",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Replaced => "replaced",
        }
    }

    /// Whether it waits for an office.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Recovering)
    }
}

/// An ERC-1056 attribute with the owner's signature, kept until an office confirms the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedAttribute {
    /// `did/pub/X25519/enc/hex` and the like, at most 32 ASCII bytes.
    pub name: String,
    /// The value's bytes.
    pub value: Bytes,
    /// For how long it holds, seconds.
    pub validity: u64,
    /// 65 bytes over the registry's `setAttribute` message.
    pub signature: Bytes,
}

/// A registration that somebody asks for.
#[derive(Clone)]
pub struct NewUser {
    /// Account name, unique in the city.
    pub account: String,
    /// Address of the signing key.
    pub address: Address,
    /// Uncompressed secp256k1 public key, 65 bytes.
    pub public_key: Bytes,
    /// X25519 public key.
    pub encryption_key: B256,
    /// What as.
    pub user_type: UserType,
    /// Who.
    pub person: Person,
    /// What is to be published of the keys when the person is confirmed.
    pub attributes: Vec<SignedAttribute>,
    /// The person has lost the key of a confirmed registration; this address is to take its place.
    pub recovery: bool,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// How far it is.
    pub status: UserStatus,
    /// Whether the person had been registered before.
    pub returning: bool,
}

/// A registration as recorded, without the personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Address.
    pub address: Address,
    /// Account name.
    pub account: String,
    /// Type.
    pub user_type: UserType,
    /// Status.
    pub status: UserStatus,
    /// Uncompressed secp256k1 public key.
    pub public_key: Bytes,
    /// X25519 public key.
    pub encryption_key: B256,
    /// Signed attributes.
    pub attributes: Vec<SignedAttribute>,
    /// When it was registered, Unix milliseconds.
    pub created_at_ms: u64,
    /// When it was decided.
    pub decided_at_ms: Option<u64>,
    /// Who decided.
    pub decided_by: Option<Address>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The transaction and block that published the digital identity.
    pub recorded: Option<(B256, u64)>,
    /// An office has begun to publish the keys: until then, Unix milliseconds, it is not turned away; afterwards only if they are not public.
    pub publishing_until_ms: Option<u64>,
    person_id: String,
}

impl fmt::Debug for UserRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserRecord")
            .field("address", &self.address)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Somebody looks at personal data: who, and what for. It is recorded before the data are given.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Who looks.
    pub by: Address,
    /// What for: the name of the operation.
    pub purpose: &'static str,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT address, account_sealed, user_type, status, public_key, encryption_key, attributes, person_id, \
             created_at_ms, decided_at_ms, decided_by, reason_sealed, recorded_tx, recorded_block, publishing_until_ms FROM users ",
            $rest
        )
    };
}
use select_user;

impl IdentityDatabase {
    /// The registration of an address.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn user(&self, address: Address) -> IdentityResult<Option<UserRecord>> {
        let row = self.pool.fetch_optional(select_user!("WHERE address = $1"), values![address]).await?;
        row.map(|row| self.read_user(&row)).transpose()
    }

    /// Registrations of one status, newest first, and where the next page begins.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn users_with_status(
        &self,
        status: UserStatus,
        page: &Page,
    ) -> IdentityResult<(Vec<UserRecord>, Option<Cursor>)> {
        let (time_ms, key) = page.before();
        let rows = self
            .pool
            .fetch_all(
                select_user!(
                    "WHERE status = $1 AND (created_at_ms < $2 OR (created_at_ms = $2 AND address < $3)) \
                     ORDER BY created_at_ms DESC, address DESC LIMIT $4"
                ),
                values![status.name(), time_ms, key, page.rows()],
            )
            .await?;
        let users = rows.iter().map(|row| self.read_user(row)).collect::<IdentityResult<Vec<_>>>()?;
        let next = (rows.len() as i64 == page.rows())
            .then(|| users.last().map(|last| Cursor::new(last.created_at_ms, format!("{:#x}", last.address))))
            .flatten();
        Ok((users, next))
    }

    /// The personal data behind a registration. The look is recorded first; if it cannot be, the data are not given.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn person(&self, user: &UserRecord, look: Look) -> IdentityResult<Person> {
        self.record(&JournalEntry {
            time_ms: look.at_ms,
            keeper: Keeper::Provisioning,
            happening: Happening::Accessed,
            name: look.purpose.to_owned(),
            actor: Some(look.by),
            subject: format!("{:#x}", user.address),
            facts: "personal data shown".to_owned(),
            // Whoever is shown a person is an officer who decides about it.
            right: Some("role".to_owned()),
        })
        .await?;
        self.person_of(user).await
    }

    async fn person_of(&self, user: &UserRecord) -> IdentityResult<Person> {
        let row = self
            .pool
            .fetch_optional("SELECT person_sealed FROM persons WHERE id = $1", values![user.person_id.as_str()])
            .await?
            .ok_or_else(|| IdentityError::Broken("a registration without its person".into()))?;
        let json = self.open_text("persons.person_sealed", &user.person_id, &row.bytes(0)?)?;
        serde_json::from_str(&json).map_err(|_| IdentityError::Broken("a person does not decode".into()))
    }

    fn read_user(&self, row: &Row) -> IdentityResult<UserRecord> {
        let broken = |what: &str| IdentityError::Broken(format!("a registration has a broken {what}"));
        let address = row.address(0)?;
        let key = format!("{address:#x}");
        let (user_type, status) = (row.text(2)?, row.text(3)?);
        let reason = row.optional_bytes(11)?;
        Ok(UserRecord {
            address,
            account: self.open_text("users.account_sealed", &key, &row.bytes(1)?)?,
            user_type: [UserType::Person, UserType::Issuer, UserType::Inspector]
                .into_iter()
                .find(|known| known.name() == user_type)
                .ok_or_else(|| broken("type"))?,
            status: UserStatus::ALL.into_iter().find(|known| known.name() == status).ok_or_else(|| broken("status"))?,
            public_key: row.bytes(4)?.into(),
            encryption_key: row.hash(5)?,
            attributes: serde_json::from_str(&row.text(6)?).map_err(|_| broken("attribute"))?,
            person_id: row.text(7)?,
            created_at_ms: row.unsigned(8)?,
            decided_at_ms: row.optional_unsigned(9)?,
            decided_by: row.optional_address(10)?,
            reason: reason.map(|sealed| self.open_text("users.reason_sealed", &key, &sealed)).transpose()?,
            recorded: row.optional_hash(12)?.zip(row.optional_unsigned(13)?),
            publishing_until_ms: row.optional_unsigned(14)?,
        })
    }
}
