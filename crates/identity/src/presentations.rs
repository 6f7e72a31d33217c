//! Presentations on their way from a holder to an inspector: ciphertext that this side cannot read, for minutes (C-QR).

use alloy_primitives::Address;

use crate::{
    database::{IdentityDatabase, Lock, values},
    error::{Conflict, IdentityError, IdentityResult},
};

/// Bytes of a presentation's identifier.
pub const PRESENTATION_ID_BYTES: usize = 16;
/// Longest ciphertext, in bytes.
pub const MAX_PRESENTATION_BYTES: usize = 64 * 1024;
/// Longest life of a presentation, in milliseconds.
pub const MAX_PRESENTATION_LIFE_MS: u64 = 10 * 60 * 1000;
/// Most presentations of one holder at a time.
pub const MAX_PRESENTATIONS_PER_HOLDER: usize = 20;

/// How often a presentation may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openings {
    /// Once: whoever comes later has photographed somebody else's code, or the inspector asks again.
    One,
    /// As often as it is asked for before it expires.
    Any,
}

/// A presentation as it is opened, with what is known of earlier openings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedPresentation {
    /// `None`: it was for one opening, and has been opened.
    pub ciphertext: Option<String>,
    /// Unix milliseconds.
    pub expires_at_ms: u64,
    /// How often it was opened before.
    pub opened_before: u64,
    /// When it was opened last before, Unix milliseconds.
    pub last_opened_at_ms: Option<u64>,
}

impl IdentityDatabase {
    /// Keeps a presentation until it expires. Expired ones are dropped on the way.
    ///
    /// # Errors
    /// `TooLarge` (size or life), `Conflict::TooMany`, `DatabaseUnreachable`.
    pub async fn put_presentation(
        &self,
        holder: Address,
        ciphertext: &str,
        openings: Openings,
        expires_at_ms: u64,
        now_ms: u64,
    ) -> IdentityResult<[u8; PRESENTATION_ID_BYTES]> {
        if ciphertext.len() > MAX_PRESENTATION_BYTES {
            return Err(IdentityError::TooLarge { what: "the presentation", limit: MAX_PRESENTATION_BYTES });
        }
        if expires_at_ms <= now_ms || expires_at_ms - now_ms > MAX_PRESENTATION_LIFE_MS {
            return Err(IdentityError::TooLarge { what: "the life of the presentation is past or", limit: 600 });
        }
        let mut id = [0; PRESENTATION_ID_BYTES];
        getrandom::fill(&mut id).map_err(|error| IdentityError::Broken(error.to_string()))?;
        let mut transaction = self.pool.begin(Lock::Presentation).await?;
        transaction.execute("DELETE FROM presentations WHERE expires_at_ms <= $1", values![now_ms]).await?;
        let held = transaction
            .fetch_optional("SELECT COUNT(*) FROM presentations WHERE created_by = $1", values![holder])
            .await?
            .map_or(Ok(0), |row| row.unsigned(0))?;
        if held >= MAX_PRESENTATIONS_PER_HOLDER as u64 {
            return Err(Conflict::TooMany { limit: MAX_PRESENTATIONS_PER_HOLDER }.into());
        }
        transaction
            .execute(
                "INSERT INTO presentations (id, ciphertext, created_by, expires_at_ms, for_one) VALUES ($1, $2, $3, $4, $5)",
                values![id.as_slice(), ciphertext, holder, expires_at_ms, u64::from(openings == Openings::One)],
            )
            .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Opens a presentation that has not expired, and counts that. Of one that is for one opening the ciphertext is given once, and kept no longer.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn open_presentation(
        &self,
        id: &[u8; PRESENTATION_ID_BYTES],
        now_ms: u64,
    ) -> IdentityResult<Option<OpenedPresentation>> {
        let mut transaction = self.pool.begin(Lock::Presentation).await?;
        let row = transaction
            .fetch_optional(
                "SELECT ciphertext, expires_at_ms, for_one, opened, last_opened_at_ms FROM presentations WHERE id = $1 AND expires_at_ms > $2",
                values![id.as_slice(), now_ms],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (ciphertext, opened_before) = (row.text(0)?, row.unsigned(3)?);
        let is_spent = row.unsigned(2)? != 0 && opened_before > 0;
        let opened = OpenedPresentation {
            ciphertext: (!is_spent).then_some(ciphertext),
            expires_at_ms: row.unsigned(1)?,
            opened_before,
            last_opened_at_ms: row.optional_unsigned(4)?,
        };
        if !is_spent {
            transaction
                .execute(
                    "UPDATE presentations SET opened = opened + 1, last_opened_at_ms = $1, ciphertext = CASE WHEN for_one = 0 THEN ciphertext ELSE '' END WHERE id = $2",
                    values![now_ms, id.as_slice()],
                )
                .await?;
            transaction.commit().await?;
        }
        Ok(Some(opened))
    }

    /// Drops what has expired; how many.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn purge_presentations(&self, now_ms: u64) -> IdentityResult<u64> {
        self.pool.execute("DELETE FROM presentations WHERE expires_at_ms <= $1", values![now_ms]).await
    }
}
