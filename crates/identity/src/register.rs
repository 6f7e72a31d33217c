//! The register of a network of identity databases: which office holds the person with these tags (C-ID, decision 0047). It knows tags alone, whose keys
//! it does not have, so it tells nobody who they are of.
//!
//! ```text
//!   (unknown) --reserve--> reserved by an office --keep--> kept by it
//!       ^                       | its time passes, release      | release
//!       +-----------------------+-------------------------------+
//! ```

use alloy_primitives::B256;
use subtle::ConstantTimeEq;

use crate::{
    database::{DatabaseLocation, Lock, Pool, Transaction, values},
    error::{IdentityError, IdentityResult},
    network::{NetworkIdentity, Reservation},
};

/// How long a reservation holds that is not kept: an office decides in this time.
pub const RESERVATION_MS: u64 = 30 * 24 * 60 * 60 * 1000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The tags of a person in the network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NetworkTags {
    /// Over name, unit, city and country.
    pub name: B256,
    /// Over country and document number.
    pub document: Option<B256>,
}

impl std::fmt::Debug for NetworkTags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NetworkTags(..)")
    }
}

/// A register, or the counts of an evaluator, in a database of its own. Clones share one pool.
#[derive(Clone, Debug)]
pub struct PersonRegister {
    pool: Pool,
}

/// Who holds a row.
struct Holder {
    identity: NetworkIdentity,
    office: String,
}

impl PersonRegister {
    /// Opens the database and brings its tables to this version.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Migration`.
    pub async fn open(location: &DatabaseLocation) -> IdentityResult<Self> {
        Ok(Self { pool: Pool::open(location).await? })
    }

    /// Remembers by which evaluators' keys the tags are made, the first time; afterwards whether it is the same. Tags of other keys would make one person two.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `WrongKey`.
    pub async fn bind(&self, key_set: B256) -> IdentityResult<()> {
        let name = "network evaluators";
        self.pool
            .execute(
                "INSERT INTO key_checks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                values![name, key_set],
            )
            .await?;
        let row = self
            .pool
            .fetch_optional("SELECT value FROM key_checks WHERE name = $1", values![name])
            .await?
            .ok_or_else(|| IdentityError::Broken("the key check is gone".into()))?;
        if bool::from(row.bytes(0)?.ct_eq(key_set.as_slice())) { Ok(()) } else { Err(IdentityError::WrongKey) }
    }

    /// Makes a person an office's for [`RESERVATION_MS`], unless it is another's. What the office holds it goes on holding.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn reserve(&self, office: &str, tags: &NetworkTags, now_ms: u64) -> IdentityResult<Reservation> {
        let mut transaction = self.pool.begin(Lock::Network).await?;
        transaction
            .execute("DELETE FROM network_persons WHERE kept = 0 AND reserved_until_ms <= $1", values![now_ms])
            .await?;
        let holders = holders(&mut transaction, tags).await?;
        if holders.iter().any(|holder| holder.office != office) {
            return Ok(Reservation::HeldElsewhere);
        }
        let until_ms = now_ms.saturating_add(RESERVATION_MS);
        let identity = if let Some(holder) = holders.first() {
            transaction
                .execute(
                    // What is kept was confirmed with what it has: no application adds to it.
                    "UPDATE network_persons SET reserved_until_ms = $1, \
                     document_tag = CASE WHEN kept = 1 THEN document_tag ELSE COALESCE(document_tag, $2) END WHERE identity = $3",
                    values![until_ms, tags.document, holder.identity.0.to_vec()],
                )
                .await?;
            holder.identity
        } else {
            let identity = NetworkIdentity(crate::random_bytes()?);
            transaction
                .execute(
                    "INSERT INTO network_persons (identity, name_tag, document_tag, office, kept, reserved_until_ms) \
                     VALUES ($1, $2, $3, $4, 0, $5)",
                    values![identity.0.to_vec(), tags.name, tags.document, office, until_ms],
                )
                .await?;
            identity
        };
        transaction.commit().await?;
        Ok(Reservation::Held(identity))
    }

    /// Makes what an office has reserved its own for good; `false` if it does not hold it.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn keep(&self, office: &str, identity: NetworkIdentity) -> IdentityResult<bool> {
        let kept = self
            .pool
            .execute(
                "UPDATE network_persons SET kept = 1 WHERE identity = $1 AND office = $2",
                values![identity.0.to_vec(), office],
            )
            .await?;
        Ok(kept > 0)
    }

    /// Forgets a person that an office holds; `false` if it does not hold it.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn release(&self, office: &str, identity: NetworkIdentity) -> IdentityResult<bool> {
        let released = self
            .pool
            .execute(
                "DELETE FROM network_persons WHERE identity = $1 AND office = $2",
                values![identity.0.to_vec(), office],
            )
            .await?;
        Ok(released > 0)
    }

    /// Counts evaluations of an office on the day of `now_ms`, before they are made; `false`, and nothing counted, if they would be more than `most`.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn count_evaluations(&self, office: &str, count: u64, most: u64, now_ms: u64) -> IdentityResult<bool> {
        if count > most {
            return Ok(false);
        }
        let counted = self
            .pool
            .execute(
                "INSERT INTO network_evaluations (office, day, evaluated) VALUES ($1, $2, $3) ON CONFLICT (office, day) \
                 DO UPDATE SET evaluated = network_evaluations.evaluated + $3 WHERE network_evaluations.evaluated + $3 <= $4",
                values![office, now_ms / DAY_MS, count, most],
            )
            .await?;
        Ok(counted > 0)
    }

    /// How many evaluations each office had on the day of `now_ms`.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn evaluations(&self, now_ms: u64) -> IdentityResult<Vec<(String, u64)>> {
        let rows = self
            .pool
            .fetch_all(
                "SELECT office, evaluated FROM network_evaluations WHERE day = $1 ORDER BY office",
                values![now_ms / DAY_MS],
            )
            .await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.unsigned(1)?))).collect()
    }
}

/// Who holds the person with the same document; or else everybody with the same name, unit, city and country, unless documents tell them apart: as within one
/// database.
async fn holders(transaction: &mut Transaction, tags: &NetworkTags) -> IdentityResult<Vec<Holder>> {
    if let Some(document) = tags.document {
        let row = transaction
            .fetch_optional("SELECT identity, office FROM network_persons WHERE document_tag = $1", values![document])
            .await?;
        if let Some(row) = row {
            return Ok(vec![holder(&row)?]);
        }
    }
    let rows = transaction
        .fetch_all(
            "SELECT identity, office FROM network_persons WHERE name_tag = $1 AND (document_tag IS NULL OR $2 = 0)",
            values![tags.name, i64::from(tags.document.is_some())],
        )
        .await?;
    rows.iter().map(holder).collect()
}

fn holder(row: &crate::database::Row) -> IdentityResult<Holder> {
    let identity = row.bytes(0)?;
    let identity = identity.as_slice().try_into().map_err(|_| IdentityError::Broken("an identity".into()))?;
    Ok(Holder { identity: NetworkIdentity(identity), office: row.text(1)? })
}
