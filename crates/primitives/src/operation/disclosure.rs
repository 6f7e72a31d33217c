//! What holders sign about what is shown of them (`docs/specs/trust.md`).

use super::{SignedOperation, typed};
use crate::{CertificateKind, UnixSeconds};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

/// A holder agrees that certificates of a kind are shown on another chain, without their content, or takes that back. Checked by `HeldCertificates.disclose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disclose {
    /// Who agrees, and signs.
    pub holder: Address,
    /// Of which kind.
    pub kind: CertificateKind,
    /// Last second for which it holds; zero takes it back.
    pub until: UnixSeconds,
    /// How many the holder has signed for this contract before.
    pub nonce: u64,
}

impl SignedOperation for Disclose {
    fn struct_hash(&self) -> alloy_primitives::B256 {
        typed::Disclose {
            holder: self.holder,
            kind: self.kind.to_bytes32(),
            until: self.until.get(),
            nonce: U256::from(self.nonce),
        }
        .eip712_hash_struct()
    }
}
