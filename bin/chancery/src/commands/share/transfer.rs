//! `chancery share transfer offer`, `recall`, `accept` (M-APP, S-ASSET): an asset changes hands in two steps.

use std::{fmt::Write as _, process::ExitCode};

use alloy_primitives::Address;
use anyhow::{Context as _, Result};
use chancery_sharing::department::{Accepted, FoundKeys, accept_ownership};
use serde_json::json;

use super::owner::is_reason;
use crate::{
    arguments::{Connection, KeysFound, OwnerFile, TransferCommand},
    keys,
    output::Output,
    share::Owner,
};

pub(super) async fn run(command: &TransferCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    match command {
        TransferCommand::Offer { file, to } => offer(file, Some(*to), connection, output).await,
        TransferCommand::Recall(file) => offer(file, None, connection, output).await,
        TransferCommand::Accept { file, keys } => {
            let found = match keys {
                None => FoundKeys::Unused,
                Some(KeysFound::Keep) => FoundKeys::Keep,
                Some(KeysFound::SetAside) => FoundKeys::SetAside,
            };
            accept(file, found, connection, output).await
        }
    }
}

async fn offer(file: &OwnerFile, to: Option<Address>, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let progress = output.progress("offering");
    let made = department.offer_ownership(to).await?;
    progress.finish_and_clear();
    let asset = department.asset().address.to_string();
    let answer = json!({
        "asset": asset, "offeredTo": to.map(|to| to.to_string()), "txHash": made.tx_hash, "blockNumber": made.block.number,
    });
    let text = match to {
        Some(to) => format!("{asset} is offered to {to}, who accepts it with `chancery share transfer accept`"),
        None => format!("{asset} is offered to nobody"),
    };
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

async fn accept(file: &OwnerFile, found: FoundKeys, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let _alone = owner.folder.lock()?;
    let rules = owner.set.rules()?;
    let progress = output.progress("accepting");
    let accepted = match accept_ownership(&rules, &owner.chain, &owner.key, &owner.folder, found).await {
        Err(error) if is_reason(&error, "KeyNotAuthorized") => {
            let (key, organization) = (owner.key.address(), &owner.set.organization);
            return Err(error).context(format!(
                "the asset is yours, its entry is not yet: an operator authorizes the key with `chancery organization authorize-key {organization} {key} --right sharing`, then run this again"
            ));
        }
        other => other?,
    };
    progress.finish_and_clear();
    output.answer(&accepted, describe(&accepted, &owner.set.organization));
    Ok(ExitCode::SUCCESS)
}

fn describe(accepted: &Accepted, organization: &str) -> String {
    let mut text = match accepted.owner_before {
        Some(before) => format!("{} is yours, and was {before}'s\n", accepted.asset),
        None => format!("{} is yours already\n", accepted.asset),
    };
    if accepted.entry_moved {
        writeln!(text, "its entry in the directory is under {organization}").ok();
    }
    if accepted.versions_before > 0 {
        let versions = accepted.versions_before;
        writeln!(text, "{versions} versions are of owners before, and are not handed out from this folder").ok();
    }
    if !accepted.keys_set_aside.is_empty() {
        let epochs = &accepted.keys_set_aside;
        writeln!(
            text,
            "keys of epochs {epochs:?} lay in the folder of state and are not yours: they are put aside in keys/"
        )
        .ok();
    }
    write!(text, "what is published from now on is under key {}", accepted.key_epoch).ok();
    text
}
