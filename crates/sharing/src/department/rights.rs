//! Rights of use (M-APP, S-ASSET; SHARE-16): who may use an asset, for what, until when. The owner gives and withdraws them; their holders ask by them.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolEvent;
use chancery_contracts::DigitalAsset;
use chancery_ledger::FinalTransaction;
use serde::Serialize;
use serde_with::{DisplayFromStr, serde_as};

use super::{AskedAccess, AssetContract, Department, DepartmentError};

/// A right as the contract has it. Addresses are written with their EIP-55 checksum.
#[serde_as]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UseRight {
    /// Its number.
    pub right: u64,
    /// Who has it.
    #[serde_as(as = "DisplayFromStr")]
    pub holder: Address,
    /// When it was given, Unix seconds.
    pub given_at: u64,
    /// keccak256 of what it is for.
    pub purpose_hash: B256,
    /// Its last second, Unix time.
    pub valid_until: u64,
    /// When the owner took it back, Unix seconds.
    pub withdrawn_at: Option<u64>,
}

impl UseRight {
    /// Whether it counts at a time, Unix seconds.
    #[must_use]
    pub const fn is_effective(&self, now_s: u64) -> bool {
        self.withdrawn_at.is_none() && now_s <= self.valid_until
    }

    /// The end of a grant that was to end then (zero: never): no later than the right.
    #[must_use]
    pub fn bound(&self, valid_until: u64) -> u64 {
        if valid_until == 0 { self.valid_until } else { valid_until.min(self.valid_until) }
    }
}

/// A right that was given.
#[derive(Debug)]
pub struct GivenRight {
    /// Its number.
    pub right: u64,
    /// The transaction.
    pub transaction: FinalTransaction,
}

impl AssetContract {
    /// A right.
    ///
    /// # Errors
    /// [`DepartmentError::NoRight`], [`DepartmentError::Chain`], [`DepartmentError::Answer`].
    pub async fn right(&self, right: u64) -> Result<UseRight, DepartmentError> {
        let found = self.view(DigitalAsset::rightAtCall { right }).await?;
        if found.holder.is_zero() {
            return Err(DepartmentError::NoRight(right));
        }
        Ok(UseRight {
            right,
            holder: found.holder,
            given_at: found.givenAt,
            purpose_hash: found.purpose,
            valid_until: found.validUntil,
            withdrawn_at: (found.withdrawnAt != 0).then_some(found.withdrawnAt),
        })
    }

    /// When the grant of a request ends that was to end then: no later than the right by which it was asked for.
    ///
    /// # Errors
    /// [`DepartmentError::RightNotEffective`]; as [`Self::right`].
    pub(super) async fn until_of_its_right(
        &self,
        asked: &AskedAccess,
        valid_until: u64,
        now_s: u64,
    ) -> Result<u64, DepartmentError> {
        let Some(number) = asked.right else { return Ok(valid_until) };
        let right = self.right(number).await?;
        if !right.is_effective(now_s) {
            return Err(DepartmentError::RightNotEffective(number));
        }
        Ok(right.bound(valid_until))
    }
}

impl Department {
    /// Gives a right of use, until its last second. Of the purpose its keccak256 stands on the chain.
    ///
    /// # Errors
    /// [`DepartmentError::Chain`]; `NotOwner` and `RightAlreadyOver` are reasons of the contract. [`DepartmentError::Answer`].
    pub async fn give_right(
        &self,
        holder: Address,
        purpose: &str,
        valid_until: u64,
    ) -> Result<GivenRight, DepartmentError> {
        let call = DigitalAsset::giveRightCall { holder, purpose: keccak256(purpose), validUntil: valid_until };
        let transaction = self.asset.send(&self.key, call).await?;
        let (chain, block) = (&self.asset.chain, transaction.block.number);
        let proven = chain.transaction(transaction.tx_hash, Some(block)).await?;
        let given = proven.events.iter().find(|event| {
            event.contract == self.asset.address
                && event.topics.first() == Some(&DigitalAsset::RightGiven::SIGNATURE_HASH)
        });
        let right = given.and_then(|event| u64::try_from(U256::from_be_bytes(event.topics.get(1)?.0)).ok());
        Ok(GivenRight { right: right.ok_or(DepartmentError::Answer)?, transaction })
    }

    /// Takes a right back: what its holder has open under it ends, and a new data key begins. The new key epoch.
    ///
    /// # Errors
    /// [`DepartmentError::Chain`]; `NotOwner`, `RightUnknown` and `RightAlreadyWithdrawn` are reasons of the contract. Those of making a key.
    pub async fn withdraw_right(&self, right: u64) -> Result<u32, DepartmentError> {
        self.check_keys().await?;
        self.asset.send(&self.key, DigitalAsset::withdrawRightCall { right }).await?;
        Ok(self.present_key().await?.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SHARE-16
    #[test]
    fn a_right_counts_to_its_last_second_and_bounds_its_grants() {
        let right = UseRight {
            right: 1,
            holder: Address::ZERO,
            given_at: 0,
            purpose_hash: B256::ZERO,
            valid_until: 100,
            withdrawn_at: None,
        };
        assert!(right.is_effective(100) && !right.is_effective(101));
        assert!(!UseRight { withdrawn_at: Some(5), ..right }.is_effective(5));
        assert_eq!([0, 99, 100, 101].map(|until| right.bound(until)), [100, 99, 100, 100]);
    }
}
