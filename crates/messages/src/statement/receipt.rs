//! What a receipt is of, and which deposits are believed at all.

use alloy_primitives::B256;
use chancery_primitives::UnixSeconds;

use super::{Acknowledgement, Deposit, Stated, StatementError, VERSION};

/// What becomes of a deposit of [`super::VERSION_WITHOUT_GENESIS`]: whoever keeps a chain with the same id elsewhere can bring it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutGenesis {
    /// It is refused.
    Refused,
    /// It is taken: its receiver knows from elsewhere that it was meant for this chain.
    Accepted,
}

impl Stated<Deposit> {
    /// Checks that it names the genesis of its chain, or that this is not asked.
    ///
    /// # Errors
    /// [`StatementError::NamesNoGenesis`].
    pub const fn ensure_names_genesis(&self, without: WithoutGenesis) -> Result<(), StatementError> {
        match (self.statement.head.genesis, without) {
            (Some(_), _) | (None, WithoutGenesis::Accepted) => Ok(()),
            (None, WithoutGenesis::Refused) => Err(StatementError::NamesNoGenesis),
        }
    }
}

impl Stated<Acknowledgement> {
    /// The receipt of a deposit, for its receiver to sign; it names the chain that the receiver trusts.
    ///
    /// # Errors
    /// [`StatementError::NamesNoGenesis`]; [`StatementError::OtherMessage`] for a deposit on a chain with another genesis.
    pub fn of(
        deposit: &Stated<Deposit>,
        genesis: B256,
        received: UnixSeconds,
        without: WithoutGenesis,
    ) -> Result<Self, StatementError> {
        deposit.ensure_names_genesis(without)?;
        let head = &deposit.statement.head;
        let said = Self::write(Acknowledgement {
            version: VERSION,
            chain_id: head.received_on().0,
            genesis: Some(genesis),
            message: deposit.id(),
            deposit: deposit.digest(),
            by: head.to,
            received,
        })?;
        said.check_of(deposit)?;
        Ok(said)
    }

    /// Checks that it is of this deposit, by the receiver that the deposit names. Its signature is for [`Stated::verify`].
    ///
    /// # Errors
    /// [`StatementError::OtherMessage`].
    pub fn check_of(&self, deposit: &Stated<Deposit>) -> Result<(), StatementError> {
        let (said, head) = (&self.statement, &deposit.statement.head);
        let (chain_id, expected) = head.received_on();
        Err(StatementError::OtherMessage(if said.message != deposit.id() {
            "message: it is another message"
        } else if said.deposit != deposit.digest() {
            "deposit: it is not the digest of the operation that deposited the message"
        } else if said.by != head.to {
            "by: it is not the receiver that the message names"
        } else if said.chain_id != chain_id {
            "chainId: it is another chain"
        } else if expected.is_some() && said.genesis != expected {
            "genesis: it is another chain"
        } else {
            return Ok(());
        }))
    }
}
