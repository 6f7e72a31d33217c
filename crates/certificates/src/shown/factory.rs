//! The two contracts where the `AnchorFactory` of the genesis has made them: on a chain that was founded before the one whose certificates it shows, as the main chain of a city.

use alloy_primitives::{Address, B256, Bytes, U256};
use chancery_contracts::predeploys;
use chancery_light::AccountProof;
use serde::{Deserialize, Serialize};

use super::{Asked, ShownBy, factory_slots, of_now, require, values};
use crate::{stapled::ProvenState, verify::VerificationFailure};

/// That the factory stands in the genesis, with which code, and what it says now that it has made.
///
/// It makes the contracts of its own version and no others, and keeps by which arguments (`contracts/src/interfaces/IAnchorFactory.sol`). Code and storage that it has made
/// nobody else can leave at an address, and code never changes after it was made (EIP-6780): so neither creation codes nor those of now have to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FactoryProof {
    /// Header of block 0 (RLP): its hash is that of the genesis.
    pub header: Bytes,
    /// `AnchorFactory` in its state.
    pub founded: AccountProof,
    /// The same now, with [`factory_slots`].
    pub made: ProvenState,
}

impl FactoryProof {
    /// Verifies that the two contracts are those that the factory has made to show certificates of the followed chain.
    ///
    /// # Errors
    /// Those of `chancery_light`, `shown-fresh`, `time-not-ahead`; `shown-by`: it is about another account, or has made others, or none.
    pub(super) fn check(&self, asked: &Asked<'_>, by: ShownBy) -> Result<(), VerificationFailure> {
        let founded = asked.host.verify_genesis(&self.header)?.verify_account(&self.founded)?;
        let (_, now) = of_now(&self.made, asked)?;
        let is_there =
            |address: Address, code: B256| (address, code) == (predeploys::ANCHOR_FACTORY, founded.code_hash);
        require(
            "shown-by",
            is_there(founded.address, founded.code_hash) && is_there(now.address, now.code_hash),
            || format!("what is shown is not the factory that the genesis has at {}", predeploys::ANCHOR_FACTORY),
        )?;
        let followed = asked.followed;
        let slots = factory_slots(followed.chain_id(), followed.genesis_hash(), by.anchor, asked.max_age_s);
        let made = [by.anchor, by.held].map(|address| U256::from_be_bytes(address.into_word().0));
        require("shown-by", !made.contains(&U256::ZERO) && values(&now, slots) == Some(made), || {
            format!("{} and {} are not what the factory of the genesis has made for that chain", by.held, by.anchor)
        })
    }
}
