//! Addresses whose account at the gateway an operator has suspended (M-CON-3). Keys of organizations and registrations stay what they are.

use alloy_primitives::Address;

use crate::{
    RegistrationReader,
    database::{IdentityDatabase, values},
    error::IdentityResult,
};

const SUSPENDED: &str = "SELECT since_ms FROM suspensions WHERE address = $1";

impl IdentityDatabase {
    /// Suspends an address. One that is suspended already stays so since then.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn suspend(&self, address: Address, by: Address, at_ms: u64) -> IdentityResult<()> {
        let statement = "INSERT INTO suspensions (address, since_ms, by_operator) VALUES ($1, $2, $3) \
                         ON CONFLICT (address) DO NOTHING";
        self.pool.execute(statement, values![address, at_ms, by]).await?;
        Ok(())
    }

    /// Lifts the suspension of an address, if there is one.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn lift_suspension(&self, address: Address) -> IdentityResult<()> {
        self.pool.execute("DELETE FROM suspensions WHERE address = $1", values![address]).await?;
        Ok(())
    }

    /// Whether an address is suspended.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn is_suspended(&self, address: Address) -> IdentityResult<bool> {
        self.registrations().is_suspended(address).await
    }
}

impl RegistrationReader {
    /// Whether an address is suspended.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    pub async fn is_suspended(&self, address: Address) -> IdentityResult<bool> {
        Ok(self.pool.fetch_optional(SUSPENDED, values![address]).await?.is_some())
    }
}
