use alloy_primitives::{Address, B256, U256};

/// Why a proof was refused. Each variant is one check of `docs/specs/finality.md`; its name, as [`VerifyError::check`]
/// gives it, is the same in the TypeScript and Solidity verifiers and in the shared vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof names another chain than the one that is trusted.
    #[error(
        "the proof is for chain {found_id} with genesis {found_genesis}, but chain {expected_id} with genesis {expected_genesis} is trusted; verify it against that chain's genesis file"
    )]
    WrongChain {
        /// Chain id that is trusted.
        expected_id: u64,
        /// Genesis hash that is trusted.
        expected_genesis: B256,
        /// Chain id that the proof names.
        found_id: u64,
        /// Genesis hash that the proof names.
        found_genesis: B256,
    },
    /// The genesis header does not hash to the trusted genesis hash.
    #[error("the genesis header hashes to {found}, not to the trusted {expected}")]
    GenesisHashMismatch {
        /// Trusted genesis hash.
        expected: B256,
        /// Hash of the header given.
        found: B256,
    },
    /// The genesis header commits to another validator set than the trusted one.
    #[error("the genesis header commits to the validator set {header}, but the given keys hash to {keys}")]
    GenesisValidatorsMismatch {
        /// Hash in the genesis header's `extraData`.
        header: B256,
        /// Hash of the keys given.
        keys: B256,
    },
    /// A header is not a canonical RLP block header of this chain.
    #[error("header is malformed: {reason}")]
    HeaderMalformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More linking headers than [`crate::MAX_LINKING_HEADERS`].
    #[error("{found} linking headers are more than the {limit} allowed; ask for a nearer finality certificate")]
    TooManyHeaders {
        /// Headers given.
        found: usize,
        /// Headers allowed.
        limit: usize,
    },
    /// A linking header does not follow the one before it.
    #[error("linking header {position} does not follow the header before it")]
    HeaderLinkBroken {
        /// Position among the linking headers, from 0.
        position: usize,
    },
    /// The certificate's bytes are not the encoding of a finality certificate.
    #[error("finality certificate is malformed: {reason}")]
    CertificateMalformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The certificate is for another block.
    #[error("the finality certificate is for block {certificate}, but the header hashes to {header}")]
    HeaderHashMismatch {
        /// Block hash in the certificate.
        certificate: B256,
        /// Hash of the header.
        header: B256,
    },
    /// The certificate's epoch or view contradicts the header's `extraData`.
    #[error("the finality certificate's round contradicts the header: {reason}")]
    RoundMismatch {
        /// What contradicts.
        reason: &'static str,
    },
    /// The certificate's signer bitmap is not one over this validator set.
    #[error("the finality certificate names signers among {found} validators, but the chain has {expected}")]
    UnknownValidator {
        /// Validators of the chain.
        expected: usize,
        /// Validators that the bitmap is over.
        found: usize,
    },
    /// Fewer signers than a quorum.
    #[error("{signers} validators signed, {quorum} are needed")]
    BelowQuorum {
        /// Validators that signed.
        signers: usize,
        /// Validators that are needed.
        quorum: usize,
    },
    /// The aggregate signature is not that of the named signers over this block on this chain.
    #[error("the finality signature is not that of the named validators over this block of this chain")]
    FinalitySignature,
    /// The certificate is of an epoch in which these validators did not decide yet.
    #[error(
        "the finality certificate is of epoch {found}, and these validators decide from epoch {from} on; verify it with those of its epoch"
    )]
    EpochMismatch {
        /// First epoch of the validators.
        from: u64,
        /// Epoch of the certificate.
        found: u64,
    },
    /// A handover to other validators is none.
    #[error("the handover to other validators is malformed: {reason}")]
    HandoverMalformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A handover names other validators than the registry.
    #[error("the validator registry commits to the validator set {registry}, but the keys handed over hash to {keys}")]
    HandoverValidatorsMismatch {
        /// Hash in the registry.
        registry: B256,
        /// Hash of the keys given.
        keys: B256,
    },
    /// A proof of membership is none.
    #[error("the proof of membership is malformed: {reason}")]
    MembershipMalformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A Merkle-Patricia proof exceeds its bounds.
    #[error("a trie proof is larger than allowed ({found} > {limit})")]
    ProofTooLarge {
        /// Size found (nodes, bytes of one node, or slots).
        found: usize,
        /// Size allowed.
        limit: usize,
    },
    /// The transaction does not stand at that index of the block.
    #[error("transaction {index} is not included in block {block} as given")]
    TransactionNotIncluded {
        /// Index in the block.
        index: u64,
        /// Hash of the block.
        block: B256,
    },
    /// The receipt does not stand at that index of the block.
    #[error("receipt {index} is not included in block {block} as given")]
    ReceiptNotIncluded {
        /// Index in the block.
        index: u64,
        /// Hash of the block.
        block: B256,
    },
    /// The proven bytes are not a transaction.
    #[error("the included transaction cannot be decoded")]
    TransactionMalformed,
    /// The proven bytes are not a receipt.
    #[error("the included receipt cannot be decoded")]
    ReceiptMalformed,
    /// The account is not in the state as given.
    #[error("account {address} is not proven in the state of block {block}")]
    AccountNotProven {
        /// Account.
        address: Address,
        /// Hash of the block.
        block: B256,
    },
    /// The storage slot does not have that value.
    #[error("slot {slot} of account {address} is not proven to be as given")]
    StorageNotProven {
        /// Account.
        address: Address,
        /// Slot.
        slot: U256,
    },
    /// The state proof's block is before the transaction's block, so it says nothing about what followed.
    #[error("the state proof is at block {state}, before the transaction's block {transaction}")]
    StateBeforeTransaction {
        /// Number of the state proof's block.
        state: u64,
        /// Number of the transaction's block.
        transaction: u64,
    },
    /// The file is not a proof bundle of a version known here.
    #[error("the proof bundle cannot be read: {reason}")]
    BundleMalformed {
        /// What is wrong with it.
        reason: String,
    },
}

impl VerifyError {
    /// The name of the check that failed, the same in every implementation.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        match self {
            Self::WrongChain { .. } => "WrongChain",
            Self::GenesisHashMismatch { .. } => "GenesisHashMismatch",
            Self::GenesisValidatorsMismatch { .. } => "GenesisValidatorsMismatch",
            Self::HeaderMalformed { .. } => "HeaderMalformed",
            Self::TooManyHeaders { .. } => "TooManyHeaders",
            Self::HeaderLinkBroken { .. } => "HeaderLinkBroken",
            Self::CertificateMalformed { .. } => "CertificateMalformed",
            Self::HeaderHashMismatch { .. } => "HeaderHashMismatch",
            Self::RoundMismatch { .. } => "RoundMismatch",
            Self::UnknownValidator { .. } => "UnknownValidator",
            Self::BelowQuorum { .. } => "BelowQuorum",
            Self::FinalitySignature => "FinalitySignature",
            Self::EpochMismatch { .. } => "EpochMismatch",
            Self::HandoverMalformed { .. } => "HandoverMalformed",
            Self::HandoverValidatorsMismatch { .. } => "HandoverValidatorsMismatch",
            Self::MembershipMalformed { .. } => "MembershipMalformed",
            Self::ProofTooLarge { .. } => "ProofTooLarge",
            Self::TransactionNotIncluded { .. } => "TransactionNotIncluded",
            Self::ReceiptNotIncluded { .. } => "ReceiptNotIncluded",
            Self::TransactionMalformed => "TransactionMalformed",
            Self::ReceiptMalformed => "ReceiptMalformed",
            Self::AccountNotProven { .. } => "AccountNotProven",
            Self::StorageNotProven { .. } => "StorageNotProven",
            Self::StateBeforeTransaction { .. } => "StateBeforeTransaction",
            Self::BundleMalformed { .. } => "BundleMalformed",
        }
    }
}
