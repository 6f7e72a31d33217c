//! What `GET /v1/chains` tells beside what the chains answer.

use chancery_contracts::predeploys;
use chancery_gateway::ChainFacts;
use chancery_rest::{types::chains::Contracts, values::HexAddress};

use super::layout::{MAIN, chains};

/// The chains of a city, with their contracts and the kinds that they carry.
pub(crate) fn chain_facts() -> Vec<ChainFacts> {
    let address = |address| Some(HexAddress(address));
    chains()
        .map(|chain| {
            let is_main = chain == MAIN;
            let mut contracts = Contracts {
                access_manager: address(predeploys::ACCESS_MANAGER),
                data_block_registry: address(predeploys::DATA_BLOCK_REGISTRY),
                contract_releases: address(predeploys::CONTRACT_RELEASES),
                ..Contracts::default()
            };
            if is_main {
                contracts.organization_registry = address(predeploys::ORGANIZATION_REGISTRY);
                contracts.did_registry = address(predeploys::ETHEREUM_DID_REGISTRY);
                contracts.data_format_registry = address(predeploys::DATA_FORMAT_REGISTRY);
                contracts.resource_directory = address(predeploys::RESOURCE_DIRECTORY);
            } else {
                contracts.certificate_registry = address(predeploys::CERTIFICATE_REGISTRY);
                contracts.trust_registry = address(predeploys::TRUST_REGISTRY);
            }
            ChainFacts {
                name: chain.name.to_owned(),
                kinds: if is_main { Vec::new() } else { vec![chain.name.to_owned()] },
                contracts,
            }
        })
        .collect()
}
