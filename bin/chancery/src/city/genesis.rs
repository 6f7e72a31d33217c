//! The genesis files of a city: made at its first start, read ever after.

mod anchored;
mod approvals;
mod authorities;
mod one_city;

use std::{collections::BTreeMap, fs};

use alloy_primitives::{Address, U256, utils::parse_ether};
use alloy_sol_types::SolCall as _;
use anyhow::{Context, Result, ensure};
use chancery_contracts::{
    Predeploy, ResourceDirectory, Seat, main_chain, organization_name, permissions, predeploys, side_chain,
    validator_registry,
};
use chancery_execution::{BLOCK_GAS_LIMIT_DEFAULT, GenesisConfig, PredeployConfig};
use chancery_primitives::CertificateKind;

pub(crate) use self::{
    anchored::{Together, together, write},
    approvals::ensure_two_operators_for,
    authorities::ensure_founded_with,
};
use self::{approvals::ensure_asks_for_both_operators, one_city::ensure_of_one_city};
use super::layout::{CityChain, DataDir, MAIN, SIDE};
use crate::founding::Founding;

/// What each development account starts with. Gas is free; tools that offer fees and transfers need something to send.
const DEVELOPMENT_BALANCE_ETHER: &str = "1000000";

/// How long a side chain of a city takes what was proven of the main chain for true, in seconds: a right that was taken away, and that nobody shows to have
/// been taken away, counts no longer (`docs/specs/trust.md`).
pub(crate) const TRUST_MAX_AGE_S: u64 = 15 * 60;

/// Reads the genesis files of a city that has all chains, or makes them for a new city. Either all are there or none.
pub(crate) fn load_or_found(
    data: &DataDir,
    founding: impl FnOnce() -> Result<Founding>,
) -> Result<Vec<(CityChain, GenesisConfig)>> {
    let directory = data.genesis();
    if directory.exists() {
        return load(data, &SIDE);
    }
    let founding = founding()?;
    let made = together(&SIDE, |_| Ok(founding.clone()))?;
    write(&directory, made.iter().map(Together::file))?;
    read(data, &SIDE)
}

/// Reads the genesis files of a city with these side chains, the main chain first.
pub(crate) fn load(data: &DataDir, sides: &[CityChain]) -> Result<Vec<(CityChain, GenesisConfig)>> {
    let all = read(data, sides)?;
    // They come from a disk: somebody may have put other files there.
    ensure_of_one_city(data, &all)?;
    Ok(all)
}

fn read(data: &DataDir, sides: &[CityChain]) -> Result<Vec<(CityChain, GenesisConfig)>> {
    let all = std::iter::once(&MAIN).chain(sides).map(|chain| {
        let path = data.genesis_of(*chain);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{} is missing: restore it from a copy, or start a new city in an empty folder", path.display())
        })?;
        let config: GenesisConfig =
            serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok((*chain, config))
    });
    let all = all.collect::<Result<Vec<_>>>()?;
    ensure_usable(data, &all)?;
    Ok(all)
}

/// Checks what genesis files say of themselves, and that no city made them that this version does not run.
///
/// # Errors
/// Which file, and what to do.
fn ensure_usable(data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
    // All others have the ids after it.
    let main_chain_id = all.first().map_or(0, |(_, main)| main.chain_id);
    for (chain, config) in all {
        let path = data.genesis_of(*chain);
        let expected = chain.id(main_chain_id);
        ensure!(
            config.name == chain.name && config.chain_id == expected,
            "{} is the genesis of chain {} ({}), not of {} ({expected})",
            path.display(),
            config.name,
            config.chain_id,
            chain.name
        );
        ensure!(
            *chain == MAIN || takes_rights_by_proof(config),
            "the city in {} was founded when rights were still written to each side chain, and {} has no anchor of the main chain (docs/decisions/0036): \
             start a new city in another --data-dir; what this one holds is read with the version that made it",
            data.path().display(),
            path.display()
        );
        ensure!(
            *chain != MAIN || moves_entries(config),
            "the city in {} was founded when shared assets could not change hands, and the directory in {} takes none over (docs/decisions/0043): \
             start a new city in another --data-dir; what this one holds is read with the version that made it",
            data.path().display(),
            path.display()
        );
    }
    ensure_asks_for_both_operators(data, all)
}

/// Checks genesis files that come from elsewhere, before they become those of a city.
///
/// # Errors
/// As for those of a city: one that cannot be used, or follows other chains than those beside it.
pub(crate) fn check(data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
    ensure_usable(data, all)?;
    ensure_of_one_city(data, all)
}

/// Whether the certificates of a side chain are issued by rights of the main chain.
fn takes_rights_by_proof(config: &GenesisConfig) -> bool {
    config.predeploys.iter().any(|contract| contract.address == predeploys::TRUST_REGISTRY)
}

/// Whether entries of the directory follow their assets to another organization: its code compares with the selector of that function.
fn moves_entries(config: &GenesisConfig) -> bool {
    let directory = config.predeploys.iter().find(|contract| contract.address == predeploys::RESOURCE_DIRECTORY);
    let selector = ResourceDirectory::takeOverCall::SELECTOR;
    directory.is_some_and(|directory| directory.init_code.windows(selector.len()).any(|bytes| bytes == selector))
}

/// The genesis of one chain by itself.
pub(crate) fn config(chain: CityChain, founding: &Founding) -> Result<GenesisConfig> {
    let contracts = if chain == MAIN {
        main_chain(&founding.authorities)
    } else {
        side_chain(&founding.authorities, &[kind_of(chain)?])
    };
    with_contracts(chain, founding, contracts)
}

fn kind_of(chain: CityChain) -> Result<CertificateKind> {
    chain.name.parse().with_context(|| format!("{} is no certificate kind", chain.name))
}

fn with_contracts(chain: CityChain, founding: &Founding, mut contracts: Vec<Predeploy>) -> Result<GenesisConfig> {
    if let Some(registry) = registry(founding)? {
        // Open, and in every genesis in which somebody votes: so a chain can be closed later without another genesis.
        contracts.extend([registry, permissions(&[], &[])]);
    }
    Ok(GenesisConfig {
        name: chain.name.to_owned(),
        chain_id: chain.id(founding.main_chain_id),
        timestamp: founding.timestamp,
        gas_limit: BLOCK_GAS_LIMIT_DEFAULT,
        validators: founding.validators.clone(),
        alloc: allocations(&founding.funded)?,
        predeploys: contracts
            .into_iter()
            .map(|Predeploy { address, init_code, .. }| PredeployConfig {
                address,
                init_code,
                deployer: founding.authorities.administrator,
            })
            .collect(),
    })
}

/// The contract in which the validators' organizations vote, if each has an account to vote with. Without it the set never changes.
fn registry(founding: &Founding) -> Result<Option<Predeploy>> {
    let named = founding.validators.iter().filter(|validator| validator.voting_account.is_some()).count();
    if named == 0 {
        return Ok(None);
    }
    let seats = founding
        .validators
        .iter()
        .map(|validator| {
            let name = &validator.name;
            Ok(Seat {
                organization: organization_name(name)
                    .with_context(|| format!("{name:?}: an organization's name has 1 to 32 bytes"))?,
                peer_public_key: validator.peer_public_key,
                bls_public_key: validator.bls_public_key,
                voting_account: validator.voting_account.with_context(|| {
                    format!("{name} has no votingAccount, and others have: run `chancery network key` again")
                })?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(validator_registry(founding.epoch_length, &seats)))
}

fn allocations(funded: &[Address]) -> Result<BTreeMap<Address, alloy::genesis::GenesisAccount>> {
    let balance: U256 = parse_ether(DEVELOPMENT_BALANCE_ETHER)?;
    Ok(funded
        .iter()
        .map(|address| (*address, alloy::genesis::GenesisAccount::default().with_balance(balance)))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use anyhow::bail;
    use chancery_chain::ValidatorKeys;
    use chancery_primitives::ChangeKind;

    use super::*;
    use crate::city::layout::{chain_named, founded_before};

    pub(super) fn founding() -> Result<Founding> {
        Founding::development(vec![ValidatorKeys::from_seed(1).public("city 1")], 1_700_000_000)
    }

    pub(super) fn read(data: &DataDir) -> Result<Vec<(CityChain, GenesisConfig)>> {
        load_or_found(data, || bail!("it is there already"))
    }

    // C-CHAINS, ANCHOR-1: what a side chain trusts of the main chain is its genesis hash, in the side chain's own genesis.
    #[test]
    fn the_genesis_of_each_side_chain_names_that_of_the_main_chain() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let founded = load_or_found(&data, founding).unwrap();
        assert_eq!(read(&data).unwrap(), founded);
        let hash = founded[0].1.build().unwrap().header().hash();
        for (chain, config) in &founded[1..] {
            let anchor = config.predeploys.iter().find(|contract| contract.address == predeploys::MAIN_ANCHOR);
            assert!(anchor.unwrap().init_code.ends_with(hash.as_slice()), "{}", chain.name);
            let own = config.predeploys.iter().find(|contract| contract.address == predeploys::ORGANIZATION_REGISTRY);
            assert!(own.is_none(), "{} has rights of its own", chain.name);
        }
    }

    // CHANGE-6, M-CON-3: which changes need two operators stands in the genesis, and no option takes it away.
    #[test]
    fn a_city_keeps_the_kinds_of_changes_that_need_two_operators() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let kinds = [ChangeKind::Keys, ChangeKind::Quotas];
        load_or_found(&data, || Ok(founding()?.with_two_operators_for(&kinds))).unwrap();
        let all = read(&data).unwrap();
        ensure_two_operators_for(&data, &all, &[]).unwrap();
        ensure_two_operators_for(&data, &all, &kinds).unwrap();
        let refused = ensure_two_operators_for(&data, &all, &[ChangeKind::Keys]).unwrap_err().to_string();
        assert!(refused.contains("--two-operators"), "{refused}");
    }

    // C-CHAINS, ANCHOR-1, decision 0041
    #[test]
    fn the_genesis_of_a_side_chain_names_those_whose_certificates_its_rules_may_ask_for() {
        let directory = tempfile::tempdir().unwrap();
        let founded = load_or_found(&DataDir::new(directory.path()), founding).unwrap();
        let of = |name: &str| founded.iter().find(|(chain, _)| chain.name == name).unwrap();
        let (licence, config) = of("business-licence");
        let followed: Vec<_> = founded_before(*licence).map(|chain| chain.name).collect();
        assert_eq!(followed, ["marriage", "real-estate", "degree", "health-licence"]);
        for name in followed {
            let (chain, other) = of(name);
            let hash = other.build().unwrap().header().hash();
            let place = predeploys::side_anchor(chain.number);
            let anchor = config.predeploys.iter().find(|contract| contract.address == place).unwrap();
            assert!(anchor.init_code.ends_with(hash.as_slice()), "{name}");
            let shown = predeploys::held_certificates(chain.number);
            assert!(config.predeploys.iter().any(|contract| contract.address == shown), "{name}");
        }
        assert!(founded_before(of("marriage").0).next().is_none(), "the first can ask for nothing");
    }

    // decision 0041
    #[test]
    fn a_city_founded_before_there_were_rules_is_refused_and_told_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let founded = load_or_found(&data, founding).unwrap();
        let (chain, mut before) = founded.into_iter().find(|(chain, _)| chain.name == "degree").unwrap();
        before.predeploys.retain(|contract| contract.address != predeploys::side_anchor(1));
        fs::write(data.genesis_of(chain), serde_json::to_string(&before).unwrap()).unwrap();
        let refused = read(&data).unwrap_err().to_string();
        assert!(refused.contains("docs/decisions/0041") && refused.contains("another --data-dir"), "{refused}");
    }

    // decision 0036
    #[test]
    fn a_city_founded_before_rights_were_proven_is_refused_and_told_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        load_or_found(&data, founding).unwrap();
        let degree = chain_named("degree").unwrap();
        let before = config(degree, &founding().unwrap()).unwrap();
        fs::write(data.genesis_of(degree), serde_json::to_string(&before).unwrap()).unwrap();
        let refused = read(&data).unwrap_err().to_string();
        assert!(refused.contains("docs/decisions/0036") && refused.contains("another --data-dir"), "{refused}");
    }

    // decision 0043
    #[test]
    fn a_city_whose_directory_takes_no_entry_over_is_refused_and_told_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        load_or_found(&data, founding).unwrap();
        let mut before = config(MAIN, &founding().unwrap()).unwrap();
        let entries = before.predeploys.iter_mut().find(|entry| entry.address == predeploys::RESOURCE_DIRECTORY);
        let entries = entries.unwrap();
        let (selector, code) = (ResourceDirectory::takeOverCall::SELECTOR, entries.init_code.to_vec());
        let at = code.windows(selector.len()).position(|bytes| bytes == selector).unwrap();
        entries.init_code = [&code[..at], &[0_u8; 4][..], &code[at + 4..]].concat().into();
        fs::write(data.genesis_of(MAIN), serde_json::to_string(&before).unwrap()).unwrap();
        let refused = read(&data).unwrap_err().to_string();
        assert!(refused.contains("docs/decisions/0043") && refused.contains("another --data-dir"), "{refused}");
    }

    // ANCHOR-1, decision 0036
    #[test]
    fn a_side_chain_that_follows_another_main_chain_is_refused_and_named() {
        let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (data, others) = (DataDir::new(directory.path()), DataDir::new(other.path()));
        load_or_found(&data, founding).unwrap();
        load_or_found(&others, || Ok(Founding { timestamp: 1_700_000_001, ..founding()? })).unwrap();
        let degree = chain_named("degree").unwrap();
        fs::copy(others.genesis_of(degree), data.genesis_of(degree)).unwrap();
        let refused = read(&data).unwrap_err().to_string();
        assert!(refused.contains("degree.json follows another main chain"), "{refused}");
    }
}
