//! Where the contracts stand from the genesis on (`docs/specs/encodings.md`).

use alloy_primitives::{Address, address};

/// `GenesisAccessManager`, on every chain.
pub const ACCESS_MANAGER: Address = address!("C4A0000000000000000000000000000000000001");
/// `OrganizationRegistry`: on the main chain of a city, and on a chain that is by itself.
pub const ORGANIZATION_REGISTRY: Address = address!("C4A0000000000000000000000000000000000002");
/// `EthereumDIDRegistry` (ERC-1056), on the main chain.
pub const ETHEREUM_DID_REGISTRY: Address = address!("C4A0000000000000000000000000000000000003");
/// `DataFormatRegistry`, on the main chain.
pub const DATA_FORMAT_REGISTRY: Address = address!("C4A0000000000000000000000000000000000004");
/// `DataBlockRegistry`, on every chain.
pub const DATA_BLOCK_REGISTRY: Address = address!("C4A0000000000000000000000000000000000005");
/// `CertificateRegistry`, on side chains.
pub const CERTIFICATE_REGISTRY: Address = address!("C4A0000000000000000000000000000000000006");
/// `ResourceDirectory`, on the main chain.
pub const RESOURCE_DIRECTORY: Address = address!("C4A0000000000000000000000000000000000009");
/// `ContractReleases`, on every chain.
pub const CONTRACT_RELEASES: Address = address!("C4A000000000000000000000000000000000000A");
/// `Anchor` of the main chain, on the side chains of a city.
pub const MAIN_ANCHOR: Address = address!("C4A000000000000000000000000000000000000B");
/// `TrustRegistry`, on the side chains of a city: what was proven of the main chain's organizations.
pub const TRUST_REGISTRY: Address = address!("C4A000000000000000000000000000000000000C");
/// `AccessRuleRegistry`, on the main chain.
pub const ACCESS_RULES: Address = address!("C4A000000000000000000000000000000000000D");
/// `ChangeApprovals`, on the main chain.
pub const CHANGE_APPROVALS: Address = address!("C4A000000000000000000000000000000000000E");
/// `AnchorFactory`, on the main chain: makes what shows certificates of the side chains, which are founded after it, and says where that stands.
pub const ANCHOR_FACTORY: Address = address!("C4A000000000000000000000000000000000000F");
/// Where the anchors of other side chains begin: see [`side_anchor`].
const SIDE_ANCHORS: Address = address!("C4A0000000000000000000000000000000000100");
/// Where what is shown of other side chains begins: see [`held_certificates`].
const HELD_CERTIFICATES: Address = address!("C4A0000000000000000000000000000000000200");
/// `Anchor` of the side chain of this number (the first is 1), on the side chains of a city that were founded after it.
#[must_use]
pub const fn side_anchor(number: u8) -> Address {
    numbered(SIDE_ANCHORS, number)
}
/// `HeldCertificates` beside it: which kinds of certificates of that side chain holders have.
#[must_use]
pub const fn held_certificates(number: u8) -> Address {
    numbered(HELD_CERTIFICATES, number)
}
/// `ValidatorRegistry`, on every chain whose validators may change.
pub const VALIDATOR_REGISTRY: Address = chancery_primitives::validator_registry::VALIDATOR_REGISTRY;
/// `Permissions`, beside it.
pub const PERMISSIONS: Address = chancery_primitives::permissions::PERMISSIONS;

const fn numbered(first: Address, number: u8) -> Address {
    let mut bytes = first.0.0;
    bytes[19] = number;
    Address::new(bytes)
}
