//! C2S: operators suspend the account of an address at the gateway, and restore it (M-CON-3).

use alloy_primitives::Address;
use async_trait::async_trait;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    o2c::Mode,
    v2m::{Happening, HistoryEntry},
};

use crate::entity::Provisioning;

/// Name of the journal entries.
const STANDING: &str = "user.standing";

/// Where it is kept whose account is suspended.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Whether an account is suspended.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn is_suspended(&self, address: Address) -> DoorResult<bool>;

    /// Whether nobody can be allowed to suspend this account: it configures or watches the city.
    fn is_indispensable(&self, address: Address) -> bool;

    /// Suspends or restores an account; durable when it returns.
    ///
    /// # Errors
    /// `DatabaseUnreachable`.
    async fn suspend(&self, address: Address, suspended: bool, by: Address, at_ms: u64) -> DoorResult<()>;
}

impl Provisioning {
    /// One line when it changes something.
    pub(crate) async fn suspend(
        &self,
        address: Address,
        suspended: bool,
        by: Address,
        mode: Mode,
    ) -> DoorResult<Vec<String>> {
        let accounts = self.accounts.as_ref().ok_or_else(|| {
            DoorError::new(Code::ConfigurationInvalid, "this city keeps no accounts that could be suspended")
        })?;
        if suspended && accounts.is_indispensable(address) {
            let detail = format!("{address} is an operator or a supervisor: its role is taken away where it was given");
            return Err(DoorError::new(Code::OperatorsLockedOut, detail));
        }
        if accounts.is_suspended(address).await? == suspended {
            return Ok(Vec::new());
        }
        let word = if suspended { "suspended" } else { "restored" };
        if mode == Mode::Apply {
            let at_ms = (self.clock)();
            let entry = HistoryEntry {
                time_ms: at_ms,
                happening: Happening::Configured,
                name: STANDING.to_owned(),
                by: Some(by),
                subject: address.to_string(),
                recorded: None,
                facts: word.to_owned(),
                revision: None,
                right: None,
                verified: None,
            };
            self.journal.record(entry).await?;
            accounts.suspend(address, suspended, by, at_ms).await?;
        }
        Ok(vec![format!("user {address}: {word}")])
    }
}
