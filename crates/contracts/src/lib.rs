//! Bindings and compiled artifacts of the Solidity contracts in `contracts/`.
//!
//! Place: between the contracts and whoever calls them or puts them into a genesis. The artifacts in `artifacts/` are
//! committed, so that `cargo build` needs no Solidity compiler; `npm run artifacts:check` in `contracts/` proves that they are
//! what the sources compile to.
//!
//! Invariants: [`predeploys`] are the addresses of `docs/specs/encodings.md`; the init codes give the same code and storage at
//! every run, whatever the account that runs them.
//!
//! Must not: talk to a chain, choose who gets which role.

pub mod bindings;
mod conversions;
mod init_code;
mod permissions;
mod points;
pub mod predeploys;
mod refusal;
pub mod roles;
mod validators;

pub use bindings::{
    AccessRuleRegistry, Alliance, Anchor, AnchorFactory, CertificateRegistry, ChangeApprovals,
    ConditionalCertificateRegistry, ContractFactory, ContractReleases, DataBlockRegistry, DataFormatRegistry,
    DigitalAsset, EthereumDIDRegistry, GenesisAccessManager, HeldCertificates, OrganizationRegistry, Permissions,
    RequirementRegistry, ResourceDirectory, RuleNode, StoreNode, TrustRegistry, ValidatorRegistry,
};
pub use init_code::{
    Authorities, FollowedMain, FollowedSide, Predeploy, anchor_code, anchor_factory_code, anchored_side_chain,
    held_certificates_code, main_chain, side_chain,
};
pub use permissions::{PermissionSeat, permissions};
pub use points::{PointError, uncompressed_g1, uncompressed_g2};
pub use refusal::TrustRefusal;
pub use validators::{
    DEFAULT_EPOCH_LENGTH, MIN_EPOCH_LENGTH, Seat, organization_name, organization_text, validator_registry,
};
