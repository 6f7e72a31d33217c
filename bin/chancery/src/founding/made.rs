//! `chancery network founding`: a founding file, for everybody to read before anything is made by it.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::{FoundingFile, Holders, chain_ids, chain_members::ChainMembers, city::CitySection};
use crate::{arguments::MakeFounding, output::Output};

/// What the file says of itself.
const HEADER: &str = "\
# What a genesis is made from, beside the validators' public keys: who holds which authority, and which chain it is (docs/specs/founding.md).
# Everybody who founds the chain reads it, checks each account with its owner, makes the genesis by it, and compares the hash.
";

/// Writes a founding file that must not exist yet.
///
/// # Errors
/// What the file may not say, or that it cannot be written.
pub(crate) fn make(command: &MakeFounding, output: &Output) -> Result<()> {
    let chain_id = command.chain_id.map_or_else(chain_ids::draw, Ok)?;
    let file = FoundingFile {
        chain_id,
        timestamp: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        epoch_length: command.epoch_length,
        two_operators: command.two_operators.clone(),
        administrator: command.administrator,
        operators: command.operators.clone(),
        submitters: command.submitters.clone(),
        contract_operators: command.contract_operators.clone(),
        chains: ChainMembers::told(&command.chains).context("--chain")?,
        city: command.submitter_key.clone().map(|submitter_key| CitySection {
            submitter_key,
            receipts_key: command.receipts_key.clone(),
            relay_key: command.relay_key.clone(),
            supervisors: command.supervisors.clone(),
        }),
    };
    file.check()?;
    write(&command.out, &format!("{HEADER}\n{}", toml::to_string(&file)?))?;
    let authorities = file.authorities();
    let holders = Holders::of(&authorities);
    let run_by = if file.names_chains() { format!("\n\n{}", file.chain_lines()) } else { String::new() };
    output.answer(
        &json!({
            "file": command.out, "chainId": chain_id, "timestamp": file.timestamp, "authorities": holders, "chains": file.chains,
        }),
        format!(
            "{}: main chain {chain_id}\n\n{}{run_by}\n\nSend it to everybody who founds the chain with you, before anybody makes a genesis by it.",
            command.out.display(),
            holders.lines()
        ),
    );
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    ensure!(
        !path.exists(),
        "{} exists already: it is not overwritten; choose another place, or remove it",
        path.display()
    );
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
