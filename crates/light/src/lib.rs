//! The trust kernel: decides whether a block is final, and whether something stands in it.
//!
//! Whoever holds a chain's [`ChainEssentials`] (id, genesis hash, validator keys) can verify with this crate, offline,
//! that a header was finalised by that chain and that a transaction, a receipt, an account or a storage slot is
//! committed to by it. A [`ProofBundle`] is all of that in one JSON file.
//!
//! ```text
//! ChainEssentials -> TrustedChain --verify_finality--> FinalHeader --verify_transaction, verify_receipt, verify_account-->
//! TrustedChain --follow (Handover)--> TrustedChain of the next validators
//! TrustedChain --verify_membership--> Member, whose votes --verify_conflict_of_member--> Misconduct
//! ```
//!
//! Invariants: FINALITY-1 to FINALITY-10 of `docs/specs/finality.md`. A [`FinalHeader`] can only be made by
//! [`TrustedChain`], so having one is the proof that its header was checked.
//!
//! What this crate must not do: input or output, read a clock, depend on execution, storage or consensus machinery, or
//! answer a check with a bare `bool`. Every refusal is a [`VerifyError`] that names the check which failed.

mod bundle;
mod certificate;
mod error;
mod evidence;
mod handover;
mod header;
mod inclusion;
mod membership;
mod state;
mod trust;

pub use bundle::{
    BUNDLE_VERSION, ChainReference, MAX_BUNDLE_BYTES, ProofBundle, ReceiptInclusion, StateProof, TransactionInclusion,
    VerifiedBundle, VerifiedReceipt, VerifiedTransaction,
};
pub use certificate::{
    BLS_PUBLIC_KEY_BYTES, BLS_SIGNATURE_BYTES, FinalityCertificate, MAX_CERTIFICATE_BYTES, MAX_VALIDATORS,
    SignerBitmap, finality_namespace, quorum,
};
pub use error::VerifyError;
pub use evidence::{ConflictingVotes, EVIDENCE_VERSION, EvidenceError, Misconduct, SignedVote, VoteKind, VotedBlock};
pub use handover::{HANDOVERS_PER_ANSWER, Handover, MAX_HANDOVERS};
pub use header::{FinalHeader, FinalityProof, MAX_HEADER_BYTES, MAX_LINKING_HEADERS};
pub use inclusion::{MAX_PROOF_NODE_BYTES, MAX_PROOF_NODES, ordered_trie_root, prove_inclusion, verify_inclusion};
pub use membership::{Member, Membership};
pub use state::{AccountProof, AccountState, MAX_STORAGE_SLOTS, StorageProof};
pub use trust::{ChainEssentials, TrustError, TrustedChain, ValidatorKey};
