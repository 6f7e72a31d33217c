//! What the genesis runs, in this order, each directly at its address: constructors rely on no creator and no nonce.
//! The block's time has to be after 1970, or roles granted at time zero would count as not granted.

use crate::{
    AccessRuleRegistry, Anchor, AnchorFactory, CertificateRegistry, ChangeApprovals, ConditionalCertificateRegistry,
    ContractReleases, DataBlockRegistry, DataFormatRegistry, EthereumDIDRegistry, GenesisAccessManager,
    HeldCertificates, OrganizationRegistry, ResourceDirectory, TrustRegistry, predeploys,
};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolConstructor;
use chancery_primitives::CertificateKind;

/// Who holds which role from the genesis on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorities {
    /// Grants and revokes roles. Not zero.
    pub administrator: Address,
    /// Configure organizations and data formats.
    pub operators: Vec<Address>,
    /// Record data blocks.
    pub submitters: Vec<Address>,
    /// Propose, review, deploy and release contracts: people, at least two of them.
    pub contract_operators: Vec<Address>,
    /// Which kinds of changes need two of them: bit `1 << kind` of `ChangeKind` (`docs/specs/access.md`); 0: none.
    pub approval_requirement: u8,
}

/// A contract that is in the genesis state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predeploy {
    /// Name of the contract.
    pub name: &'static str,
    /// Where it stands.
    pub address: Address,
    /// Its creation code with constructor arguments: what it returns when run at `address` becomes its code.
    pub init_code: Bytes,
}

/// The contracts of the main chain.
#[must_use]
pub fn main_chain(authorities: &Authorities) -> Vec<Predeploy> {
    vec![
        access_manager(authorities),
        organization_registry(),
        Predeploy {
            name: "EthereumDIDRegistry",
            address: predeploys::ETHEREUM_DID_REGISTRY,
            init_code: EthereumDIDRegistry::BYTECODE.clone(),
        },
        Predeploy {
            name: "DataFormatRegistry",
            address: predeploys::DATA_FORMAT_REGISTRY,
            init_code: with_arguments(
                &DataFormatRegistry::BYTECODE,
                &DataFormatRegistry::constructorCall { authority: predeploys::ACCESS_MANAGER },
            ),
        },
        data_block_registry(),
        Predeploy {
            name: "ResourceDirectory",
            address: predeploys::RESOURCE_DIRECTORY,
            init_code: with_arguments(
                &ResourceDirectory::BYTECODE,
                &ResourceDirectory::constructorCall { organizations_: predeploys::ORGANIZATION_REGISTRY },
            ),
        },
        contract_releases(),
        Predeploy {
            name: "AccessRuleRegistry",
            address: predeploys::ACCESS_RULES,
            init_code: with_arguments(
                &AccessRuleRegistry::BYTECODE,
                &AccessRuleRegistry::constructorCall { authority: predeploys::ACCESS_MANAGER },
            ),
        },
        Predeploy {
            name: "ChangeApprovals",
            address: predeploys::CHANGE_APPROVALS,
            init_code: with_arguments(
                &ChangeApprovals::BYTECODE,
                &ChangeApprovals::constructorCall {
                    authority: predeploys::ACCESS_MANAGER,
                    requirement_: authorities.approval_requirement,
                },
            ),
        },
        Predeploy { name: "AnchorFactory", address: predeploys::ANCHOR_FACTORY, init_code: anchor_factory_code() },
    ]
}

/// The chain whose organizations issue on the side chains of a city, by proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowedMain {
    /// EIP-155 id.
    pub chain_id: u64,
    /// Hash of its block 0: all that a side chain has to trust.
    pub genesis_hash: B256,
    /// How long what was proven of it counts, in seconds: 300 to 604,800 (TRUST-3).
    pub max_age_s: u64,
}

/// A side chain whose certificates another side chain of the city may ask for. It was founded before, so that the other's genesis can name its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowedSide {
    /// Which of the city's side chains, from 1 on.
    pub number: u8,
    /// EIP-155 id.
    pub chain_id: u64,
    /// Hash of its block 0.
    pub genesis_hash: B256,
    /// The kind that it carries.
    pub kind: CertificateKind,
    /// How long what was shown of it counts, in seconds: 300 to 604,800 (TRUST-3).
    pub max_age_s: u64,
}

/// The contracts of a chain by itself that carries these kinds, at least one, at most 255: organizations and their rights are written to it.
#[must_use]
pub fn side_chain(authorities: &Authorities, kinds: &[CertificateKind]) -> Vec<Predeploy> {
    vec![
        access_manager(authorities),
        organization_registry(),
        data_block_registry(),
        certificate_registry(predeploys::ORGANIZATION_REGISTRY, kinds),
        contract_releases(),
    ]
}

/// The contracts of a side chain of a city: organizations and their rights are those of the main chain, as far as they were proven
/// (`docs/specs/trust.md`). The anchors stand from the genesis on; whoever has a followed chain's genesis header shows it (`begin`). A rule of the chain may ask for certificates
/// of `sides`.
#[must_use]
pub fn anchored_side_chain(
    authorities: &Authorities,
    kinds: &[CertificateKind],
    main: &FollowedMain,
    sides: &[FollowedSide],
) -> Vec<Predeploy> {
    let mut contracts = vec![
        access_manager(authorities),
        data_block_registry(),
        Predeploy {
            name: "Anchor",
            address: predeploys::MAIN_ANCHOR,
            init_code: anchor_code(main.chain_id, main.genesis_hash),
        },
        Predeploy {
            name: "TrustRegistry",
            address: predeploys::TRUST_REGISTRY,
            init_code: with_arguments(
                &TrustRegistry::BYTECODE,
                &TrustRegistry::constructorCall {
                    anchor_: predeploys::MAIN_ANCHOR,
                    organizations: predeploys::ORGANIZATION_REGISTRY,
                    maxAge_: main.max_age_s,
                },
            ),
        },
    ];
    contracts.extend(sides.iter().flat_map(shown_side));
    // After what it rests on: it looks whether that stands.
    contracts.extend([conditional_registry(kinds, sides), contract_releases()]);
    contracts
}

fn shown_side(side: &FollowedSide) -> [Predeploy; 2] {
    let anchor = predeploys::side_anchor(side.number);
    [
        Predeploy { name: "Anchor", address: anchor, init_code: anchor_code(side.chain_id, side.genesis_hash) },
        Predeploy {
            name: "HeldCertificates",
            address: predeploys::held_certificates(side.number),
            init_code: held_certificates_code(anchor, predeploys::CERTIFICATE_REGISTRY, side.max_age_s),
        },
    ]
}

/// Creation code of what shows which kinds of certificates of a registry holders have, by an anchor of its chain; what was shown counts for so many seconds (TRUST-3).
#[must_use]
pub fn held_certificates_code(anchor: Address, certificates: Address, max_age_s: u64) -> Bytes {
    let arguments = HeldCertificates::constructorCall { anchor_: anchor, certificates, maxAge_: max_age_s };
    with_arguments(&HeldCertificates::BYTECODE, &arguments)
}

fn conditional_registry(kinds: &[CertificateKind], sides: &[FollowedSide]) -> Predeploy {
    let sources = sides.iter().map(|side| ConditionalCertificateRegistry::KindSource {
        kind: side.kind.to_bytes32(),
        source: predeploys::held_certificates(side.number),
    });
    let arguments = ConditionalCertificateRegistry::constructorCall {
        accessManager: predeploys::ACCESS_MANAGER,
        authorizations: predeploys::TRUST_REGISTRY,
        enabledKinds: kinds.iter().map(CertificateKind::to_bytes32).collect(),
        sources: sources.collect(),
    };
    Predeploy {
        name: "ConditionalCertificateRegistry",
        address: predeploys::CERTIFICATE_REGISTRY,
        init_code: with_arguments(&ConditionalCertificateRegistry::BYTECODE, &arguments),
    }
}

/// Creation code of an anchor of a chain, on a chain with a `ValidatorRegistry`.
#[must_use]
pub fn anchor_code(chain_id: u64, genesis_hash: B256) -> Bytes {
    let arguments = Anchor::constructorCall {
        registry: predeploys::VALIDATOR_REGISTRY,
        chainId: chain_id,
        genesisHash: genesis_hash,
    };
    with_arguments(&Anchor::BYTECODE, &arguments)
}

/// Creation code of what makes these two where a genesis cannot name them: it takes the creation codes of this version alone.
#[must_use]
pub fn anchor_factory_code() -> Bytes {
    let arguments = AnchorFactory::constructorCall {
        anchorCode: keccak256(&Anchor::BYTECODE),
        heldCertificatesCode: keccak256(&HeldCertificates::BYTECODE),
    };
    with_arguments(&AnchorFactory::BYTECODE, &arguments)
}

fn certificate_registry(organizations: Address, kinds: &[CertificateKind]) -> Predeploy {
    let arguments = CertificateRegistry::constructorCall {
        organizations,
        enabledKinds: kinds.iter().map(CertificateKind::to_bytes32).collect(),
    };
    Predeploy {
        name: "CertificateRegistry",
        address: predeploys::CERTIFICATE_REGISTRY,
        init_code: with_arguments(&CertificateRegistry::BYTECODE, &arguments),
    }
}

fn access_manager(authorities: &Authorities) -> Predeploy {
    let arguments = GenesisAccessManager::constructorCall {
        administrator: authorities.administrator,
        operators: authorities.operators.clone(),
        submitters: authorities.submitters.clone(),
        contractOperators: authorities.contract_operators.clone(),
    };
    Predeploy {
        name: "GenesisAccessManager",
        address: predeploys::ACCESS_MANAGER,
        init_code: with_arguments(&GenesisAccessManager::BYTECODE, &arguments),
    }
}

fn organization_registry() -> Predeploy {
    Predeploy {
        name: "OrganizationRegistry",
        address: predeploys::ORGANIZATION_REGISTRY,
        init_code: with_arguments(
            &OrganizationRegistry::BYTECODE,
            &OrganizationRegistry::constructorCall { authority: predeploys::ACCESS_MANAGER },
        ),
    }
}

fn data_block_registry() -> Predeploy {
    Predeploy {
        name: "DataBlockRegistry",
        address: predeploys::DATA_BLOCK_REGISTRY,
        init_code: with_arguments(
            &DataBlockRegistry::BYTECODE,
            &DataBlockRegistry::constructorCall { authority: predeploys::ACCESS_MANAGER },
        ),
    }
}

fn contract_releases() -> Predeploy {
    Predeploy {
        name: "ContractReleases",
        address: predeploys::CONTRACT_RELEASES,
        init_code: with_arguments(
            &ContractReleases::BYTECODE,
            &ContractReleases::constructorCall { authority: predeploys::ACCESS_MANAGER },
        ),
    }
}

pub(crate) fn with_arguments(creation_code: &Bytes, arguments: &impl SolConstructor) -> Bytes {
    let mut init_code = creation_code.to_vec();
    init_code.extend_from_slice(&arguments.abi_encode());
    init_code.into()
}
