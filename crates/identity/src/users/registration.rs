//! The act of registering: one transaction that decides whether the person, the address and the account are new.

use alloy_primitives::Address;

use super::{
    MAX_ACCOUNT_CHARS, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, NewUser, Registered, UserRecord, UserStatus,
    releases::take_back, select_user,
};
use crate::{
    database::{IdentityDatabase, Lock, Transaction, values},
    error::{Conflict, IdentityError, IdentityResult},
    network::{NetworkIdentity, Purpose, Reservation},
    uniqueness::PersonTags,
};

/// What a registration comes to, as far as this database knows.
enum Plan {
    /// It is here already.
    Known(Registered),
    /// It is to be written.
    New { known: Option<String>, status: UserStatus },
}

/// A known person and the registrations under it.
struct KnownPerson {
    id: String,
    registrations: Vec<(Address, UserStatus)>,
}

impl NewUser {
    fn check_bounds(&self) -> IdentityResult<()> {
        let too_large = |what, limit| Err(IdentityError::TooLarge { what, limit });
        if self.account.trim().is_empty() || self.account.chars().count() > MAX_ACCOUNT_CHARS {
            return too_large("the account name is empty or", MAX_ACCOUNT_CHARS);
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            return too_large("the list of attributes", MAX_ATTRIBUTES);
        }
        let longest =
            self.attributes.iter().map(|attribute| attribute.value.len().max(attribute.signature.len())).max();
        if longest.unwrap_or(0) > MAX_ATTRIBUTE_BYTES {
            return too_large("an attribute", MAX_ATTRIBUTE_BYTES);
        }
        Ok(())
    }

    fn is_same_as(&self, record: &UserRecord) -> bool {
        self.account == record.account
            && self.user_type == record.user_type
            && self.public_key == record.public_key
            && self.encryption_key == record.encryption_key
    }
}

impl IdentityDatabase {
    /// Registers a person with an address, to wait for an office. The same registration again is recognised and changes nothing; a
    /// rejected person may register again.
    ///
    /// # Errors
    /// `InvalidPerson`, `TooLarge`, `Conflict` (`AddressRegistered`, `AccountTaken`, `PersonRegistered`, `NothingToRecover`), `Undetermined`,
    /// `DatabaseUnreachable`.
    pub async fn register(&self, new: &NewUser, now_ms: u64) -> IdentityResult<Registered> {
        new.check_bounds()?;
        let tags = self.keys.person_tags(&new.person)?;
        let Some(network) = &self.network else { return self.register_here(new, &tags, None, now_ms).await };
        // What this database can answer by itself, nobody else is asked; what it would write, it does not write yet.
        let mut transaction = self.pool.begin(Lock::Registration).await?;
        if let Plan::Known(registered) = self.plan(&mut transaction, new, &tags).await? {
            return Ok(registered);
        }
        drop(transaction);
        if new.recovery {
            // Its person is in the network already, or is held when an office confirms: what a stranger claims is written nowhere else.
            return self.register_here(new, &tags, None, now_ms).await;
        }
        let inputs = new.person.network_inputs()?;
        match Box::pin(self.reserved(network.as_ref(), &inputs, Purpose::Registration)).await? {
            Reservation::Held(identity) => self.register_here(new, &tags, Some(identity), now_ms).await,
            Reservation::HeldElsewhere => Err(Conflict::PersonRegistered.into()),
        }
    }

    async fn register_here(
        &self,
        new: &NewUser,
        tags: &PersonTags,
        identity: Option<NetworkIdentity>,
        now_ms: u64,
    ) -> IdentityResult<Registered> {
        let mut transaction = self.pool.begin(Lock::Registration).await?;
        let (known, status) = match self.plan(&mut transaction, new, tags).await? {
            Plan::Known(registered) => return Ok(registered),
            Plan::New { known, status } => (known, status),
        };
        let returning = known.is_some();
        let person_id = match known {
            Some(id) => id,
            None => self.insert_person(&mut transaction, new, tags, now_ms).await?,
        };
        if let Some(identity) = identity {
            take_back(&mut transaction, identity, now_ms).await?;
            transaction
                .execute(
                    "UPDATE persons SET network_identity = $1 WHERE id = $2",
                    values![identity.0.to_vec(), person_id.as_str()],
                )
                .await?;
        }
        self.insert_user(&mut transaction, new, &person_id, status, now_ms).await?;
        transaction.commit().await?;
        Ok(Registered { status, returning })
    }

    /// Decides what a registration comes to. A rejected one in its place is taken away in the transaction.
    async fn plan(&self, transaction: &mut Transaction, new: &NewUser, tags: &PersonTags) -> IdentityResult<Plan> {
        let known = self.known_person(transaction, tags).await?;
        if let Some(registered) = self.already_registered(transaction, new, known.as_ref()).await? {
            return Ok(Plan::Known(registered));
        }
        let status = status_of(new, known.as_ref())?;
        self.check_account(transaction, new, known.as_ref()).await?;
        Ok(Plan::New { known: known.map(|known| known.id), status })
    }

    /// The person with the same document; or else the one with the same name, unit, city and country, unless documents tell them apart.
    async fn known_person(
        &self,
        transaction: &mut Transaction,
        tags: &PersonTags,
    ) -> IdentityResult<Option<KnownPerson>> {
        let document = tags.document.map(|tag| tag.to_vec());
        let row = transaction
            .fetch_optional(
                // Of several with one name it is the one who is registered, not one who was turned away.
                "SELECT id FROM persons WHERE document_tag = $1 OR (name_tag = $2 AND (document_tag IS NULL OR $3 = 0)) \
                 ORDER BY CASE WHEN document_tag = $1 THEN 0 WHEN EXISTS (SELECT 1 FROM users WHERE users.person_id = persons.id \
                 AND users.status IN ('pending', 'recovering', 'confirmed')) THEN 1 ELSE 2 END LIMIT 1",
                values![document.clone(), tags.name.to_vec(), i64::from(document.is_some())],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = row.text(0)?;
        let rows = transaction
            .fetch_all("SELECT address, status FROM users WHERE person_id = $1", values![id.as_str()])
            .await?;
        let mut registrations = Vec::with_capacity(rows.len());
        for row in rows {
            let name = row.text(1)?;
            let status = UserStatus::ALL.into_iter().find(|status| status.name() == name);
            registrations.push((row.address(0)?, status.ok_or_else(|| IdentityError::Broken("a status".into()))?));
        }
        Ok(Some(KnownPerson { id, registrations }))
    }

    /// The same person, address, account and keys: the answer of the first time. A rejected one is taken away, to be registered anew.
    async fn already_registered(
        &self,
        transaction: &mut Transaction,
        new: &NewUser,
        known: Option<&KnownPerson>,
    ) -> IdentityResult<Option<Registered>> {
        let row = transaction.fetch_optional(select_user!("WHERE address = $1"), values![new.address]).await?;
        let Some(row) = row else { return Ok(None) };
        let record = self.read_user(&row)?;
        let same_person = known.is_some_and(|known| known.id == record.person_id);
        if !same_person {
            return Err(Conflict::AddressRegistered.into());
        }
        if record.status == UserStatus::Rejected {
            transaction.execute("DELETE FROM users WHERE address = $1", values![new.address]).await?;
            return Ok(None);
        }
        if !new.is_same_as(&record) || record.status == UserStatus::Replaced {
            return Err(Conflict::AddressRegistered.into());
        }
        Ok(Some(Registered { status: record.status, returning: true }))
    }

    /// An account name is free, or it is the same person's, who has lost the key or was rejected.
    async fn check_account(
        &self,
        transaction: &mut Transaction,
        new: &NewUser,
        known: Option<&KnownPerson>,
    ) -> IdentityResult<()> {
        let tag = self.keys.account_tag(&new.account).to_vec();
        let row = transaction
            .fetch_optional("SELECT address, person_id, status FROM users WHERE account_tag = $1", values![tag])
            .await?;
        let Some(row) = row else { return Ok(()) };
        let same_person = known.is_some_and(|known| row.text(1).is_ok_and(|id| id == known.id));
        if same_person && row.text(2)? == UserStatus::Rejected.name() {
            transaction.execute("DELETE FROM users WHERE address = $1", values![row.address(0)?]).await?;
            return Ok(());
        }
        Err(Conflict::AccountTaken.into())
    }

    async fn insert_person(
        &self,
        transaction: &mut Transaction,
        new: &NewUser,
        tags: &PersonTags,
        now_ms: u64,
    ) -> IdentityResult<String> {
        let id = crate::random_id()?;
        let json =
            serde_json::to_vec(&new.person).map_err(|_| IdentityError::Broken("a person does not encode".into()))?;
        let sealed = self.seal("persons.person_sealed", &id, &json)?;
        transaction
            .execute(
                "INSERT INTO persons (id, name_tag, document_tag, person_sealed, created_at_ms) VALUES ($1, $2, $3, $4, $5)",
                values![id.as_str(), tags.name.to_vec(), tags.document.map(|tag| tag.to_vec()), sealed, now_ms],
            )
            .await?;
        Ok(id)
    }

    async fn insert_user(
        &self,
        transaction: &mut Transaction,
        new: &NewUser,
        person_id: &str,
        status: UserStatus,
        now_ms: u64,
    ) -> IdentityResult<()> {
        let attributes = serde_json::to_string(&new.attributes)
            .map_err(|_| IdentityError::Broken("attributes do not encode".into()))?;
        let account = self.seal("users.account_sealed", &format!("{:#x}", new.address), new.account.as_bytes())?;
        transaction
            .execute(
                "INSERT INTO users (address, account_tag, account_sealed, user_type, status, public_key, encryption_key, attributes, \
                 person_id, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                values![
                    new.address,
                    self.keys.account_tag(&new.account).to_vec(),
                    account,
                    new.user_type.name(),
                    status.name(),
                    new.public_key.to_vec(),
                    new.encryption_key,
                    attributes,
                    person_id,
                    now_ms,
                ],
            )
            .await?;
        Ok(())
    }
}

fn status_of(new: &NewUser, known: Option<&KnownPerson>) -> IdentityResult<UserStatus> {
    let has = |wanted| {
        known.is_some_and(|known| {
            known.registrations.iter().any(|(address, status)| *address != new.address && *status == wanted)
        })
    };
    if new.recovery {
        return if has(UserStatus::Confirmed) {
            Ok(UserStatus::Recovering)
        } else {
            Err(Conflict::NothingToRecover.into())
        };
    }
    if has(UserStatus::Confirmed) || has(UserStatus::Pending) {
        Err(Conflict::PersonRegistered.into())
    } else {
        Ok(UserStatus::Pending)
    }
}
