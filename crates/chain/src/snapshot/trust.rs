//! Who may say that a snapshot's block is final: the validators of the genesis, and those to whom they handed over (FINALITY-10).

use std::error::Error;

use alloy_primitives::U256;
use chancery_execution::{AccountProof, Handover, SnapshotBlock, Trust};
use chancery_light::{FinalityProof, StorageProof, TrustedChain, VerifyError};

type Refusal = Box<dyn Error + Send + Sync>;

/// A light client that follows the handovers of a snapshot.
pub(super) struct Followed(pub(super) TrustedChain);

impl Trust for Followed {
    fn follow(&mut self, handover: &Handover, is_last: bool) -> Result<(), Refusal> {
        let Handover { header, certificate, record } = handover;
        let light = chancery_light::Handover {
            header: header.clone(),
            certificate: certificate.clone(),
            registry: light_proof(&record.registry),
            validators: record.keys.clone(),
        };
        let next = self.0.follow(&light)?;
        if record.epoch.checked_add(1) != Some(next.epoch()) || next.epoch() <= self.0.epoch() {
            return Err(VerifyError::HandoverMalformed { reason: "it does not lead to the next validators" }.into());
        }
        if is_last {
            // The node has to reach them, so who they are is proven too, and not their keys alone.
            let proof = finality(header, certificate);
            let header = self.0.verify_finality(&proof)?;
            for members in &record.members {
                if members.address != record.registry.address {
                    return Err(VerifyError::HandoverMalformed { reason: "its members are not the registry's" }.into());
                }
                header.verify_account(&light_proof(members))?;
            }
            let keys: Vec<_> = record.validators()?.into_iter().map(|validator| validator.bls_public_key).collect();
            if keys != record.keys {
                return Err(VerifyError::HandoverMalformed { reason: "its members have other keys" }.into());
            }
        }
        self.0 = next;
        Ok(())
    }

    fn accept(&mut self, block: &SnapshotBlock) -> Result<(), Refusal> {
        self.0.verify_finality(&finality(&block.header, &block.certificate))?;
        Ok(())
    }
}

fn finality(header: &alloy_primitives::Bytes, certificate: &alloy_primitives::Bytes) -> FinalityProof {
    FinalityProof {
        header: header.clone(),
        certificate: certificate.clone(),
        descendants: Vec::new(),
        handovers: Vec::new(),
    }
}

/// The proof as light clients read it.
fn light_proof(proof: &AccountProof) -> chancery_light::AccountProof {
    let account = proof.account.as_ref();
    chancery_light::AccountProof {
        address: proof.address,
        balance: account.map_or(U256::ZERO, |account| account.balance),
        code_hash: account.map_or_else(Default::default, |account| account.code_hash),
        nonce: account.map_or(0, |account| account.nonce),
        storage_hash: account.map_or_else(Default::default, |account| account.storage_root),
        account_proof: proof.proof.clone(),
        storage_proof: proof
            .storage
            .iter()
            .map(|slot| StorageProof { key: slot.slot, value: slot.value, proof: slot.proof.clone() })
            .collect(),
    }
}
