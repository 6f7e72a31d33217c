//! Whom this office gives up in the network. It is written down with the rejection, and stands until the register has heard it, whatever happens in between.
//!
//! ```text
//!   rejected -> due --send--> sent --the register has heard it--> finished --its time under way is over--> (gone)
//!                ^              | fails: later, and later still
//!                +--------------+        the same person comes back while it is not under way: (gone)
//! ```
//!
//! A request that fails may still be heard, so it is under way for its whole time. One that is finished is kept for that time too: whoever asked the register for the
//! person before it was heard asks again.

use super::UserRecord;
use crate::{
    database::{IdentityDatabase, Row, Transaction, values},
    error::{IdentityError, IdentityResult},
    network::{NetworkError, NetworkIdentity, PersonInputs, PersonNetwork, Purpose, Reservation},
};

/// Longest that a release is under way, in milliseconds. Meanwhile the person is not made this office's again, or an answer that comes late would take away what
/// was confirmed.
const UNDER_WAY_MS: u64 = 60 * 1000;
/// Pause after the first failure, in milliseconds; it doubles with each further one.
const FIRST_PAUSE_MS: u64 = 60 * 1000;
/// How often it doubles: it becomes about an hour.
const MAX_DOUBLINGS: u64 = 6;

/// When a release is due that the register has heard: never.
const FINISHED_MS: u64 = i64::MAX.unsigned_abs();

/// What became of releases that were due.
#[derive(Debug, Default)]
pub struct Released {
    /// So many the register has heard.
    pub released: usize,
    /// Why it went no further; what is left is due again later.
    pub failed: Option<NetworkError>,
}

impl IdentityDatabase {
    /// Makes releases that are due, at most `most`, and ends at the first that fails. To be repeated for as long as the office runs. `now_ms` says the time, Unix
    /// milliseconds: it is asked anew for each, since each may take a while.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn release_due(&self, now_ms: &(dyn Fn() -> u64 + Sync), most: u32) -> IdentityResult<Released> {
        let mut released = Released::default();
        let Some(network) = &self.network else { return Ok(released) };
        let begun_ms = now_ms();
        self.pool
            .execute(
                "DELETE FROM network_releases WHERE due_at_ms = $1 AND sent_until_ms <= $2",
                values![FINISHED_MS, begun_ms],
            )
            .await?;
        let rows = self
            .pool
            .fetch_all(
                "SELECT identity, failures FROM network_releases WHERE due_at_ms <= $1 AND sent_until_ms <= $1 \
                 ORDER BY due_at_ms LIMIT $2",
                values![begun_ms, i64::from(most)],
            )
            .await?;
        for row in rows {
            match self.release(network.as_ref(), identity_of(&row)?, row.unsigned(1)?, now_ms()).await? {
                Ok(is_released) => released.released += usize::from(is_released),
                Err(error) => {
                    released.failed = Some(error);
                    break;
                }
            }
        }
        Ok(released)
    }

    /// How many releases the register has not heard yet.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn releases_left(&self) -> IdentityResult<u64> {
        let row = self
            .pool
            .fetch_optional("SELECT COUNT(*) FROM network_releases WHERE due_at_ms < $1", values![FINISHED_MS])
            .await?;
        row.map_or(Ok(0), |row| row.unsigned(0))
    }

    /// Tells the register; whether it has heard it, or somebody else is telling it.
    pub(super) async fn release(
        &self,
        network: &dyn PersonNetwork,
        identity: NetworkIdentity,
        failures: u64,
        now_ms: u64,
    ) -> IdentityResult<Result<bool, NetworkError>> {
        let key = identity.0.to_vec();
        let begun = self
            .pool
            .execute(
                "UPDATE network_releases SET sent_until_ms = $1 WHERE identity = $2 AND due_at_ms <= $3 AND sent_until_ms <= $3",
                values![now_ms.saturating_add(UNDER_WAY_MS), key.clone(), now_ms],
            )
            .await?;
        if begun == 0 {
            return Ok(Ok(false));
        }
        match network.release(identity).await {
            Ok(()) => {
                self.pool
                    .execute(
                        "UPDATE network_releases SET due_at_ms = $1 WHERE identity = $2",
                        values![FINISHED_MS, key],
                    )
                    .await?;
                Ok(Ok(true))
            }
            Err(error) => {
                let pause_ms = FIRST_PAUSE_MS << failures.min(MAX_DOUBLINGS);
                self.pool
                    .execute(
                        "UPDATE network_releases SET failures = failures + 1, due_at_ms = $1 WHERE identity = $2",
                        values![now_ms.saturating_add(pause_ms), key],
                    )
                    .await?;
                Ok(Err(error))
            }
        }
    }

    /// What the network says of a person; asked again when the answer is one of before the register had heard that this office gives the person up.
    pub(super) async fn reserved(
        &self,
        network: &dyn PersonNetwork,
        person: &PersonInputs,
        purpose: Purpose,
    ) -> IdentityResult<Reservation> {
        let reservation = reserve(network, person, purpose).await?;
        let Reservation::Held(identity) = reservation else { return Ok(reservation) };
        let given_up = self
            .pool
            .fetch_optional(
                "SELECT identity FROM network_releases WHERE identity = $1 AND due_at_ms = $2",
                values![identity.0.to_vec(), FINISHED_MS],
            )
            .await?;
        if given_up.is_none() {
            return Ok(reservation);
        }
        Ok(reserve(network, person, purpose).await?)
    }

    /// Writes down that a person of whom no registration lives is given up: whom, if there is anybody to give up.
    pub(super) async fn give_up(
        &self,
        transaction: &mut Transaction,
        user: &UserRecord,
        now_ms: u64,
    ) -> IdentityResult<Option<NetworkIdentity>> {
        let row = transaction
            .fetch_optional(
                "SELECT network_identity FROM persons WHERE id = $1 AND network_identity IS NOT NULL",
                values![user.person_id.as_str()],
            )
            .await?;
        let Some(identity) = row.map(|row| identity_of(&row)).transpose()? else { return Ok(None) };
        let key = identity.0.to_vec();
        // Of whoever has this identity, not of this row alone: a namesake may share it.
        let living = transaction
            .fetch_optional(
                "SELECT address FROM users WHERE person_id IN (SELECT id FROM persons WHERE network_identity = $1) \
                 AND status IN ('pending', 'recovering', 'confirmed') LIMIT 1",
                values![key.clone()],
            )
            .await?;
        if living.is_some() {
            return Ok(None);
        }
        transaction
            .execute("UPDATE persons SET network_identity = NULL WHERE network_identity = $1", values![key.clone()])
            .await?;
        transaction
            .execute(
                "INSERT INTO network_releases (identity, failures, due_at_ms, sent_until_ms) VALUES ($1, 0, $2, 0) \
                 ON CONFLICT (identity) DO NOTHING",
                values![key, now_ms],
            )
            .await?;
        Ok(Some(identity))
    }
}

async fn reserve(
    network: &dyn PersonNetwork,
    person: &PersonInputs,
    purpose: Purpose,
) -> Result<Reservation, NetworkError> {
    match purpose {
        Purpose::Registration => network.reserve(person).await,
        Purpose::Enrolment => network.enrol(person).await,
    }
}

/// A person with this identity is this office's again: it is not given up any more. While the register is being told, nobody can say whose the person is; nor
/// whether an answer of the register with this identity is from before it had heard it.
pub(super) async fn take_back(
    transaction: &mut Transaction,
    identity: NetworkIdentity,
    now_ms: u64,
) -> IdentityResult<()> {
    let key = identity.0.to_vec();
    transaction
        .execute(
            "DELETE FROM network_releases WHERE identity = $1 AND sent_until_ms <= $2",
            values![key.clone(), now_ms],
        )
        .await?;
    let left =
        transaction.fetch_optional("SELECT identity FROM network_releases WHERE identity = $1", values![key]).await?;
    match left {
        None => Ok(()),
        Some(_) => {
            Err(NetworkError::Unreachable("the register is being told that this office gives the person up".into())
                .into())
        }
    }
}

fn identity_of(row: &Row) -> IdentityResult<NetworkIdentity> {
    let bytes = row.bytes(0)?;
    let identity = bytes.as_slice().try_into().map(NetworkIdentity);
    identity.map_err(|_| IdentityError::Broken("the identity of a person in the network".into()))
}
