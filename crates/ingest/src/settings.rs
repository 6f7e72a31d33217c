//! Settings of the city that no contract keeps: what an operator set stands in the journal, and with the next data block on the chain (M-CON-3).

use alloy_primitives::Address;
use chancery_reference_points::{Code, DoorError, DoorResult, data_block::TransactionLocator};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::{
    Ingest,
    limits::{MAX_SETTING_BYTES, SETTING_FINAL_TIMEOUT},
    unkept::ending,
    writer::Command,
};

/// A setting as it is kept: what its leaf commits to are these members, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// What kind of setting.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// What was set.
    pub facts: String,
    /// Which operator.
    pub by: Address,
    /// Unix milliseconds.
    pub at_ms: u64,
}

impl Setting {
    /// Whether it has a place in the journal.
    ///
    /// # Errors
    /// `ConfigurationInvalid` beyond [`MAX_SETTING_BYTES`].
    pub fn check(&self) -> DoorResult<()> {
        if self.name.len() + self.subject.len() + self.facts.len() <= MAX_SETTING_BYTES {
            return Ok(());
        }
        let detail = format!("name, subject and value of a setting have at most {MAX_SETTING_BYTES} bytes");
        Err(DoorError::new(Code::ConfigurationInvalid, detail))
    }
}

impl Ingest {
    /// Records what was set: durable when this returns. Waits until its data block is final, or [`SETTING_FINAL_TIMEOUT`] is over: then there is no locator.
    ///
    /// # Errors
    /// `ConfigurationInvalid`, `TooManyRequests`, `JournalUnavailable`.
    pub async fn set(&self, setting: Setting) -> DoorResult<Option<TransactionLocator>> {
        setting.check()?;
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Setting { setting, reply }).map_err(|_| ending())?;
        let place = answer.await.map_err(|_| ending())??;
        tokio::time::timeout(SETTING_FINAL_TIMEOUT, self.recorded(place)).await.unwrap_or(Ok(None))
    }
}
