//! `network genesis` by a founding file that names chains: the genesis of each of them, made together, since that of a side chain names the main chain's.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use chancery_chain::ValidatorSet;
use chancery_execution::ValidatorConfig;
use serde_json::{Value, json};

use crate::{
    arguments::MakeGenesis,
    city::genesis::{Together, together, write},
    founding::{FoundingFile, Holders},
    output::Output,
};

/// Where the files are written unless told otherwise: also how a city calls the folder.
const FOLDER: &str = "genesis";

/// Makes all genesis files from all members' public keys.
///
/// # Errors
/// A chain, a name or a key that cannot be used; a folder that is there already.
pub(super) fn make(
    file: &FoundingFile,
    members: &[ValidatorConfig],
    command: &MakeGenesis,
    output: &Output,
) -> Result<()> {
    ensure!(
        command.chain.is_none(),
        "--chain: the founding file names its chains, and their genesis files are made together; leave it out"
    );
    let folder = command.out.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
    ensure!(
        !folder.exists(),
        "{} exists already: it is not overwritten; choose another --out, or remove it",
        folder.display()
    );
    let names: BTreeSet<_> = members.iter().map(|member| member.name.as_str()).collect();
    ensure!(names.len() == members.len(), "two members have the same name; each needs its own");
    file.ensure_seats_of(members)?;
    let all = together(&file.sides(), |chain| file.founding_of(chain, members))?;
    for Together { chain, config, hash } in &all {
        ValidatorSet::new(config, *hash).with_context(|| format!("the validators of {}", chain.name))?;
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    write(&folder, all.iter().map(Together::file))?;
    let authorities = file.authorities();
    let holders = Holders::of(&authorities);
    let chains: Vec<Value> = all.iter().map(|made| described(made, &folder)).collect();
    output.answer(
        &json!({ "folder": folder, "chains": chains, "authorities": holders, "funded": 0 }),
        format!(
            "{}: the genesis files of {} chains; compare each hash with the other members' before anybody starts\n\n{}\n\n{}\nno accounts are funded",
            folder.display(),
            all.len(),
            all.iter().map(lines).collect::<Vec<_>>().join("\n"),
            holders.lines()
        ),
    );
    Ok(())
}

fn described(made: &Together, folder: &Path) -> Value {
    let Together { chain, config, hash } = made;
    let votes: serde_json::Map<_, _> =
        config.validators.iter().map(|one| (one.name.clone(), json!(one.voting_account))).collect();
    json!({
        "chain": chain.name, "chainId": config.chain_id, "genesisHash": hash, "validators": config.validators.len(),
        "file": folder.join(format!("{}.json", chain.name)), "votes": votes,
    })
}

/// A line for the chain, and one for each validator.
fn lines(made: &Together) -> String {
    let Together { chain, config, hash } = made;
    let mut text = format!("{:<18} {hash}  ({})", chain.name, config.chain_id);
    for validator in &config.validators {
        text.push_str(&match validator.voting_account {
            Some(account) => format!("\n  {:<16} {account}  {}", "votes", validator.name),
            None => format!("\n  {:<16} {}", "does not vote", validator.name),
        });
    }
    text
}
