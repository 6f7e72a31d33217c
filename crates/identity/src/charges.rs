//! Answers that are charged for (C-FEE): counted from the journal, where each stands since before it was given. What is looked at again within an hour by the same
//! address is one, so that whoever asks again because the network failed pays once.

use alloy_primitives::Address;

use crate::{
    database::{IdentityDatabase, Row, values},
    error::IdentityResult,
    journal::{JournalEntry, Keeper},
};

/// How long what is looked at again counts as one, in milliseconds: within the same hour of the clock.
pub const CHARGED_ONCE_MS: u64 = 3_600_000;

/// What is charged for an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Code of the organization for which was asked.
    pub organization: String,
    /// Bytes of the question and of its answer.
    pub bytes: u64,
}

/// What one address was answered for one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Who asked.
    pub by: Address,
    /// For whom.
    pub organization: String,
    /// How many subjects, each once an hour.
    pub count: u64,
    /// Bytes of all questions and answers.
    pub bytes: u64,
}

/// Which answers.
#[derive(Clone, Debug)]
pub struct ChargedQuery<'a> {
    /// Name of the service.
    pub name: &'a str,
    /// From this time on, Unix milliseconds.
    pub from_ms: u64,
    /// Before this time.
    pub to_ms: u64,
    /// Only to this address.
    pub by: Option<Address>,
    /// Rows at most.
    pub limit: u64,
}

impl IdentityDatabase {
    /// Adds an entry that is charged for.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn record_charged(&self, entry: &JournalEntry, charge: &Charge) -> IdentityResult<()> {
        self.add(entry, Some(charge)).await
    }

    /// What was charged for, by address and organization, in their order.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn charged(&self, keeper: Keeper, query: &ChargedQuery<'_>) -> IdentityResult<Vec<Charged>> {
        let rows = self
            .pool
            .fetch_all(
                "SELECT actor, charged_organization, \
                 COUNT(DISTINCT subject || ' ' || CAST(time_ms / $7 AS TEXT)), CAST(SUM(charged_bytes) AS BIGINT) \
                 FROM journal WHERE charged_bytes IS NOT NULL AND time_ms >= $1 AND time_ms < $2 \
                 AND keeper = $3 AND name = $4 AND ($5 = 0 OR actor = $6) AND actor IS NOT NULL \
                 GROUP BY actor, charged_organization ORDER BY actor, charged_organization LIMIT $8",
                values![
                    query.from_ms,
                    query.to_ms,
                    keeper.name(),
                    query.name,
                    i64::from(query.by.is_some()),
                    query.by,
                    CHARGED_ONCE_MS,
                    query.limit,
                ],
            )
            .await?;
        rows.iter().map(read_charged).collect()
    }
}

fn read_charged(row: &Row) -> IdentityResult<Charged> {
    let (by, organization) = (row.address(0)?, row.text(1)?);
    Ok(Charged { by, organization, count: row.unsigned(2)?, bytes: row.unsigned(3)? })
}
