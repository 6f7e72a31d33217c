//! What happened at the doors of representation and provisioning: for M2R and M2S (M-MON-2). No personal data, no content.

use alloy_primitives::Address;

use crate::{
    charges::Charge,
    database::{IdentityDatabase, Row, Transaction, Value, values},
    error::{IdentityError, IdentityResult},
};

/// Most entries that one query answers: more than any answer shows, which says that there are more.
pub const MAX_JOURNAL_ROWS: usize = 10_100;
/// Longest name, subject or facts of an entry, in bytes; what is longer is cut.
pub const MAX_JOURNAL_TEXT_BYTES: usize = 300;

const ADD: &str = "INSERT INTO journal (time_ms, keeper, happening, name, actor, subject, facts, by_right, \
                   charged_organization, charged_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Whose journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keeper {
    /// Submissions at R2D.
    Representation,
    /// Accesses at U2S and to personal data.
    Provisioning,
    /// Changes at O2C.
    Controlling,
}

impl Keeper {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Representation => "representation",
            Self::Provisioning => "provisioning",
            Self::Controlling => "controlling",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Happening {
    /// A submission was accepted.
    Submitted,
    /// A submission was refused.
    SubmissionRefused,
    /// Data was accessed.
    Accessed,
    /// The configuration was changed.
    Configured,
}

impl Happening {
    const ALL: [Self; 4] = [Self::Submitted, Self::SubmissionRefused, Self::Accessed, Self::Configured];

    const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::SubmissionRefused => "submission-refused",
            Self::Accessed => "accessed",
            Self::Configured => "configured",
        }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// Whose journal.
    pub keeper: Keeper,
    /// What.
    pub happening: Happening,
    /// Name of the operation or service.
    pub name: String,
    /// By whom; `None` for the public.
    pub actor: Option<Address>,
    /// What it was about: a certificate id, an address.
    pub subject: String,
    /// Short public facts.
    pub facts: String,
    /// Of what was read: the name of the right by which.
    pub right: Option<String>,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct JournalQuery {
    /// From this time on, Unix milliseconds.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub to_ms: Option<u64>,
    /// Only this one; `None`: all.
    pub happenings: Vec<Happening>,
    /// Only about this.
    pub subject: Option<String>,
    /// Only by this address.
    pub actor: Option<Address>,
    /// At most so many, up to [`MAX_JOURNAL_ROWS`].
    pub limit: usize,
}

impl IdentityDatabase {
    /// Adds an entry.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn record(&self, entry: &JournalEntry) -> IdentityResult<()> {
        self.add(entry, None).await
    }

    /// Adds an entry with what is charged for it.
    pub(crate) async fn add(&self, entry: &JournalEntry, charge: Option<&Charge>) -> IdentityResult<()> {
        self.pool.execute(ADD, row(entry, charge)).await?;
        Ok(())
    }

    /// Entries of one keeper, newest first.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn journal(&self, keeper: Keeper, query: &JournalQuery) -> IdentityResult<Vec<JournalEntry>> {
        let (sql, values) = statement(keeper, query);
        let rows = self.pool.fetch_all(sql, values).await?;
        rows.iter().map(|row| read_entry(keeper, row)).collect()
    }
}

/// A statement over entries: a condition that may not apply would keep every index from being used, so each combination is a statement of its own.
macro_rules! entries {
    ($conditions:literal) => {
        concat!(
            "SELECT time_ms, happening, name, actor, subject, facts, by_right FROM journal \
             WHERE keeper = $1 AND time_ms >= $2 AND time_ms < $3 \
             AND ((happening = 'submitted' AND $4 = 1) OR (happening = 'submission-refused' AND $5 = 1) \
             OR (happening = 'accessed' AND $6 = 1) OR (happening = 'configured' AND $7 = 1))",
            $conditions,
            " ORDER BY time_ms DESC, id DESC LIMIT $8"
        )
    };
}

const OF_ALL: &str = entries!("");
const ABOUT: &str = entries!(" AND subject = $9");
const BY: &str = entries!(" AND actor = $9");
const ABOUT_BY: &str = entries!(" AND subject = $9 AND actor = $10");

fn statement(keeper: Keeper, query: &JournalQuery) -> (&'static str, Vec<Value>) {
    let wants = |happening| i64::from(query.happenings.is_empty() || query.happenings.contains(&happening));
    let mut values = values![
        keeper.name(),
        query.from_ms.unwrap_or(0),
        query.to_ms.unwrap_or(u64::MAX),
        wants(Happening::Submitted),
        wants(Happening::SubmissionRefused),
        wants(Happening::Accessed),
        wants(Happening::Configured),
        query.limit.min(MAX_JOURNAL_ROWS) as u64,
    ];
    let sql = match (&query.subject, query.actor) {
        (None, None) => OF_ALL,
        (Some(_), None) => ABOUT,
        (None, Some(_)) => BY,
        (Some(_), Some(_)) => ABOUT_BY,
    };
    values.extend(query.subject.as_deref().map(Value::from));
    values.extend(query.actor.map(Value::from));
    (sql, values)
}

/// What [`ADD`] writes.
fn row(entry: &JournalEntry, charge: Option<&Charge>) -> Vec<Value> {
    values![
        entry.time_ms,
        entry.keeper.name(),
        entry.happening.name(),
        bounded(&entry.name),
        entry.actor,
        bounded(&entry.subject),
        bounded(&entry.facts),
        entry.right.clone(),
        charge.map(|charge| charge.organization.clone()),
        charge.map(|charge| charge.bytes),
    ]
}

/// Adds an entry with whatever else a transaction writes.
pub(crate) async fn add_to(transaction: &mut Transaction, entry: &JournalEntry) -> IdentityResult<()> {
    transaction.execute(ADD, row(entry, None)).await?;
    Ok(())
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_JOURNAL_TEXT_BYTES)]
}

fn read_entry(keeper: Keeper, row: &Row) -> IdentityResult<JournalEntry> {
    let happening = row.text(1)?;
    Ok(JournalEntry {
        time_ms: row.unsigned(0)?,
        keeper,
        happening: Happening::ALL
            .into_iter()
            .find(|known| known.name() == happening)
            .ok_or_else(|| IdentityError::Broken("a journal entry has an unknown happening".into()))?,
        name: row.text(2)?,
        actor: row.optional_address(3)?,
        subject: row.text(4)?,
        facts: row.text(5)?,
        right: row.optional_text(6)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{DatabaseLocation, KeyRing};

    /// How SQLite looks the entries up.
    async fn plan(database: &IdentityDatabase, explained: &'static str, query: &JournalQuery) -> String {
        let rows = database.pool.fetch_all(explained, statement(Keeper::Provisioning, query).1).await.unwrap();
        rows.iter().map(|row| row.text(3).unwrap()).collect::<Vec<_>>().join("; ")
    }

    // M-APP, M-MON-2: what somebody read of one thing is found without walking over what others read, and comes in order.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_somebody_read_of_one_thing_is_looked_up() {
        let directory = tempfile::tempdir().unwrap();
        let keys = KeyRing::load_or_create(&directory.path().join("identity.keys")).unwrap();
        let location = DatabaseLocation::Sqlite(directory.path().join("identity.sqlite"));
        let database = IdentityDatabase::open(&location, keys).await.unwrap();
        let subject = JournalQuery { subject: Some("a".into()), limit: 10, ..JournalQuery::default() };
        let both = JournalQuery { actor: Some(Address::repeat_byte(1)), ..subject.clone() };
        let about = plan(&database, concat!("EXPLAIN QUERY PLAN ", entries!(" AND subject = $9")), &subject).await;
        assert!(about.contains("journal_subject_time (subject=?") && !about.contains("TEMP B-TREE"), "{about}");
        let explained = concat!("EXPLAIN QUERY PLAN ", entries!(" AND subject = $9 AND actor = $10"));
        let about_by = plan(&database, explained, &both).await;
        assert!(about_by.contains("journal_subject_actor (subject=? AND actor=?"), "{about_by}");
        assert!(!about_by.contains("TEMP B-TREE"), "{about_by}");
    }
}
