//! What a city's genesis says of changes that two operators make together.

use anyhow::{Context as _, Result, ensure};
use chancery_contracts::{ChangeApprovals, predeploys};
use chancery_execution::{GenesisConfig, PredeployConfig};
use chancery_primitives::ChangeKind;

use crate::{
    city::layout::{CityChain, DataDir, MAIN},
    founding::requirement,
};

fn approvals(all: &[(CityChain, GenesisConfig)]) -> Result<Option<&PredeployConfig>> {
    let (_, main) = all.iter().find(|(chain, _)| *chain == MAIN).context("there is no main chain")?;
    Ok(main.predeploys.iter().find(|contract| contract.address == predeploys::CHANGE_APPROVALS))
}

/// Whether the contract asks for both operators when a change is applied: nothing but its code says so. A city that is older than approvals has no contract that could fail to.
pub(super) fn ensure_asks_for_both_operators(data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
    let asks = approvals(all)?.is_none_or(|contract| contract.init_code.starts_with(&ChangeApprovals::BYTECODE));
    ensure!(
        asks,
        "the city in {} was founded when what a dismissed operator had proposed could still be applied, and the approvals in {} do not ask (docs/decisions/0049): \
         start a new city in another --data-dir; what this one holds is read with the version that made it",
        data.path().display(),
        data.genesis_of(MAIN).display()
    );
    Ok(())
}

/// A city keeps what its genesis says; whoever asks for something else is told.
pub(crate) fn ensure_two_operators_for(
    data: &DataDir,
    all: &[(CityChain, GenesisConfig)],
    kinds: &[ChangeKind],
) -> Result<()> {
    if kinds.is_empty() {
        return Ok(());
    }
    // The last argument of the constructor, in its last byte.
    let founded = approvals(all)?.and_then(|contract| contract.init_code.last().copied());
    ensure!(
        founded == Some(requirement(kinds)),
        "the city in {} was founded with other kinds of changes that need two operators: leave --two-operators out, or start a new city in another --data-dir",
        data.path().display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;
    use crate::city::genesis::{
        config, load_or_found,
        tests::{founding, read},
    };

    // CHANGE-1, decision 0049
    #[test]
    fn a_city_whose_approvals_do_not_ask_for_both_operators_is_refused_and_told_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        load_or_found(&data, founding).unwrap();
        read(&data).unwrap();
        let mut before = config(MAIN, &founding().unwrap()).unwrap();
        let approvals = before.predeploys.iter_mut().find(|entry| entry.address == predeploys::CHANGE_APPROVALS);
        let approvals = approvals.unwrap();
        let mut code = approvals.init_code.to_vec();
        code[ChangeApprovals::BYTECODE.len() / 2] ^= 1;
        approvals.init_code = code.into();
        fs::write(data.genesis_of(MAIN), serde_json::to_string(&before).unwrap()).unwrap();
        let refused = read(&data).unwrap_err().to_string();
        assert!(refused.contains("docs/decisions/0049") && refused.contains("another --data-dir"), "{refused}");
    }

    // CHANGE-1, decision 0049
    #[test]
    fn a_city_that_is_older_than_approvals_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let mut before = config(MAIN, &founding().unwrap()).unwrap();
        before.predeploys.retain(|entry| entry.address != predeploys::CHANGE_APPROVALS);
        let all = [(MAIN, before)];
        ensure_asks_for_both_operators(&data, &all).unwrap();
        assert!(approvals(&all).unwrap().is_none());
    }
}
