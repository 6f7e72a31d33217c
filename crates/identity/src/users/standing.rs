//! How far registrations are, without the keys: what another entity may know of them.

use std::fmt;

use alloy_primitives::Address;

use super::UserStatus;
use crate::{
    database::{IdentityDatabase, Pool, values},
    error::{IdentityError, IdentityResult},
};

/// Reads how far the registration of an address is, and nothing else. It has no key of the database, so nothing that is sealed there opens for whoever holds it.
#[derive(Clone)]
pub struct RegistrationReader {
    pub(crate) pool: Pool,
}

impl fmt::Debug for RegistrationReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationReader").finish_non_exhaustive()
    }
}

impl IdentityDatabase {
    /// A reader of registrations over the same connections. That the database is the city's was checked with its keys when it was opened (IDENTITY-5).
    #[must_use]
    pub fn registrations(&self) -> RegistrationReader {
        RegistrationReader { pool: self.pool.clone() }
    }
}

impl RegistrationReader {
    /// How far the registration of an address is; `None` when there is none.
    ///
    /// # Errors
    /// `DatabaseUnreachable`, `Broken`.
    pub async fn status(&self, address: Address) -> IdentityResult<Option<UserStatus>> {
        let row = self.pool.fetch_optional("SELECT status FROM users WHERE address = $1", values![address]).await?;
        let Some(row) = row else { return Ok(None) };
        let name = row.text(0)?;
        let known = UserStatus::ALL.into_iter().find(|known| known.name() == name);
        known.map(Some).ok_or_else(|| IdentityError::Broken("a registration has a broken status".into()))
    }
}
