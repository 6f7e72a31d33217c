//! Identifiers, units, signed messages and canonical encodings. No I/O.
//!
//! Place: the lowest crate; everything that is signed, hashed or stored for others to check is written down here once,
//! as `docs/specs/encodings.md` says, and held to the Solidity and TypeScript sides by the vectors in `vectors/`.
//!
//! Invariants: a value of these types has been validated, so it encodes without failing; two different values never
//! encode alike; nothing here reads a clock, a key, a file or a network.
//!
//! Must not: sign (keys stay with their owner, who signs the digest), hold personal data, depend on another crate of ours.

pub mod anchor_storage;
mod ascii32;
mod certificate;
pub mod certificate_storage;
pub mod data_block;
pub mod data_block_storage;
pub mod extra_data;
mod kind;
pub mod operation;
mod organization;
pub mod organization_storage;
pub mod permissions;
mod right;
mod signature;
mod status;
mod time;
pub mod validator_registry;

pub use ascii32::{MAX_NAME_BYTES, NameError};
pub use certificate::{CertificateId, CertificateIdError};
pub use kind::CertificateKind;
pub use operation::{
    ApprovalStatus, ChangeKind, ChangeRelease, ChangeStatus, ContractName, DataOperation, DecideChange, Disclose,
    Inspect, Issue, OperationType, Present, ProposeChange, ProposeContract, ReleaseStatus, SignedOperation,
    SigningDomain,
};
pub use organization::OrganizationCode;
pub use right::Right;
pub use signature::{SIGNATURE_BYTES, SignatureError, recover_signer};
pub use status::{CertificateStatus, Outcome, RevocationReason, UnknownCode, Validity};
pub use time::UnixSeconds;
