//! From one chain to an anchor on another.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use chancery_contracts::{Anchor, uncompressed_g1, uncompressed_g2};
use chancery_ledger::{Call, Chain, Finality, MeasuredCall, SubmitterKey};
use chancery_light::{BLS_SIGNATURE_BYTES, FinalityProof, Handover, ValidatorKey};

use super::{RelayError, encoded, gas};

/// Carries what is final on one chain to the anchor that follows it on another.
#[derive(Clone, Debug)]
pub struct AnchorRelay {
    /// What is followed. It has finality certificates.
    pub followed: Chain,
    /// Where the anchor stands.
    pub host: Chain,
    /// The anchor.
    pub anchor: Address,
    /// Pays on the host; grants nothing.
    pub key: Arc<SubmitterKey>,
}

/// Slots of an account, provable on the host from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Number of the anchored block.
    pub anchored: u64,
    /// Its time, in seconds.
    pub time_s: u64,
    /// In the order that was asked for.
    pub slots: Vec<ProvenSlot>,
}

/// A slot with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenSlot {
    /// What stands there.
    pub value: U256,
    /// Trie nodes, root first.
    pub proof: Vec<Bytes>,
}

impl AnchorRelay {
    /// Shows the genesis header (RLP) and the validators' keys to an anchor that knows the genesis hash alone.
    ///
    /// # Errors
    /// `Reverted` with `AlreadyBegun` or the failed check; an unreachable host.
    pub async fn begin(&self, genesis_header: Bytes) -> Result<(), RelayError> {
        let keys = points(&self.genesis_validators()?)?;
        self.send(&Anchor::beginCall { genesisHeader: genesis_header, keys }).await
    }

    /// Anchors the newest final block; its number.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn push(&self) -> Result<u64, RelayError> {
        let head = self.followed.head().await?;
        let block = self.followed.block(head.number).await?;
        let Finality::Certified { proof, .. } = &block.finality else { return Err(self.no_certificate()) };
        self.submit(proof).await?;
        Ok(head.number)
    }

    /// Anchors the newest final block with the account in it, so that these slots can be proven on the host.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn prove(&self, account: Address, slots: &[B256]) -> Result<Proven, RelayError> {
        self.prove_from(account, slots, None).await
    }

    /// The same; `known` is a block that was anchored before with the account in it.
    pub(super) async fn prove_from(
        &self,
        account: Address,
        slots: &[B256],
        known: Option<u64>,
    ) -> Result<Proven, RelayError> {
        let Crossing { proven, account, finality } = self.crossing(account, slots).await?;
        if known != Some(proven.anchored) {
            self.submit(&finality).await?;
            self.send(&account).await?;
        }
        Ok(proven)
    }

    /// What proves these slots on the host, read and not sent yet.
    async fn crossing(&self, account: Address, slots: &[B256]) -> Result<Crossing, RelayError> {
        let evidence = self.followed.state(account, slots).await?.ok_or_else(|| self.no_certificate())?;
        let finality = evidence.proof.finality.ok_or_else(|| self.no_certificate())?;
        let (proof, number) = (evidence.proof.account, evidence.block.number);
        let slots = proof.storage_proof.into_iter().map(|slot| ProvenSlot { value: slot.value, proof: slot.proof });
        Ok(Crossing {
            proven: Proven { anchored: number, time_s: evidence.block.time_ms / 1000, slots: slots.collect() },
            account: Anchor::proveAccountCall { number, account, proof: proof.account_proof },
            finality,
        })
    }

    /// The newest final block with these slots, and the calls that have to come before a use of them: none if `known` is that block. Changes of validators
    /// are shown to the anchor at once.
    pub(super) async fn prepare(
        &self,
        account: Address,
        slots: &[B256],
        known: Option<u64>,
    ) -> Result<(Proven, Vec<MeasuredCall>), RelayError> {
        let Crossing { proven, account, finality } = self.crossing(account, slots).await?;
        if known == Some(proven.anchored) {
            return Ok((proven, Vec::new()));
        }
        let validators = self.follow(&finality).await?;
        let submit = submit_call(&finality, &validators)?;
        let calls = vec![
            gas::measured(self.anchor, &submit, gas::update(validators.len(), finality.descendants.len())),
            gas::measured(self.anchor, &account, gas::PROOF),
        ];
        Ok((proven, calls))
    }

    pub(super) async fn submit(&self, finality: &FinalityProof) -> Result<(), RelayError> {
        let validators = self.follow(finality).await?;
        self.send(&submit_call(finality, &validators)?).await
    }

    /// Shows every change of validators that the anchor has not followed yet; those of the block.
    async fn follow(&self, finality: &FinalityProof) -> Result<Vec<ValidatorKey>, RelayError> {
        if finality.handovers.is_empty() {
            return self.genesis_validators();
        }
        let answer = self.host.view(self.anchor, &encoded(&Anchor::chainCall {})).await?;
        let known = Anchor::chainCall::abi_decode_returns(&answer.data)?.fromEpoch;
        let mut validators = self.genesis_validators()?;
        for handover in &finality.handovers {
            if handover.next_epoch()? > known {
                let (keys, next) = (points(&validators)?, points(&handover.validators)?);
                self.send(&Anchor::followCall { handover: handover_call(handover)?, keys, next }).await?;
            }
            validators.clone_from(&handover.validators);
        }
        Ok(validators)
    }

    async fn send(&self, call: &impl SolCall) -> Result<(), RelayError> {
        self.host.submit(&self.key, Call { to: Some(self.anchor), data: encoded(call) }).await?;
        Ok(())
    }

    fn genesis_validators(&self) -> Result<Vec<ValidatorKey>, RelayError> {
        let essentials = self.followed.config().essentials.as_ref().ok_or_else(|| self.no_certificate())?;
        Ok(essentials.validators.clone())
    }

    pub(super) fn no_certificate(&self) -> RelayError {
        RelayError::NoCertificate { chain: self.followed.name().to_owned() }
    }
}

/// A final block with slots, and the calls that anchor it and the account.
#[derive(Debug)]
struct Crossing {
    proven: Proven,
    account: Anchor::proveAccountCall,
    finality: FinalityProof,
}

fn submit_call(finality: &FinalityProof, validators: &[ValidatorKey]) -> Result<Anchor::submitCall, RelayError> {
    let proof = finality_call(&finality.header, &finality.certificate, &finality.descendants)?;
    Ok(Anchor::submitCall { proof, keys: points(validators)? })
}

fn handover_call(handover: &Handover) -> Result<Anchor::HandoverProof, RelayError> {
    let slot =
        |index: usize| handover.registry.storage_proof.get(index).map_or_else(Vec::new, |slot| slot.proof.clone());
    Ok(Anchor::HandoverProof {
        last: finality_call(&handover.header, &handover.certificate, &[])?,
        account: handover.registry.account_proof.clone(),
        setHash: slot(0),
        epochLength: slot(1),
    })
}

fn finality_call(
    header: &Bytes,
    certificate: &Bytes,
    descendants: &[Bytes],
) -> Result<Anchor::FinalityProof, RelayError> {
    // The signature stands last.
    let start = certificate.len().saturating_sub(BLS_SIGNATURE_BYTES);
    Ok(Anchor::FinalityProof {
        header: header.clone(),
        certificate: certificate.clone(),
        signaturePoint: uncompressed_g2(&certificate[start..])?,
        descendants: descendants.to_vec(),
    })
}

/// Keys as the contract takes them.
fn points(validators: &[ValidatorKey]) -> Result<Bytes, RelayError> {
    let mut all = Vec::with_capacity(validators.len() * 128);
    for key in validators {
        all.extend_from_slice(&uncompressed_g1(key.as_slice())?);
    }
    Ok(all.into())
}
