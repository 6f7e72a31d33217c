//! Real-name registration (C-ID, C-API-1): somebody registers, an office sees the person and confirms, and only then are the person's keys
//! published on the main chain. Who it is stays in the identity database.
//!
//! What is published was signed by the person at registration (ERC-1056 `setAttributeSigned`): the office can publish it or not, and change nothing.

mod publishing;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use chancery_identity::{
    Cursor, IdentityDatabase, Look, NewUser, Page, Person, SignedAttribute, UserDecision, UserRecord, UserStatus,
    UserType,
};
use chancery_primitives::UnixSeconds;
use chancery_reference_points::{
    Actor, Code, DoorError, DoorResult, Role, operation::ChainName, r2d::R2d, s2p::Retrieval,
};
use serde::{Deserialize, Serialize};

use crate::{Clock, directory::CityDirectory, identity_errors::door_error, services::rfc3339};

/// The shortest time that a published key may hold, in seconds.
pub const MIN_ATTRIBUTE_VALIDITY_S: u64 = 30 * 24 * 60 * 60;

/// The decentralized identifier of an address (did:ethr, network by chain id).
#[must_use]
pub fn did(directory: &CityDirectory, address: Address) -> String {
    format!("did:ethr:{:#x}:{address}", directory.main_chain_id())
}

/// `POST /v1/users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterUser {
    /// Account name.
    pub account: String,
    /// The address that authenticates the request.
    pub address: Address,
    /// Uncompressed secp256k1 public key of the address, 65 bytes.
    pub public_key: Bytes,
    /// X25519 public key.
    pub encryption_key: B256,
    /// What as.
    pub user_type: UserType,
    /// Who.
    pub person: Person,
    /// Both keys as ERC-1056 attributes, signed for the next two changes of the identity, in this order.
    pub attributes: Vec<SignedAttribute>,
    /// The key of a confirmed registration is lost; this address is to take its place.
    #[serde(default)]
    pub recovery: bool,
}

/// The answer of `POST /v1/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The address.
    pub address: Address,
    /// Account name.
    pub account: String,
    /// Decentralized identifier.
    pub did: String,
    /// How far it is.
    pub status: UserStatus,
    /// Whether the person was known already.
    pub returning: bool,
}

/// A registration with its personal data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The address.
    pub address: Address,
    /// Account name.
    pub account: String,
    /// Decentralized identifier.
    pub did: String,
    /// What as.
    pub user_type: UserType,
    /// How far it is.
    pub status: UserStatus,
    /// Who.
    pub person: Person,
    /// RFC 3339.
    pub registered_at: String,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A page of registrations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPage {
    /// Newest first.
    pub items: Vec<UserView>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What a registrar decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfirmationDecision {
    /// The person was seen.
    Confirm,
    /// It is not who it says, or it cannot be told.
    Reject,
}

/// `POST /v1/users/{address}/confirmation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirmation {
    /// What.
    pub decision: ConfirmationDecision,
    /// Why; needed to reject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer of `POST /v1/users/{address}/confirmation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmed {
    /// The address.
    pub address: Address,
    /// Decentralized identifier.
    pub did: String,
    /// How far it is now.
    pub status: UserStatus,
    /// The chain with the digital identity; absent after a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainName>,
    /// The transaction that completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<B256>,
    /// Its block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_number: Option<u64>,
}

/// The registration desk.
#[derive(Clone)]
pub struct Registration {
    database: IdentityDatabase,
    directory: Arc<CityDirectory>,
    r2d: Arc<dyn R2d>,
    s2p: Arc<dyn Retrieval>,
    clock: Clock,
}

impl Registration {
    /// A desk over the identity database; identities are published through R2D and read through S2P.
    #[must_use]
    pub fn new(
        database: IdentityDatabase,
        directory: Arc<CityDirectory>,
        r2d: Arc<dyn R2d>,
        s2p: Arc<dyn Retrieval>,
        clock: Clock,
    ) -> Self {
        Self { database, directory, r2d, s2p, clock }
    }

    /// Registers whoever asks. The same registration again is recognised and changes nothing.
    ///
    /// # Errors
    /// `AuthenticationRequired`, `MalformedRequest`, `SchemaViolation`, `SignatureInvalid`, `AlreadyRegistered`, `AccountTaken`,
    /// `PersonAlreadyRegistered`, `PersonUndetermined`, `ChainUnreachable`, `DatabaseUnreachable`.
    pub async fn register(&self, actor: &Actor, request: RegisterUser) -> DoorResult<Registered> {
        if actor.address != Some(request.address) {
            let detail = "the request is authenticated with another key than it registers";
            return Err(DoorError::new(Code::AuthenticationRequired, detail));
        }
        publishing::check_keys(&request)?;
        request.person.validate().map_err(|error| door_error(error.into()))?;
        let known = self.database.user(request.address).await.map_err(door_error)?;
        // Once its keys are published, the signatures of a registration are used up; it is compared, not verified, when it comes again.
        if known.is_none_or(|record| record.status == UserStatus::Rejected) {
            self.check_attributes(&request).await?;
        }
        let new = NewUser {
            account: request.account,
            address: request.address,
            public_key: request.public_key,
            encryption_key: request.encryption_key,
            user_type: request.user_type,
            person: request.person,
            attributes: request.attributes,
            recovery: request.recovery,
        };
        let registered = self.database.register(&new, (self.clock)()).await.map_err(door_error)?;
        Ok(Registered {
            address: new.address,
            account: new.account,
            did: did(&self.directory, new.address),
            status: registered.status,
            returning: registered.returning,
        })
    }

    /// Registrations of one status with their personal data, newest first; every look is recorded.
    ///
    /// # Errors
    /// `RoleRequired`, `MalformedRequest`, `DatabaseUnreachable`.
    pub async fn users(
        &self,
        actor: &Actor,
        status: UserStatus,
        limit: usize,
        cursor: Option<&str>,
    ) -> DoorResult<UserPage> {
        let by = require(actor, Role::Registrar)?;
        let page = Page { limit, cursor: parse_cursor(cursor)? };
        let (records, next) = self.database.users_with_status(status, &page).await.map_err(door_error)?;
        let mut items = Vec::with_capacity(records.len());
        for record in records {
            items.push(self.view(record, by, "users.list").await?);
        }
        Ok(UserPage { items, next_cursor: next.map(|cursor| cursor.to_string()) })
    }

    /// One registration, for its owner or a registrar; the look is recorded.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownAddress`, `DatabaseUnreachable`.
    pub async fn user(&self, actor: &Actor, address: Address) -> DoorResult<UserView> {
        let by = if actor.address == Some(address) { address } else { require(actor, Role::Registrar)? };
        let record = self.record_of(address).await?;
        self.view(record, by, "users.read").await
    }

    /// An office decides. A confirmation publishes the person's keys on the main chain first; when that cannot be done now, nothing is
    /// decided and it may be tried again.
    ///
    /// # Errors
    /// `RoleRequired`, `UnknownAddress`, `AlreadyDecided`, `MalformedRequest`, `SignatureInvalid`, `PersonAlreadyRegistered`, `PersonUndetermined`,
    /// `ChainUnreachable`, `DatabaseUnreachable`.
    pub async fn confirm(&self, actor: &Actor, address: Address, confirmation: Confirmation) -> DoorResult<Confirmed> {
        let by = require(actor, Role::Registrar)?;
        let record = self.record_of(address).await?;
        let decision = match confirmation.decision {
            ConfirmationDecision::Reject
                if confirmation.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) =>
            {
                return Err(DoorError::new(Code::MalformedRequest, "reason: say why, the applicant is shown it"));
            }
            ConfirmationDecision::Reject => {
                self.check_unpublished(&record).await?;
                UserDecision::Reject { reason: confirmation.reason }
            }
            ConfirmationDecision::Confirm => self.confirmation_of(&record).await?,
        };
        let deciding = self.database.decide_user(address, &decision, by, (self.clock)());
        let decided = Box::pin(deciding).await.map_err(door_error)?;
        let recorded = decided.recorded;
        Ok(Confirmed {
            address,
            did: did(&self.directory, address),
            status: decided.status,
            chain: recorded.map(|_| self.directory.main()),
            tx_hash: recorded.map(|(tx_hash, _)| tx_hash),
            block_number: recorded.map(|(_, block)| block),
        })
    }

    async fn confirmation_of(&self, record: &UserRecord) -> DoorResult<UserDecision> {
        if let (UserStatus::Confirmed, Some((tx_hash, block_number))) = (record.status, record.recorded) {
            return Ok(UserDecision::Confirm { tx_hash, block_number });
        }
        if !record.status.is_waiting() {
            return Err(DoorError::new(Code::AlreadyDecided, format!("the registration is {}", record.status.name())));
        }
        // From here on nobody turns the person away: what is published cannot be taken back.
        let now_ms = (self.clock)();
        let begun = Box::pin(self.database.begin_publication(record.address, now_ms)).await;
        let publication = begun.map_err(door_error)?;
        // Before anything is public: the person may have become another office's in the network.
        if let Err(error) = Box::pin(self.database.hold_person(record.address, now_ms)).await {
            self.database.end_publication(record.address, &publication).await.map_err(door_error)?;
            return Err(door_error(error));
        }
        let published = self.publish(record).await?;
        Ok(UserDecision::Confirm { tx_hash: published.tx_hash, block_number: published.block_number })
    }

    /// Whoever is published is not turned away: an office had begun to confirm the registration, and did not come to decide it. The chain says so, whatever is noted here.
    async fn check_unpublished(&self, record: &UserRecord) -> DoorResult<()> {
        if record.status.is_waiting() && self.is_published(record).await? {
            let detail = "an office has confirmed this registration, and its keys are published: confirm it";
            return Err(DoorError::new(Code::AlreadyDecided, detail));
        }
        Ok(())
    }

    async fn record_of(&self, address: Address) -> DoorResult<UserRecord> {
        let record = self.database.user(address).await.map_err(door_error)?;
        record.ok_or_else(|| DoorError::new(Code::UnknownAddress, format!("nobody is registered with {address}")))
    }

    async fn view(&self, record: UserRecord, by: Address, purpose: &'static str) -> DoorResult<UserView> {
        let look = Look { by, purpose, at_ms: (self.clock)() };
        let person = self.database.person(&record, look).await.map_err(door_error)?;
        let time = |milliseconds: u64| rfc3339(UnixSeconds(milliseconds / 1000));
        Ok(UserView {
            address: record.address,
            account: record.account,
            did: did(&self.directory, record.address),
            user_type: record.user_type,
            status: record.status,
            person,
            registered_at: time(record.created_at_ms),
            decided_at: record.decided_at_ms.map(time),
            reason: record.reason,
        })
    }
}

pub(crate) fn require(actor: &Actor, role: Role) -> DoorResult<Address> {
    let address = actor.address.ok_or_else(|| DoorError::new(Code::AuthenticationRequired, "sign in first"))?;
    if actor.is(role) {
        return Ok(address);
    }
    let actual: Vec<&str> = actor.roles.iter().map(|role| role.name()).collect();
    Err(DoorError::new(Code::RoleRequired, format!("the role {} is needed", role.name()))
        .with("required", vec![role.name()])
        .with("actual", actual))
}

pub(crate) fn parse_cursor(cursor: Option<&str>) -> DoorResult<Option<Cursor>> {
    let malformed = |_| DoorError::new(Code::MalformedRequest, "cursor: it is not one of ours");
    cursor.map(str::parse).transpose().map_err(malformed)
}

#[cfg(test)]
mod tests;
