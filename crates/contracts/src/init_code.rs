//! What the genesis runs, in this order, each directly at its address: constructors rely on no creator and no nonce.
//! The block's time has to be after 1970, or roles granted at time zero would count as not granted.

use crate::{
    CertificateRegistry, ContractReleases, DataBlockRegistry, DataFormatRegistry, EthereumDIDRegistry,
    GenesisAccessManager, OrganizationRegistry, ResourceDirectory, predeploys,
};
use alloy_primitives::{Address, Bytes};
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
    ]
}

/// The contracts of a side chain that carries these kinds: at least one, at most 255.
#[must_use]
pub fn side_chain(authorities: &Authorities, kinds: &[CertificateKind]) -> Vec<Predeploy> {
    vec![
        access_manager(authorities),
        organization_registry(),
        data_block_registry(),
        Predeploy {
            name: "CertificateRegistry",
            address: predeploys::CERTIFICATE_REGISTRY,
            init_code: with_arguments(
                &CertificateRegistry::BYTECODE,
                &CertificateRegistry::constructorCall {
                    organizations: predeploys::ORGANIZATION_REGISTRY,
                    enabledKinds: kinds.iter().map(CertificateKind::to_bytes32).collect(),
                },
            ),
        },
        contract_releases(),
    ]
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
