//! What an office decides about a registration. A confirmation publishes keys first, which takes time and cannot be undone: whoever is being published is not
//! turned away meanwhile.

use alloy_primitives::{Address, B256};

use super::{MAX_REASON_CHARS, UserRecord, UserStatus, select_user};
use crate::{
    database::{IdentityDatabase, Lock, Transaction, values},
    error::{Conflict, IdentityError, IdentityResult},
};

/// Longest that publishing holds up a rejection, in milliseconds: much longer than a request takes.
pub const PUBLICATION_MS: u64 = 10 * 60 * 1000;

/// An office's decision.
#[derive(Clone, PartialEq, Eq)]
pub enum UserDecision {
    /// The person was seen; the digital identity is published.
    Confirm {
        /// The transaction that published the last attribute.
        tx_hash: B256,
        /// Its block.
        block_number: u64,
    },
    /// Refused.
    Reject {
        /// Why, for the person.
        reason: Option<String>,
    },
}

/// Keys of a registration are being published: by whoever has this, unless somebody has begun again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    mark: [u8; crate::ID_BYTES],
    /// Nobody had begun before; else what that one has published is not known here.
    is_first: bool,
}

impl IdentityDatabase {
    /// Notes that keys of a waiting registration are about to be published. For [`PUBLICATION_MS`], or until [`Self::end_publication`], nobody turns the person away,
    /// also after a restart. Somebody else may begin again, and the time with it.
    ///
    /// # Errors
    /// `Conflict::UnknownUser`, `Conflict::AlreadyDecided`, `DatabaseUnreachable`.
    pub async fn begin_publication(&self, address: Address, now_ms: u64) -> IdentityResult<Publication> {
        let mut transaction = self.pool.begin(Lock::Registration).await?;
        let user = self.registration(&mut transaction, address).await?;
        if !user.status.is_waiting() {
            return Err(Conflict::AlreadyDecided.into());
        }
        let is_first = user.publishing_until_ms.is_none();
        let publication = Publication { mark: crate::random_bytes()?, is_first };
        transaction
            .execute(
                "UPDATE users SET publishing = $1, publishing_until_ms = $2 WHERE address = $3",
                values![publication.mark.to_vec(), now_ms.saturating_add(PUBLICATION_MS), address],
            )
            .await?;
        transaction.commit().await?;
        Ok(publication)
    }

    /// Nothing was published by this one, and nothing will be: the person may be turned away. If somebody else had begun before, or has meanwhile, it changes nothing: that
    /// one may have published.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn end_publication(&self, address: Address, publication: &Publication) -> IdentityResult<()> {
        if !publication.is_first {
            return Ok(());
        }
        self.pool
            .execute(
                "UPDATE users SET publishing = NULL, publishing_until_ms = NULL WHERE address = $1 AND publishing = $2",
                values![address, publication.mark.to_vec()],
            )
            .await?;
        Ok(())
    }

    /// Decides a waiting registration. Deciding it the same way again changes nothing. Whoever is rejected is given up in the network: at once, or by
    /// [`Self::release_due`].
    ///
    /// # Errors
    /// `Conflict::UnknownUser`, `Conflict::AlreadyDecided`, `DatabaseUnreachable`; of a confirmation in a network also what [`Self::hold_person`] says; of a
    /// rejection `Conflict::BeingPublished`.
    pub async fn decide_user(
        &self,
        address: Address,
        decision: &UserDecision,
        by: Address,
        now_ms: u64,
    ) -> IdentityResult<UserRecord> {
        let wanted = match decision {
            UserDecision::Confirm { .. } => UserStatus::Confirmed,
            UserDecision::Reject { .. } => UserStatus::Rejected,
        };
        if wanted == UserStatus::Confirmed {
            Box::pin(self.hold_person(address, now_ms)).await?;
        }
        let mut transaction = Box::pin(self.pool.begin(Lock::Registration)).await?;
        let user = self.registration(&mut transaction, address).await?;
        if user.status == wanted {
            return Ok(user);
        }
        if !user.status.is_waiting() {
            return Err(Conflict::AlreadyDecided.into());
        }
        if wanted == UserStatus::Rejected && user.publishing_until_ms.is_some_and(|until_ms| now_ms < until_ms) {
            return Err(Conflict::BeingPublished.into());
        }
        Box::pin(self.write_decision(&mut transaction, &user, decision, by, now_ms)).await?;
        let decided = self.registration(&mut transaction, address).await?;
        let given_up = match wanted {
            UserStatus::Rejected => Box::pin(self.give_up(&mut transaction, &decided, now_ms)).await?,
            _ => None,
        };
        transaction.commit().await?;
        if let (Some(network), Some(identity)) = (&self.network, given_up) {
            // It is decided, whatever comes of this: what fails is made again by `release_due`.
            let _ = Box::pin(self.release(network.as_ref(), identity, 0, now_ms)).await;
        }
        Ok(decided)
    }

    async fn registration(&self, transaction: &mut Transaction, address: Address) -> IdentityResult<UserRecord> {
        let row = transaction
            .fetch_optional(select_user!("WHERE address = $1"), values![address])
            .await?
            .ok_or(Conflict::UnknownUser { address })?;
        self.read_user(&row)
    }

    async fn write_decision(
        &self,
        transaction: &mut Transaction,
        user: &UserRecord,
        decision: &UserDecision,
        by: Address,
        now_ms: u64,
    ) -> IdentityResult<()> {
        let key = format!("{:#x}", user.address);
        match decision {
            UserDecision::Confirm { tx_hash, block_number } => {
                // First the old one goes: the index allows one living registration a person.
                transaction
                    .execute(
                        "UPDATE users SET status = 'replaced', decided_at_ms = $1, decided_by = $2 \
                         WHERE person_id = $3 AND address <> $4 AND status = 'confirmed'",
                        values![now_ms, by, user.person_id.as_str(), user.address],
                    )
                    .await?;
                transaction
                    .execute(
                        "UPDATE users SET status = 'confirmed', decided_at_ms = $1, decided_by = $2, recorded_tx = $3, \
                         recorded_block = $4, publishing = NULL, publishing_until_ms = NULL WHERE address = $5",
                        values![now_ms, by, *tx_hash, *block_number, user.address],
                    )
                    .await?;
            }
            UserDecision::Reject { reason } => {
                if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARS) {
                    return Err(IdentityError::TooLarge { what: "the reason", limit: MAX_REASON_CHARS });
                }
                let sealed = reason
                    .as_ref()
                    .map(|reason| self.seal("users.reason_sealed", &key, reason.as_bytes()))
                    .transpose()?;
                transaction
                    .execute(
                        "UPDATE users SET status = 'rejected', decided_at_ms = $1, decided_by = $2, reason_sealed = $3, \
                         publishing = NULL, publishing_until_ms = NULL WHERE address = $4",
                        values![now_ms, by, sealed, user.address],
                    )
                    .await?;
            }
        }
        Ok(())
    }
}
