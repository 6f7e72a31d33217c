//! Whether genesis files give the authorities that a founding file names.

use anyhow::{Context as _, Result, ensure};
use chancery_contracts::{Authorities, GenesisAccessManager, predeploys};
use chancery_execution::GenesisConfig;

use crate::{
    city::layout::{CityChain, DataDir, MAIN},
    founding::FoundingFile,
};

/// A city keeps what it was founded with: another file than that, beside these chains, would have it believe in operators whom no contract knows.
pub(crate) fn ensure_founded_with(
    data: &DataDir,
    all: &[(CityChain, GenesisConfig)],
    file: &FoundingFile,
) -> Result<()> {
    let authorities = file.authorities();
    for (chain, config) in all {
        let path = data.genesis_of(*chain);
        let expected = chain.id(file.main_chain_id());
        ensure!(
            config.chain_id == expected,
            "{} is of a chain with the id {}, and the founding file says {expected}: use the file by which the city was founded",
            path.display(),
            config.chain_id
        );
        let manager = config.predeploys.iter().find(|contract| contract.address == predeploys::ACCESS_MANAGER);
        let manager = manager.with_context(|| format!("{} has no access manager", path.display()))?;
        ensure!(
            manager.deployer == authorities.administrator && manager.init_code.ends_with(&arguments(&authorities)),
            "{} gives authority to other accounts than the founding file names: use the file by which the city was founded; roles are granted and revoked by the administrator",
            path.display()
        );
        file.ensure_run_by(*chain, &config.validators).with_context(|| format!("{}", path.display()))?;
    }
    let main = all.iter().find(|(chain, _)| *chain == MAIN).map(|(_, config)| config);
    let approvals =
        main.and_then(|main| main.predeploys.iter().find(|contract| contract.address == predeploys::CHANGE_APPROVALS));
    // The last argument of the constructor, in its last byte.
    ensure!(
        approvals.and_then(|contract| contract.init_code.last()) == Some(&authorities.approval_requirement),
        "{} asks for two operators for other kinds of changes than the founding file: use the file by which the city was founded",
        data.genesis_of(MAIN).display()
    );
    Ok(())
}

/// What the access manager is made with, whichever release made it.
fn arguments(authorities: &Authorities) -> Vec<u8> {
    use alloy_sol_types::SolConstructor as _;
    let Authorities { administrator, operators, submitters, contract_operators, .. } = authorities.clone();
    GenesisAccessManager::constructorCall {
        administrator,
        operators,
        submitters,
        contractOperators: contract_operators,
    }
    .abi_encode()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;
    use crate::{city::genesis::load_or_found, founding::known_keys};

    const FILE: &str = r#"
chain_id = 3377699720527999
timestamp = 1700000000
two_operators = ["keys"]
administrator = "0x0101010101010101010101010101010101010101"
operators = ["0x0202020202020202020202020202020202020202"]
submitters = ["0x0202020202020202020202020202020202020202"]
contract_operators = ["0x0303030303030303030303030303030303030303", "0x0404040404040404040404040404040404040404"]
"#;

    fn file(text: &str) -> FoundingFile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("founding.toml");
        fs::write(&path, text).unwrap();
        FoundingFile::read(&path).unwrap()
    }

    // FOUND-1, FOUND-2, FOUND-3
    #[test]
    fn a_city_of_its_own_keys_has_its_own_ids_and_keeps_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let own = file(FILE);
        let validators = vec![chancery_chain::ValidatorKeys::from_seed(1).public("city 1")];
        let all = load_or_found(&data, || own.founding(validators)).unwrap();
        let ids: Vec<_> = all.iter().map(|(_, config)| config.chain_id - 3_377_699_720_527_999).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
        for (chain, config) in &all {
            assert!(known_keys::with_authority(config).is_empty() && config.alloc.is_empty(), "{}", chain.name);
            config.build().unwrap();
        }
        ensure_founded_with(&data, &all, &own).unwrap();
        for (from, to, why) in [
            ("3377699720527999", "3377699720527998", "with the id"),
            (
                "0x0101010101010101010101010101010101010101",
                "0x0606060606060606060606060606060606060606",
                "other accounts",
            ),
            (
                "0x0404040404040404040404040404040404040404",
                "0x0606060606060606060606060606060606060606",
                "other accounts",
            ),
            ("[\"keys\"]", "[\"formats\"]", "two operators"),
        ] {
            let refused = ensure_founded_with(&data, &all, &file(&FILE.replace(from, to))).unwrap_err().to_string();
            assert!(refused.contains(why), "{to}: {refused}");
        }
    }
}
