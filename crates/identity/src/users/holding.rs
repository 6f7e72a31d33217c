//! Whose a person is in the network of identity databases: reserved at registration, kept before a confirmation is published, released when none remains.

use alloy_primitives::Address;

use super::{UserRecord, UserStatus, select_user};
use crate::{
    database::{IdentityDatabase, values},
    error::{Conflict, IdentityError, IdentityResult},
    network::{NetworkError, NetworkIdentity, Reservation},
};

/// What became of persons that were confirmed before the database was one of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolled {
    /// So many are this office's in the network now.
    pub held: usize,
    /// These are another office's too: operators of both decide.
    pub elsewhere: Vec<Address>,
}

impl IdentityDatabase {
    /// Makes the person of a waiting registration this office's for good. It comes before the confirmation is published; without a network, and when nothing
    /// waits, it does nothing.
    ///
    /// # Errors
    /// `Conflict::PersonRegistered` when the person has become another office's, `Undetermined`, `DatabaseUnreachable`.
    pub async fn hold_person(&self, address: Address) -> IdentityResult<()> {
        if self.network.is_none() {
            return Ok(());
        }
        match self.user(address).await? {
            Some(user) if user.status.is_waiting() => self.hold(&user).await,
            _ => Ok(()),
        }
    }

    async fn hold(&self, user: &UserRecord) -> IdentityResult<()> {
        let Some(network) = &self.network else { return Ok(()) };
        if let Some(identity) = self.network_identity(user).await?
            && network.keep(identity).await?
        {
            return Ok(());
        }
        // Its reservation has ended, or it registered when there was no network.
        let person = self.person_of(user).await?;
        let Reservation::Held(identity) = network.reserve(&person.network_inputs()?).await? else {
            return Err(Conflict::PersonRegistered.into());
        };
        // Kept first: who stands here as held is held, whenever this process ends.
        if !network.keep(identity).await? {
            return Err(NetworkError::Unreachable("a reservation ended at once".into()).into());
        }
        self.set_network_identity(user, Some(identity)).await
    }

    /// The identity of a registration's person in the network, if it has one.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn network_identity(&self, user: &UserRecord) -> IdentityResult<Option<NetworkIdentity>> {
        let row = self
            .pool
            .fetch_optional("SELECT network_identity FROM persons WHERE id = $1", values![user.person_id.as_str()])
            .await?;
        let bytes = row.map(|row| row.optional_bytes(0)).transpose()?.flatten();
        let identity = bytes.map(|bytes| bytes.as_slice().try_into().map(NetworkIdentity)).transpose();
        identity.map_err(|_| IdentityError::Broken("the identity of a person in the network".into()))
    }

    async fn set_network_identity(&self, user: &UserRecord, identity: Option<NetworkIdentity>) -> IdentityResult<()> {
        let identity = identity.map(|identity| identity.0.to_vec());
        self.pool
            .execute(
                "UPDATE persons SET network_identity = $1 WHERE id = $2",
                values![identity, user.person_id.as_str()],
            )
            .await?;
        Ok(())
    }

    /// Gives up a person of whom no registration lives. If that cannot be done now, the reservation ends by itself.
    pub(super) async fn release_person(&self, user: &UserRecord) {
        let Some(network) = &self.network else { return };
        let Ok(Some(identity)) = self.network_identity(user).await else { return };
        // Of whoever has this identity, not of this row alone: a namesake may share it.
        let living = self
            .pool
            .fetch_optional(
                "SELECT address FROM users WHERE person_id IN (SELECT id FROM persons WHERE network_identity = $1) \
                 AND status IN ('pending', 'recovering', 'confirmed') LIMIT 1",
                values![identity.0.to_vec()],
            )
            .await;
        if !matches!(living, Ok(None)) {
            return;
        }
        if network.release(identity).await.is_ok() {
            // What is left when this fails is a name for nothing: a later confirmation finds that it is not held.
            let _ = self.set_network_identity(user, None).await;
        }
    }

    /// Enrols persons in the network who were confirmed before this database was one of it, at most `most` at a time; to be repeated until it holds none.
    ///
    /// # Errors
    /// `Undetermined`, `DatabaseUnreachable`, `Broken`.
    pub async fn enrol_persons(&self, most: u32) -> IdentityResult<Enrolled> {
        let mut enrolled = Enrolled::default();
        let rows = self
            .pool
            .fetch_all(
                select_user!(
                    "WHERE status = $1 AND person_id IN (SELECT id FROM persons WHERE network_identity IS NULL) LIMIT $2"
                ),
                values![UserStatus::Confirmed.name(), i64::from(most)],
            )
            .await?;
        for user in rows.iter().map(|row| self.read_user(row)).collect::<IdentityResult<Vec<_>>>()? {
            match self.hold(&user).await {
                Ok(()) => enrolled.held += 1,
                Err(IdentityError::Conflict(Conflict::PersonRegistered)) => enrolled.elsewhere.push(user.address),
                Err(error) => return Err(error),
            }
        }
        Ok(enrolled)
    }
}
