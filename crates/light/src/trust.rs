use alloy_primitives::{B256, FixedBytes};
use chancery_primitives::extra_data::validator_set_hash;
use commonware_codec::DecodeExt;
use commonware_cryptography::bls12381::primitives::{
    ops::aggregate,
    variant::{MinPk, Variant},
};
use commonware_utils::iter::NonEmpty;
use serde::{Deserialize, Serialize};

use crate::{
    FinalHeader, FinalityCertificate, FinalityProof, VerifyError,
    certificate::{BLS_PUBLIC_KEY_BYTES, MAX_VALIDATORS, finalize_namespace, quorum},
    header::{LinkedHeaders, ParsedHeader},
};

type PublicKey = <MinPk as Variant>::Public;
type Signature = aggregate::Signature<MinPk>;

/// A validator's BLS public key: a compressed G1 point.
pub type ValidatorKey = FixedBytes<BLS_PUBLIC_KEY_BYTES>;

/// All that has to be known about a chain to verify its proofs. Where it comes from decides what a proof is worth:
/// the genesis file handed out by the consortium, or this repeated by somebody who is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainEssentials {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of the genesis header.
    pub genesis_hash: B256,
    /// Public keys of the validators, in the order of the set (ascending peer keys): the order of the signer bitmap.
    pub validators: Vec<ValidatorKey>,
}

impl ChainEssentials {
    fn key_bytes(&self) -> Vec<[u8; BLS_PUBLIC_KEY_BYTES]> {
        self.validators.iter().map(|key| key.0).collect()
    }
}

/// Why essentials cannot be trusted at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No validators, or more than [`MAX_VALIDATORS`].
    #[error("a chain has 1 to {MAX_VALIDATORS} validators, these essentials name {0}")]
    ValidatorCount(usize),
    /// A key is not a point of the group.
    #[error("the public key of validator {0} is not a BLS12-381 G1 point")]
    MalformedKey(usize),
    /// The same key twice: one validator would count as two.
    #[error("validator {0} has the key of an earlier one")]
    DuplicateKey(usize),
}

/// A chain whose proofs can be verified: checked essentials, and the validators that decide from some epoch on, with decoded
/// keys.
#[derive(Debug, Clone)]
pub struct TrustedChain {
    essentials: ChainEssentials,
    /// The first that these validators decide.
    epoch: u64,
    validators: Vec<ValidatorKey>,
    keys: Vec<PublicKey>,
    namespace: Vec<u8>,
}

impl TrustedChain {
    /// Checks the essentials and decodes the keys once.
    ///
    /// Proofs of possession of the keys are not here: they were verified when the genesis was made (FINALITY-8), and
    /// the genesis hash stands for that.
    ///
    /// # Errors
    /// [`TrustError`] if the set is empty, too large, holds a key twice, or holds something that is no key.
    pub fn new(essentials: ChainEssentials) -> Result<Self, TrustError> {
        let validators = essentials.validators.clone();
        Self::at_epoch(essentials, 0, validators)
    }

    /// The chain from a later epoch on, for whoever knows its validators: a node from its state, or a light client that followed the chain there
    /// earlier and kept what it found.
    ///
    /// # Errors
    /// As [`Self::new`], about `validators`.
    pub fn at_epoch(
        essentials: ChainEssentials,
        epoch: u64,
        validators: Vec<ValidatorKey>,
    ) -> Result<Self, TrustError> {
        let count = validators.len();
        if !(1..=MAX_VALIDATORS).contains(&count) {
            return Err(TrustError::ValidatorCount(count));
        }
        let mut keys = Vec::with_capacity(count);
        for (index, key) in validators.iter().enumerate() {
            if validators[..index].contains(key) {
                return Err(TrustError::DuplicateKey(index));
            }
            let point = PublicKey::decode(key.to_vec()).map_err(|_| TrustError::MalformedKey(index))?;
            keys.push(point);
        }
        let namespace = finalize_namespace(essentials.chain_id, essentials.genesis_hash);
        Ok(Self { essentials, epoch, validators, keys, namespace })
    }

    /// What this chain was trusted by.
    #[must_use]
    pub const fn essentials(&self) -> &ChainEssentials {
        &self.essentials
    }

    /// The first epoch that these validators decide; they do until they hand over.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The validators, in the order of the set.
    #[must_use]
    pub fn validators(&self) -> &[ValidatorKey] {
        &self.validators
    }

    /// EIP-155 chain id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.essentials.chain_id
    }

    /// Hash of the genesis header.
    #[must_use]
    pub const fn genesis_hash(&self) -> B256 {
        self.essentials.genesis_hash
    }

    /// Checks that a genesis header is this chain's and commits to these validators, so that a genesis file can be held
    /// against a genesis hash (FINALITY-7). The genesis has no certificate: its hash is what is trusted.
    ///
    /// # Errors
    /// [`VerifyError::HeaderMalformed`], [`VerifyError::GenesisHashMismatch`], [`VerifyError::GenesisValidatorsMismatch`].
    pub fn verify_genesis(&self, header_rlp: &[u8]) -> Result<FinalHeader, VerifyError> {
        let parsed = ParsedHeader::decode(header_rlp)?;
        let expected = self.genesis_hash();
        if parsed.hash != expected {
            return Err(VerifyError::GenesisHashMismatch { expected, found: parsed.hash });
        }
        if parsed.header.number != 0 {
            return Err(VerifyError::HeaderMalformed { reason: "the genesis block has number 0" });
        }
        let keys = validator_set_hash(&self.essentials.key_bytes());
        let header = B256::try_from(parsed.header.extra_data.as_ref())
            .map_err(|_| VerifyError::HeaderMalformed { reason: "genesis extraData is not 32 bytes" })?;
        if header != keys {
            return Err(VerifyError::GenesisValidatorsMismatch { header, keys });
        }
        Ok(FinalHeader::new(parsed, self.chain_id(), 0))
    }

    /// Verifies that a block is final: its header leads, directly or through linking headers, to a block that a quorum
    /// of this chain's validators signed (FINALITY-3 to FINALITY-6), or of those to whom it was handed over (FINALITY-10).
    ///
    /// # Errors
    /// The check that failed.
    pub fn verify_finality(&self, proof: &FinalityProof) -> Result<FinalHeader, VerifyError> {
        if !proof.handovers.is_empty() {
            let chain = self.follow_all(&proof.handovers)?;
            return chain.verify_linked(proof);
        }
        self.verify_linked(proof)
    }

    fn verify_linked(&self, proof: &FinalityProof) -> Result<FinalHeader, VerifyError> {
        let linked = LinkedHeaders::decode(proof)?;
        let certificate = FinalityCertificate::decode(&proof.certificate)?;
        linked.matches(&certificate)?;
        self.verify_certificate(&certificate)?;
        Ok(linked.into_final(self.chain_id()))
    }

    /// Verifies a certificate by itself: a quorum of this chain's validators signed this block hash in this round. What
    /// the block is, the certificate does not say: see [`Self::verify_finality`].
    ///
    /// # Errors
    /// [`VerifyError::EpochMismatch`], [`VerifyError::UnknownValidator`], [`VerifyError::BelowQuorum`],
    /// [`VerifyError::CertificateMalformed`], [`VerifyError::FinalitySignature`].
    pub fn verify_certificate(&self, certificate: &FinalityCertificate) -> Result<(), VerifyError> {
        if certificate.epoch < self.epoch {
            return Err(VerifyError::EpochMismatch { from: self.epoch, found: certificate.epoch });
        }
        let expected = self.keys.len();
        let found = certificate.signers.validators();
        if found != expected {
            return Err(VerifyError::UnknownValidator { expected, found });
        }
        let (signers, quorum) = (certificate.signers.count(), quorum(expected));
        if signers < quorum {
            return Err(VerifyError::BelowQuorum { signers, quorum });
        }
        let keys = NonEmpty::try_new(certificate.signers.signers().filter_map(|index| self.keys.get(index)))
            .ok_or(VerifyError::BelowQuorum { signers, quorum })?;
        let public = aggregate::combine_public_keys::<MinPk, _>(keys);
        let signature = Signature::decode(certificate.signature.to_vec())
            .map_err(|_| VerifyError::CertificateMalformed { reason: "the signature is not a BLS12-381 G2 point" })?;
        aggregate::verify_same_message::<MinPk>(&public, &self.namespace, &certificate.message(), &signature)
            .map_err(|_| VerifyError::FinalitySignature)
    }
}
