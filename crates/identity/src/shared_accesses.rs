//! Who came for shared assets, as their owners' services tell it (M-MON-2, S-ASSET): the exact lines of an owner's journal, each kept once, however often it is handed over, and told
//! in the journal of provisioning with it.

use alloy_primitives::{Address, B256};

use crate::{
    database::{IdentityDatabase, Lock, Row, Transaction, values},
    error::IdentityResult,
    journal::{JournalEntry, MAX_JOURNAL_ROWS, add_to},
};

/// Facts of an entry whose line does not follow what the same owner has handed over before.
const CONTRADICTION: &str = "; CONTRADICTS what was handed over before";

/// A line of an owner's journal.
#[derive(Clone, Debug)]
pub struct SharedAccess {
    /// Its number there.
    pub number: u64,
    /// SHA-256 of it.
    pub hash: B256,
    /// SHA-256 of the line before, as it says itself.
    pub previous: B256,
    /// Who came.
    pub reader: Address,
    /// Exactly as it stands there.
    pub line: String,
    /// What the journal says of it.
    pub entry: JournalEntry,
}

/// Lines that came together.
#[derive(Clone, Debug)]
pub struct SharedAccesses {
    /// The contract of the asset.
    pub asset: Address,
    /// Who has signed them.
    pub owner: Address,
    /// Its signature over the last line.
    pub signature: Vec<u8>,
    /// When they came, Unix milliseconds.
    pub recorded_at_ms: u64,
    /// In their order.
    pub lines: Vec<SharedAccess>,
}

/// A line that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAccess {
    /// Its place: later ones have greater ones.
    pub id: u64,
    /// Whose journal it stands in.
    pub owner: Address,
    /// Exactly as it stands there.
    pub line: String,
    /// Number of the line that is signed, this one or one after it.
    pub signed_through: u64,
    /// The owner's signature over that line.
    pub signature: Vec<u8>,
    /// When it came, Unix milliseconds.
    pub recorded_at_ms: u64,
}

impl IdentityDatabase {
    /// Keeps lines, and adds an entry to the journal for each that is new: both or neither. How many were new.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn keep_shared_accesses(&self, handed: &SharedAccesses) -> IdentityResult<usize> {
        let through = handed.lines.last().map_or(0, |line| line.number);
        let mut transaction = self.pool.begin(Lock::SharedAccess).await?;
        let mut new = 0;
        for line in &handed.lines {
            let is_new = transaction
                .execute(
                    "INSERT INTO shared_accesses (asset, owner, number, line_hash, reader, line, signed_through, \
                     signature, recorded_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                     ON CONFLICT (asset, owner, number, line_hash) DO NOTHING",
                    values![
                        handed.asset,
                        handed.owner,
                        line.number,
                        line.hash,
                        line.reader,
                        line.line.as_str(),
                        through,
                        handed.signature.as_slice(),
                        handed.recorded_at_ms,
                    ],
                )
                .await?
                > 0;
            if !is_new {
                continue;
            }
            new += 1;
            let mut entry = line.entry.clone();
            if contradicts(&mut transaction, (handed.asset, handed.owner), line).await? {
                entry.facts.push_str(CONTRADICTION);
            }
            add_to(&mut transaction, &entry).await?;
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// Lines about an asset before a place, newest first: those of one reader, or everybody's.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn shared_accesses(
        &self,
        asset: Address,
        reader: Option<Address>,
        before: u64,
        limit: usize,
    ) -> IdentityResult<Vec<KeptAccess>> {
        let rows = self
            .pool
            .fetch_all(
                "SELECT id, owner, line, signed_through, signature, recorded_at_ms FROM shared_accesses \
                 WHERE asset = $1 AND id < $2 AND ($3 = 0 OR reader = $4) ORDER BY id DESC LIMIT $5",
                values![
                    asset,
                    before,
                    i64::from(reader.is_some()),
                    reader.unwrap_or_default(),
                    limit.min(MAX_JOURNAL_ROWS) as u64,
                ],
            )
            .await?;
        rows.iter().map(read_access).collect()
    }
}

/// Whether the same owner has handed over another line of this number, or another one before it than this one names.
async fn contradicts(
    transaction: &mut Transaction,
    (asset, owner): (Address, Address),
    line: &SharedAccess,
) -> IdentityResult<bool> {
    let before = line.number.saturating_sub(1);
    let rows = transaction
        .fetch_all(
            "SELECT number, line_hash FROM shared_accesses WHERE asset = $1 AND owner = $2 AND number >= $3 AND number <= $4",
            values![asset, owner, before, line.number],
        )
        .await?;
    let known: Vec<(u64, B256)> =
        rows.iter().map(|row| Ok((row.unsigned(0)?, row.hash(1)?))).collect::<IdentityResult<_>>()?;
    let is_other = known.iter().any(|(number, hash)| *number == line.number && *hash != line.hash);
    let mut preceding = known.iter().filter(|(number, _)| *number != line.number).peekable();
    let is_unchained = preceding.peek().is_some() && !preceding.any(|(_, hash)| *hash == line.previous);
    Ok(is_other || is_unchained)
}

fn read_access(row: &Row) -> IdentityResult<KeptAccess> {
    Ok(KeptAccess {
        id: row.unsigned(0)?,
        owner: row.address(1)?,
        line: row.text(2)?,
        signed_through: row.unsigned(3)?,
        signature: row.bytes(4)?,
        recorded_at_ms: row.unsigned(5)?,
    })
}
