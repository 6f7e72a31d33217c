//! What `GET /v1/chains` tells beside what the chains answer.

use chancery_contracts::predeploys;
use chancery_execution::GenesisConfig;
use chancery_gateway::ChainFacts;
use chancery_rest::{types::chains::Contracts, values::HexAddress};

use super::layout::{CityChain, MAIN};

/// The chains of a city, with their contracts and the kinds that they carry.
pub(crate) fn chain_facts(genesis: &[(CityChain, GenesisConfig)]) -> Vec<ChainFacts> {
    let address = |address| Some(HexAddress(address));
    genesis
        .iter()
        .map(|(chain, config)| {
            let is_main = *chain == MAIN;
            // Chains that were founded before there was this registry have none.
            let founded_with = |contract| {
                config.predeploys.iter().any(|predeploy| predeploy.address == contract).then_some(HexAddress(contract))
            };
            let mut contracts = Contracts {
                access_manager: address(predeploys::ACCESS_MANAGER),
                data_block_registry: address(predeploys::DATA_BLOCK_REGISTRY),
                contract_releases: founded_with(predeploys::CONTRACT_RELEASES),
                access_rules: founded_with(predeploys::ACCESS_RULES),
                change_approvals: founded_with(predeploys::CHANGE_APPROVALS),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{
        super::{genesis::config, layout::chains},
        *,
    };
    use crate::founding::Founding;

    // S-SVC: a city that was founded before there was a registry of releases names none.
    #[test]
    fn a_registry_of_releases_is_named_where_it_stands() {
        let founding = Founding::development(Vec::new(), 1).unwrap();
        let mut genesis: Vec<_> = chains().map(|chain| (chain, config(chain, &founding).unwrap())).collect();
        let named = |genesis: &[(CityChain, GenesisConfig)]| {
            chain_facts(genesis).iter().filter(|facts| facts.contracts.contract_releases.is_some()).count()
        };
        assert_eq!(named(&genesis), genesis.len());
        genesis[0].1.predeploys.retain(|predeploy| predeploy.address != predeploys::CONTRACT_RELEASES);
        assert_eq!(named(&genesis), genesis.len() - 1);
    }
}
