//! The codes of the two contracts as the genesis of their chain has them: proven by the hash of the genesis, for whoever runs no EVM to compute them.

use alloy_primitives::Bytes;
use chancery_contracts::predeploys;
use chancery_light::{AccountProof, TrustedChain};
use serde::{Deserialize, Serialize};

use super::{CodeHashes, ShownBy, require};
use crate::verify::VerificationFailure;

/// What stands in the genesis at the places of the two contracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisCodes {
    /// Header of block 0 (RLP): its hash is that of the genesis.
    pub header: Bytes,
    /// `Anchor` in its state.
    pub anchor: AccountProof,
    /// `HeldCertificates` over it.
    pub held: AccountProof,
}

impl GenesisCodes {
    /// The codes that the genesis of a chain has put at these addresses.
    ///
    /// # Errors
    /// Those of `chancery_light`; `shown-by`: it is about other addresses, or they are none at which a genesis puts such contracts.
    pub fn codes(&self, host: &TrustedChain, by: ShownBy) -> Result<CodeHashes, VerificationFailure> {
        let header = host.verify_genesis(&self.header)?;
        let (anchor, held) = (header.verify_account(&self.anchor)?, header.verify_account(&self.held)?);
        let found = ShownBy { anchor: anchor.address, held: held.address };
        require("shown-by", found == by && is_of_genesis(by), || {
            format!(
                "{} and {} are not where the genesis has what shows certificates of a side chain",
                by.held, by.anchor
            )
        })?;
        Ok(CodeHashes { anchor: anchor.code_hash, held: held.code_hash })
    }
}

/// Whether these are the places that a genesis has for what shows certificates of one side chain.
#[must_use]
pub fn is_of_genesis(by: ShownBy) -> bool {
    let place =
        |number| ShownBy { anchor: predeploys::side_anchor(number), held: predeploys::held_certificates(number) };
    (1..=u8::MAX).any(|number| by == place(number))
}
