//! Applications for certificates: a citizen asks for a kind, an office decides. Their details are sealed at rest.

use std::fmt;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    database::{Cursor, IdentityDatabase, Lock, Page, Row, values},
    error::{Conflict, IdentityError, IdentityResult},
    users::MAX_REASON_CHARS,
};

/// Longest details, in bytes of JSON.
pub const MAX_DETAILS_BYTES: usize = 32 * 1024;
/// Most undecided applications of one person.
pub const MAX_OPEN_APPLICATIONS: usize = 50;

/// How far an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationStatus {
    /// Waits for an office.
    Submitted,
    /// A certificate was issued.
    Issued,
    /// An office has refused.
    Rejected,
}

impl ApplicationStatus {
    const ALL: [Self; 3] = [Self::Submitted, Self::Issued, Self::Rejected];

    /// The name in the database and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Issued => "issued",
            Self::Rejected => "rejected",
        }
    }
}

/// An application.
#[derive(Clone, PartialEq)]
pub struct ApplicationRecord {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Who asks.
    pub applicant: Address,
    /// For what kind.
    pub kind: String,
    /// How far.
    pub status: ApplicationStatus,
    /// By the kind's schema for applications.
    pub details: Json,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds.
    pub decided_at_ms: Option<u64>,
    /// Who decided.
    pub decided_by: Option<Address>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The certificate that was issued.
    pub certificate_id: Option<B256>,
}

impl fmt::Debug for ApplicationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationRecord").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// An office's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationDecision {
    /// A certificate was issued for it.
    Issued {
        /// Which.
        certificate_id: B256,
    },
    /// Refused.
    Rejected {
        /// Why, for the applicant.
        reason: String,
    },
}

/// Which applications.
#[derive(Clone, Debug, Default)]
pub struct ApplicationQuery {
    /// Those of this applicant.
    pub applicant: Option<Address>,
    /// And those for these kinds. With neither applicant nor kinds: all.
    pub kinds: Option<Vec<String>>,
    /// Of them, only those for this kind.
    pub only_kind: Option<String>,
    /// Only those of this status.
    pub status: Option<ApplicationStatus>,
    /// Which page.
    pub page: Page,
}

/// Whether a text has the form of an application's identifier: 32 hexadecimal digits, lower case.
#[must_use]
pub fn is_application_id(text: &str) -> bool {
    text.len() == 2 * crate::ID_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

macro_rules! select_application {
    ($rest:literal) => {
        concat!(
            "SELECT id, applicant, kind, status, details_sealed, created_at_ms, decided_at_ms, decided_by, reason_sealed, \
             certificate_id FROM applications ",
            $rest
        )
    };
}

impl IdentityDatabase {
    /// Takes an application down.
    ///
    /// # Errors
    /// `TooLarge`, `Conflict::TooMany`, `DatabaseUnreachable`.
    pub async fn apply(
        &self,
        applicant: Address,
        kind: &str,
        details: &Json,
        now_ms: u64,
    ) -> IdentityResult<ApplicationRecord> {
        let json = details.to_string();
        if json.len() > MAX_DETAILS_BYTES {
            return Err(IdentityError::TooLarge { what: "the application", limit: MAX_DETAILS_BYTES });
        }
        let mut transaction = self.pool.begin(Lock::Application).await?;
        let open = transaction
            .fetch_optional(
                "SELECT COUNT(*) FROM applications WHERE applicant = $1 AND status = 'submitted'",
                values![applicant],
            )
            .await?
            .map_or(Ok(0), |row| row.unsigned(0))?;
        if open >= MAX_OPEN_APPLICATIONS as u64 {
            return Err(Conflict::TooMany { limit: MAX_OPEN_APPLICATIONS }.into());
        }
        let id = crate::random_id()?;
        let sealed = self.seal("applications.details_sealed", &id, json.as_bytes())?;
        transaction
            .execute(
                "INSERT INTO applications (id, applicant, kind, status, details_sealed, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
                values![id.as_str(), applicant, kind, ApplicationStatus::Submitted.name(), sealed, now_ms],
            )
            .await?;
        transaction.commit().await?;
        Ok(ApplicationRecord {
            id,
            applicant,
            kind: kind.to_owned(),
            status: ApplicationStatus::Submitted,
            details: details.clone(),
            created_at_ms: now_ms,
            decided_at_ms: None,
            decided_by: None,
            reason: None,
            certificate_id: None,
        })
    }

    /// One application; none has an identifier that is not [`is_application_id`].
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn application(&self, id: &str) -> IdentityResult<Option<ApplicationRecord>> {
        if !is_application_id(id) {
            return Ok(None);
        }
        let row = self.pool.fetch_optional(select_application!("WHERE id = $1"), values![id]).await?;
        row.map(|row| self.read_application(&row)).transpose()
    }

    /// Applications, newest first, and where the next page begins.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn applications(
        &self,
        query: &ApplicationQuery,
    ) -> IdentityResult<(Vec<ApplicationRecord>, Option<Cursor>)> {
        let (time_ms, key) = query.page.before();
        // Kinds are ASCII names without commas, so that a list of them is one text parameter in both databases.
        let kinds = query.kinds.as_ref().map(|kinds| format!(",{},", kinds.join(",")));
        let rows = self
            .pool
            .fetch_all(
                select_application!(
                    "WHERE (($1 = 1 AND applicant = $2) OR ($3 = 1 AND $4 LIKE '%,' || kind || ',%') OR ($1 = 0 AND $3 = 0)) \
                     AND ($5 = 0 OR status = $6) AND ($10 = 0 OR kind = $11) \
                     AND (created_at_ms < $7 OR (created_at_ms = $7 AND id < $8)) ORDER BY created_at_ms DESC, id DESC LIMIT $9"
                ),
                values![
                    i64::from(query.applicant.is_some()),
                    query.applicant.unwrap_or_default(),
                    i64::from(kinds.is_some()),
                    kinds.unwrap_or_default(),
                    i64::from(query.status.is_some()),
                    query.status.map_or("", ApplicationStatus::name),
                    time_ms,
                    key,
                    query.page.rows(),
                    i64::from(query.only_kind.is_some()),
                    query.only_kind.as_deref().unwrap_or_default(),
                ],
            )
            .await?;
        let records = rows.iter().map(|row| self.read_application(row)).collect::<IdentityResult<Vec<_>>>()?;
        let full = i64::try_from(rows.len()) == Ok(query.page.rows());
        let next = records.last().filter(|_| full).map(|last| Cursor::new(last.created_at_ms, last.id.clone()));
        Ok((records, next))
    }

    /// Decides an application, once.
    ///
    /// # Errors
    /// `Conflict::AlreadyDecided` when it is decided otherwise, `TooLarge`, `DatabaseUnreachable`; `Ok(None)` when there is none.
    pub async fn decide_application(
        &self,
        id: &str,
        decision: &ApplicationDecision,
        by: Address,
        now_ms: u64,
    ) -> IdentityResult<Option<ApplicationRecord>> {
        if !is_application_id(id) {
            return Ok(None);
        }
        let (status, reason, certificate) = match decision {
            ApplicationDecision::Issued { certificate_id } => (ApplicationStatus::Issued, None, Some(*certificate_id)),
            ApplicationDecision::Rejected { reason } => (ApplicationStatus::Rejected, Some(reason.as_str()), None),
        };
        if reason.is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARS) {
            return Err(IdentityError::TooLarge { what: "the reason", limit: MAX_REASON_CHARS });
        }
        let sealed = reason.map(|reason| self.seal("applications.reason_sealed", id, reason.as_bytes())).transpose()?;
        let changed = self
            .pool
            .execute(
                "UPDATE applications SET status = $1, decided_at_ms = $2, decided_by = $3, reason_sealed = $4, certificate_id = $5 \
                 WHERE id = $6 AND status = 'submitted'",
                values![status.name(), now_ms, by, sealed, certificate, id],
            )
            .await?;
        let Some(record) = self.application(id).await? else {
            return Ok(None);
        };
        let same = record.status == status && record.certificate_id == certificate;
        if changed == 0 && !same {
            return Err(Conflict::AlreadyDecided.into());
        }
        Ok(Some(record))
    }

    fn read_application(&self, row: &Row) -> IdentityResult<ApplicationRecord> {
        let broken = |what: &str| IdentityError::Broken(format!("an application has a broken {what}"));
        let (id, status) = (row.text(0)?, row.text(3)?);
        let details = self.open_text("applications.details_sealed", &id, &row.bytes(4)?)?;
        let reason = row.optional_bytes(8)?;
        Ok(ApplicationRecord {
            applicant: row.address(1)?,
            kind: row.text(2)?,
            status: ApplicationStatus::ALL
                .into_iter()
                .find(|known| known.name() == status)
                .ok_or_else(|| broken("status"))?,
            details: serde_json::from_str(&details).map_err(|_| broken("text"))?,
            created_at_ms: row.unsigned(5)?,
            decided_at_ms: row.optional_unsigned(6)?,
            decided_by: row.optional_address(7)?,
            reason: reason.map(|sealed| self.open_text("applications.reason_sealed", &id, &sealed)).transpose()?,
            certificate_id: row.optional_hash(9)?,
            id,
        })
    }
}
