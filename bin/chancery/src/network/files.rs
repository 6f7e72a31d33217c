//! What members exchange before a chain begins: their public keys, and the genesis file that is made of them and of the founding file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZeroU64,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result, bail, ensure};
use chancery_chain::{ValidatorKeys, ValidatorSet};
use chancery_contracts::{DEFAULT_EPOCH_LENGTH, organization_name};
use chancery_execution::{GenesisConfig, ValidatorConfig};
use chancery_sharing::directory::is_control;
use serde_json::json;

use super::consortia;
use crate::{
    arguments::{MakeGenesis, MakeNodeKey},
    city::{chain_named, genesis_config, layout::MAIN, secrets::load_or_create_private_key},
    commands::read_bounded,
    founding::{Founding, FoundingFile, Holders, chain_ids, known_keys},
    output::Output,
};

/// A member's public keys are three short lines.
const MAX_PUBLIC_BYTES: u64 = 16 << 10;

/// Makes a node's keys, or reads those that are there, and prints what the others have to know.
pub(super) fn make_key(command: &MakeNodeKey, output: &Output) -> Result<()> {
    ensure_name(&command.name)?;
    let keys = ValidatorKeys::load_or_create(&command.file)?;
    let voting_account = match command.voting_account {
        Some(account) => account,
        None => voting_key(&command.file)?.address(),
    };
    let public = ValidatorConfig { voting_account: Some(voting_account), ..keys.public(&command.name) };
    output.answer(&public, serde_json::to_string_pretty(&public)?);
    Ok(())
}

/// The key that votes for the organization of the node with this key file: it is made if it does not exist.
pub(super) fn voting_key(node_key: &Path) -> Result<PrivateKeySigner> {
    if let Some(directory) = node_key.parent() {
        fs::create_dir_all(directory).with_context(|| format!("cannot make the folder {}", directory.display()))?;
    }
    let key = load_or_create_private_key(&node_key.with_extension("vote"))?;
    PrivateKeySigner::from_slice(key.as_slice()).context("the voting key is no secp256k1 key")
}

/// The voting key in a file that `chancery network key` made.
pub(super) fn read_voting_key(path: &Path) -> Result<PrivateKeySigner> {
    ensure!(path.exists(), "{} does not exist; give the voting key that `chancery network key` made", path.display());
    let key = load_or_create_private_key(path)?;
    PrivateKeySigner::from_slice(key.as_slice()).context("the voting key is no secp256k1 key")
}

/// Makes the genesis file from all members' public keys.
pub(super) fn make_genesis(command: &MakeGenesis, output: &Output) -> Result<()> {
    let members = command.members.iter().map(|path| read_member(path)).collect::<Result<Vec<_>>>()?;
    let file = command.founding.as_deref().map(FoundingFile::read).transpose()?;
    if let Some(file) = file.as_ref().filter(|file| file.names_chains()) {
        return consortia::make(file, &members, command, output);
    }
    let founding = match file {
        Some(file) => file.founding(members)?,
        None => development(
            members,
            command.epoch_length.unwrap_or(DEFAULT_EPOCH_LENGTH),
            command.chain_id.unwrap_or(chain_ids::DEVELOPMENT),
        )?,
    };
    let (authorities, funded) = (founding.authorities.clone(), founding.funded.len());
    let genesis = genesis_of(command.chain.as_deref().unwrap_or(MAIN.name), founding)?;
    let out = command.out.clone().unwrap_or_else(|| "genesis.json".into());
    let hash = write_genesis(&out, &genesis)?;
    let holders = Holders::of(&authorities);
    let voters: BTreeMap<_, _> =
        genesis.validators.iter().map(|validator| (&validator.name, validator.voting_account)).collect();
    let votes = voters.iter().map(|(name, account)| match account {
        Some(account) => format!("{:<18} {account}  {name}", "votes"),
        None => format!("{:<18} {name}", "does not vote"),
    });
    let warned = known_keys::warning(&genesis);
    let warning = warned.as_ref().map_or_else(String::new, |warning| format!("\n\nwarning: {warning}"));
    output.answer(
        &json!({
            "chain": genesis.name, "chainId": genesis.chain_id, "genesisHash": hash, "validators": genesis.validators.len(), "file": out,
            "authorities": holders, "votes": voters, "funded": funded, "warning": warned,
        }),
        format!(
            "{}: chain {} ({}) of {} validators\ngenesis hash {hash}: compare it with the other members' before anybody starts\n\n{}\n{}\n{funded} accounts are funded{warning}",
            out.display(),
            genesis.name,
            genesis.chain_id,
            genesis.validators.len(),
            holders.lines(),
            votes.collect::<Vec<_>>().join("\n"),
        ),
    );
    Ok(())
}

/// What a trial of these validators is made from: its authorities are public keys.
///
/// # Errors
/// Ids of chains that no chain can have.
pub(super) fn development(
    members: Vec<ValidatorConfig>,
    epoch_length: NonZeroU64,
    main_chain_id: u64,
) -> Result<Founding> {
    chain_ids::check_range(main_chain_id)?;
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(Founding { epoch_length, main_chain_id, ..Founding::development(members, timestamp)? })
}

/// The genesis of one chain, by itself.
///
/// # Errors
/// An unknown chain, a name twice, or a set that no chain can have (a key twice, a proof of possession that does not belong to its key).
pub(super) fn genesis_of(chain: &str, mut founding: Founding) -> Result<GenesisConfig> {
    let chain = chain_named(chain)?;
    let members = &mut founding.validators;
    let names: BTreeSet<_> = members.iter().map(|member| member.name.as_str()).collect();
    ensure!(names.len() == members.len(), "two members have the same name; each needs its own");
    members.sort_by_key(|member| member.peer_public_key);
    let genesis = genesis_config(chain, &founding)?;
    let hash = genesis.build()?.header().hash();
    ValidatorSet::new(&genesis, hash)?;
    Ok(genesis)
}

/// Writes a genesis file that must not exist yet, and returns its hash.
pub(super) fn write_genesis(path: &Path, genesis: &GenesisConfig) -> Result<alloy_primitives::B256> {
    let hash = genesis.build()?.header().hash();
    write_new(path, &serde_json::to_string_pretty(genesis)?)?;
    Ok(hash)
}

/// Writes a file that must not exist yet.
pub(super) fn write_new(path: &Path, text: &str) -> Result<()> {
    if path.exists() {
        bail!("{} exists already: it is not overwritten; choose another place, or remove it", path.display());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(|| format!("cannot make the folder {}", directory.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

pub(super) fn read_member(path: &Path) -> Result<ValidatorConfig> {
    let bytes = read_bounded(path, MAX_PUBLIC_BYTES)?;
    let member: ValidatorConfig = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not what `chancery network key` prints", path.display()))?;
    ensure_name(&member.name).with_context(|| path.display().to_string())?;
    Ok(member)
}

/// Checks a member's name (FOUND-8). Everybody compares by it who holds what, so it is as it looks: none acts on a terminal, and no two look the same for an invisible character.
fn ensure_name(name: &str) -> Result<()> {
    let is_shown = |character: char| {
        let is_invisible = matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        );
        character == ' ' || !(is_control(character) || is_invisible || character.is_whitespace())
    };
    let words_apart = name == name.trim() && !name.contains("  ");
    ensure!(
        organization_name(name).is_some() && name.chars().all(is_shown) && words_apart,
        "the name {name:?} is none of a member: 1 to 32 bytes of characters that are seen, with single spaces between words"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // FOUND-8, bad input
    #[test]
    fn a_members_name_is_as_it_looks() {
        for name in ["tax", "Ministry of Health", "validator-1", "杭州市市场监督管理局", "Überlingen"] {
            assert!(ensure_name(name).is_ok(), "{name}");
        }
        let long = "x".repeat(33);
        for name in [
            "",
            " tax",
            "tax ",
            "tax  office",
            "tax\n",
            "a\u{1b}[8A\u{1b}[2K",
            "tax\u{200b}",
            "\u{202e}xat",
            "tax\u{a0}office",
            "\u{9b}2J",
            long.as_str(),
        ] {
            assert!(ensure_name(name).is_err(), "{name:?}");
        }
    }
}
