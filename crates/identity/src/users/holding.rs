//! Whose a person is in the network of identity databases: reserved at registration, kept before a confirmation is published. Whoever was confirmed without that,
//! or whom the register has lost, is enrolled.

use alloy_primitives::Address;

use super::{UserRecord, UserStatus, releases::take_back, select_user};
use crate::{
    database::{IdentityDatabase, Lock, values},
    error::{Conflict, IdentityError, IdentityResult},
    network::{NetworkError, NetworkIdentity, PersonNetwork, Purpose, Reservation},
};

/// What became of a page of persons who are confirmed here.
#[derive(Debug, Default)]
pub struct Enrolled {
    /// So many have become this office's in the network now.
    pub held: usize,
    /// So many were so already.
    pub known: usize,
    /// These are another office's too: operators of both decide.
    pub elsewhere: Vec<Address>,
    /// The records of these cannot be used: operators have to look.
    pub unusable: Vec<Address>,
    /// Who was looked at last: the next page begins after it. Nobody was, when it is absent.
    pub last: Option<Address>,
    /// Nobody comes after these.
    pub is_end: bool,
    /// Why it went no further than `last`: to be gone on with later.
    pub interrupted: Option<IdentityError>,
}

impl IdentityDatabase {
    /// Makes the person of a waiting registration this office's for good. It comes before the confirmation is published; without a network, and when nothing
    /// waits, it does nothing.
    ///
    /// # Errors
    /// `Conflict::PersonRegistered` when the person has become another office's, `Undetermined`, `DatabaseUnreachable`.
    pub async fn hold_person(&self, address: Address, now_ms: u64) -> IdentityResult<()> {
        let Some(network) = &self.network else { return Ok(()) };
        match self.user(address).await? {
            Some(user) if user.status.is_waiting() => {
                Box::pin(self.hold(network.as_ref(), &user, Purpose::Registration, now_ms)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Whether the person has become this office's now; `false`: it was so before.
    async fn hold(
        &self,
        network: &dyn PersonNetwork,
        user: &UserRecord,
        purpose: Purpose,
        now_ms: u64,
    ) -> IdentityResult<bool> {
        if let Some(identity) = self.network_identity(user).await?
            && network.keep(identity).await?
        {
            return Ok(false);
        }
        // Its reservation has ended, it registered when there was no network, or the register is another one now.
        let inputs = self.person_of(user).await?.network_inputs()?;
        let reservation = Box::pin(self.reserved(network, &inputs, purpose)).await?;
        let Reservation::Held(identity) = reservation else { return Err(Conflict::PersonRegistered.into()) };
        // Written before it is kept: whoever gives somebody up sees who has this identity, and what stands here is kept again by the next enrolment.
        Box::pin(self.set_network_identity(user, identity, now_ms)).await?;
        if !network.keep(identity).await? {
            return Err(NetworkError::Unreachable("a reservation ended at once".into()).into());
        }
        Ok(true)
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

    async fn set_network_identity(
        &self,
        user: &UserRecord,
        identity: NetworkIdentity,
        now_ms: u64,
    ) -> IdentityResult<()> {
        let mut transaction = self.pool.begin(Lock::Registration).await?;
        take_back(&mut transaction, identity, now_ms).await?;
        transaction
            .execute(
                "UPDATE persons SET network_identity = $1 WHERE id = $2",
                values![identity.0.to_vec(), user.person_id.as_str()],
            )
            .await?;
        transaction.commit().await
    }

    /// Looks whether persons who are confirmed here are this office's in the network, and makes those so who are not: who were confirmed before this database was
    /// one of it, or whom the register does not know any more. At most `most`, in the order of their addresses, after `after`.
    ///
    /// # Errors
    /// `DatabaseUnreachable`. What concerns one person alone is in the answer, and so is where the network did not answer any more.
    pub async fn enrol_persons(&self, after: Option<Address>, most: u32, now_ms: u64) -> IdentityResult<Enrolled> {
        let mut enrolled = Enrolled::default();
        let Some(network) = &self.network else { return Ok(Enrolled { is_end: true, ..enrolled }) };
        let after = after.map(|address| format!("{address:#x}")).unwrap_or_default();
        let rows = self
            .pool
            .fetch_all(
                select_user!("WHERE status = $1 AND address > $2 ORDER BY address LIMIT $3"),
                values![UserStatus::Confirmed.name(), after, i64::from(most)],
            )
            .await?;
        let count = rows.len();
        let users = rows.iter().map(|row| Ok((row.address(0)?, self.read_user(row))));
        for (address, user) in users.collect::<IdentityResult<Vec<_>>>()? {
            match Box::pin(self.enrol(network.as_ref(), user, now_ms)).await {
                Ok(true) => enrolled.held += 1,
                Ok(false) => enrolled.known += 1,
                Err(IdentityError::Conflict(Conflict::PersonRegistered)) => enrolled.elsewhere.push(address),
                Err(error) if error.is_temporary() || matches!(error, IdentityError::Conflict(_)) => {
                    enrolled.interrupted = Some(error);
                    return Ok(enrolled);
                }
                // One broken record does not keep the others waiting.
                Err(_) => enrolled.unusable.push(address),
            }
            enrolled.last = Some(address);
        }
        enrolled.is_end = u32::try_from(count).is_ok_and(|count| count < most);
        Ok(enrolled)
    }

    async fn enrol(
        &self,
        network: &dyn PersonNetwork,
        user: IdentityResult<UserRecord>,
        now_ms: u64,
    ) -> IdentityResult<bool> {
        self.hold(network, &user?, Purpose::Enrolment, now_ms).await
    }
}
