//! What is kept of one message beside its envelope.

use alloy_primitives::Bytes;
use chancery_reference_points::data_block::TransactionLocator;
use serde::{Deserialize, Serialize};

use super::{Incoming, MailboxError};
use crate::statement::{Acknowledgement, Deposit, Stated};

/// From where to where a message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Between organizations of this city.
    #[default]
    Within,
    /// To another city: deposited here, and kept so long that it can be delivered.
    ToOtherCity,
    /// From another city, which has recorded the deposit.
    FromOtherCity,
}

/// A message as the mailbox has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Exact text of the deposit.
    pub deposit: String,
    /// The sender's signature.
    pub signature: Bytes,
    /// Bytes of the envelope.
    pub sealed_bytes: u64,
    /// When it arrived, Unix seconds.
    pub arrived_at: u64,
    /// From where to where it goes.
    #[serde(default)]
    pub route: Route,
    /// Its place among all messages, once it is visible.
    pub place: Option<u64>,
    /// Where the data block with its deposit is recorded.
    pub deposited: Option<TransactionLocator>,
    /// The receiver's acknowledgement.
    pub acknowledgement: Option<Receipt>,
}

/// An acknowledgement as the mailbox has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Exact text.
    pub text: String,
    /// The receiver's signature.
    pub signature: Bytes,
    /// When it arrived, Unix seconds.
    pub arrived_at: u64,
    /// Where its data block is recorded, once that is final.
    pub recorded: Option<TransactionLocator>,
}

impl Record {
    /// Of a message that is deposited here.
    pub(super) fn new(incoming: &Incoming<'_>) -> Self {
        let is_outgoing = incoming.deposit.statement.head.to_city.is_some();
        Self {
            route: if is_outgoing { Route::ToOtherCity } else { Route::Within },
            deposit: incoming.deposit.text.clone(),
            signature: incoming.signature.clone(),
            sealed_bytes: incoming.envelope.len() as u64,
            arrived_at: incoming.now,
            place: None,
            deposited: None,
            acknowledgement: None,
        }
    }

    /// What the sender has stated.
    ///
    /// # Errors
    /// [`MailboxError::Damaged`].
    pub fn stated(&self) -> Result<Stated<Deposit>, MailboxError> {
        Stated::read(&self.deposit).map_err(|_| MailboxError::Damaged)
    }

    /// What the receiver has stated, if anything.
    ///
    /// # Errors
    /// [`MailboxError::Damaged`].
    pub fn stated_acknowledgement(&self) -> Result<Option<Stated<Acknowledgement>>, MailboxError> {
        let text = self.acknowledgement.as_ref().map(|receipt| Stated::read(&receipt.text));
        text.transpose().map_err(|_| MailboxError::Damaged)
    }

    /// Whether its acknowledgement is final.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledgement.as_ref().is_some_and(|receipt| receipt.recorded.is_some())
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, MailboxError> {
        serde_json::to_vec(self).map_err(|_| MailboxError::Damaged)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, MailboxError> {
        serde_json::from_slice(bytes).map_err(|_| MailboxError::Damaged)
    }
}
