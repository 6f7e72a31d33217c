//! `chancery share declare`, `requests`, `decide`, `remove-reader`.

use std::{fmt::Write as _, process::ExitCode};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, ensure};
use chancery_client::rest::types::resources::DescribeResource;
use chancery_ledger::LedgerError;
use chancery_sharing::department::{Change, Declared, DepartmentError, declare as declare_to_chain};
use serde_json::json;

use crate::{
    arguments::{Connection, OwnerFile},
    keys,
    output::Output,
    party::Party,
    share::Owner,
};

/// Requests that are shown: the newest.
const MAX_SHOWN_REQUESTS: u64 = 100;

pub(super) async fn declare(
    file: &OwnerFile,
    check: bool,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let keys = keys::of(connection)?;
    let owner = Owner::open(&file.file, &keys).await?;
    let _alone = owner.folder.lock()?;
    let rules = owner.set.rules()?;
    let progress = output.progress("declaring");
    let declared = match declare_to_chain(&rules, &owner.chain, &owner.key, &owner.folder, check).await {
        Err(error) if is_reason(&error, "KeyNotAuthorized") => {
            let (key, organization) = (owner.key.address(), &owner.set.organization);
            return Err(error).context(format!(
                "an operator authorizes the key first: chancery organization authorize-key {organization} {key} --right sharing"
            ));
        }
        other => other?,
    };
    if let Some(text) = declared.kept_text.clone().filter(|_| !check) {
        // Of what not everybody may see the chain has hashes alone; the city keeps what opens them.
        let party = Party::connect(connection.client()?, keys).await?;
        let request = DescribeResource { description: text };
        party
            .client
            .describe_resource(rules.resource.as_str(), &request)
            .await
            .context("the entry is on the chain, its description is not kept yet: run this again")?;
    }
    progress.finish_and_clear();
    output.answer(&declared, describe(&declared));
    Ok(ExitCode::SUCCESS)
}

/// Whether a contract refused for this reason.
pub(super) fn is_reason(error: &DepartmentError, name: &str) -> bool {
    matches!(error, DepartmentError::Chain(LedgerError::Reverted { reason, .. }) if reason.name == name)
}

fn describe(declared: &Declared) -> String {
    let mut text = String::new();
    for change in &declared.changes {
        let line = match change {
            Change::Deploy => "the asset's contract is deployed".to_owned(),
            Change::SetAutomatic { automatic: true } => "listed readers need no further decision".to_owned(),
            Change::SetAutomatic { automatic: false } => "each request is decided".to_owned(),
            Change::List { reader } => format!("{reader} may ask"),
            Change::Register => "the resource is entered into the directory".to_owned(),
            Change::Describe => "the entry in the directory is replaced".to_owned(),
            Change::Withdraw => "the entry that said nothing of it is taken out of the directory".to_owned(),
        };
        writeln!(text, "{line}").ok();
    }
    if declared.changes.is_empty() {
        text.push_str("The chain agrees already.\n");
    }
    for reader in &declared.undeclared_readers {
        writeln!(text, "{reader} is listed and not declared: `chancery share remove-reader` removes it").ok();
    }
    if let Some(asset) = declared.asset {
        writeln!(text, "asset  {asset}").ok();
    }
    if !declared.applied {
        text.push_str("This was a check: nothing was changed.");
    }
    text.trim_end().to_owned()
}

pub(super) async fn requests(file: &OwnerFile, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let count = department.asset().request_count().await?;
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for number in (count.saturating_sub(MAX_SHOWN_REQUESTS) + 1..=count).rev() {
        let asked = department.asset().request(number).await?;
        lines.push(format!("{number}  {:<8}  version {}  {}", asked.state.name(), asked.version, asked.reader));
        rows.push(json!({
            "request": number, "state": asked.state, "version": asked.version, "reader": asked.reader,
            "requestedAt": asked.requested_at, "purposeHash": asked.purpose_hash,
        }));
    }
    if lines.is_empty() {
        lines.push("Nobody has asked.".to_owned());
    }
    output.answer(&rows, lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn decide(
    file: &OwnerFile,
    request: u64,
    approve: bool,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let progress = output.progress("deciding");
    department.decide(request, approve).await?;
    progress.finish_and_clear();
    let state = if approve { "approved" } else { "refused" };
    output.answer(&json!({ "request": request, "state": state }), format!("request {request} is {state}"));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn remove_reader(
    file: &OwnerFile,
    reader: Address,
    connection: &Connection,
    output: &Output,
) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let name = file.file.display();
    ensure!(
        !owner.set.declares(reader),
        "{name} declares {reader} as a reader: take it out first, or it is listed again"
    );
    let department = owner.department()?;
    let _alone = owner.folder.lock()?;
    let progress = output.progress("removing");
    let key_epoch = department.remove_reader(reader).await?;
    progress.finish_and_clear();
    output.answer(
        &json!({ "reader": reader, "keyEpoch": key_epoch }),
        format!("{reader} is removed; what is published from now on is under key {key_epoch}"),
    );
    Ok(ExitCode::SUCCESS)
}
