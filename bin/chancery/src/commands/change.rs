//! `chancery change` (O2C, M-CON-3): two operators change the configuration together.

use std::{io::Read as _, path::Path, process::ExitCode};

use alloy_primitives::{B256, keccak256};
use anyhow::{Context as _, Result, ensure};
use chancery_client::{
    PageQuery,
    rest::{
        types::{
            changes::{
                ApprovalStatus as Status, ChangeReview, DecideChange as Decide, ProposeChange as Propose,
                ProposedChange,
            },
            organizations::Changed,
        },
        values::{HexBytes, HexHash},
    },
};
use chancery_contracts::predeploys;
use chancery_primitives::{
    ApprovalStatus, DecideChange, ProposeChange, SignedOperation as _, SigningDomain, UnixSeconds,
};
use chancery_reference_points::change_approval::{MAX_CHANGE_BYTES, read_text};
use serde_json::Value;

use super::{organization::effects, read_bounded};
use crate::{
    arguments::{ChangeCommand, Connection},
    keys,
    output::Output,
    party::{CityFacts, Party, deadline},
};

/// Largest file with a refusal: the text of a change, written as JSON once more, and the rest of the problem.
const MAX_REFUSAL_BYTES: u64 = 4 * MAX_CHANGE_BYTES as u64;
const DAY_S: u64 = 86_400;

pub(super) async fn run(command: ChangeCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let progress = output.progress("waiting until the change is final");
    let show = |text: String| progress.suspend(|| output.before_signing(text));
    let changed = match command {
        ChangeCommand::List => return list(&party, output).await,
        ChangeCommand::Show { change } => {
            let found = read(&party, change).await?;
            output.answer(&found, describe(&found));
            return Ok(ExitCode::SUCCESS);
        }
        ChangeCommand::Propose { refusal, days, check } => {
            let (change, request) = proposed(&party, &refusal, days, check).await?;
            let changed = party.client.propose_change(&request, check).await?;
            progress.finish_and_clear();
            let answer = serde_json::json!({"change": change, "changed": changed});
            output.answer(&answer, format!("change  {change}\n{}", effects(&changed)));
            return Ok(ExitCode::SUCCESS);
        }
        ChangeCommand::Approve(step) => {
            // What is approved is what its approver has seen.
            show(describe(&read(&party, step.change).await?));
            take(&party, step.change, ApprovalStatus::Approved, step.reason, step.check).await?
        }
        ChangeCommand::Reject(step) => {
            take(&party, step.change, ApprovalStatus::Rejected, step.reason, step.check).await?
        }
        ChangeCommand::Withdraw(step) => {
            take(&party, step.change, ApprovalStatus::Withdrawn, step.reason, step.check).await?
        }
        ChangeCommand::Apply { change, check } => {
            let request =
                Decide { status: Status::Applied, reason: String::new(), deadline: 0, signature: HexBytes::default() };
            party.client.decide_change(change, &request, check).await?
        }
    };
    progress.finish_and_clear();
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

async fn list(party: &Party, output: &Output) -> Result<ExitCode> {
    let mut page = PageQuery { limit: Some(100), cursor: None };
    let mut items: Vec<ProposedChange> = Vec::new();
    let required = loop {
        let found = party.client.changes(&page).await?;
        items.extend(found.items);
        match found.next_cursor {
            Some(next) => page.cursor = Some(next),
            None => break found.required,
        }
    };
    let kinds: Vec<String> = required.iter().map(word).collect();
    let kinds = if kinds.is_empty() { "none: one operator is enough".to_owned() } else { kinds.join(", ") };
    let mut lines = vec![format!("need two operators: {kinds}")];
    lines.extend(items.iter().map(line));
    output.answer(&serde_json::json!({"required": required, "changes": items}), lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// The proposal, signed, and its name.
async fn proposed(party: &Party, refusal: &Path, days: u64, check: bool) -> Result<(B256, Propose)> {
    let content = content_of(refusal)?;
    let (kind, _) = read_text(&content)?;
    let deadline = deadline();
    let expires_at = UnixSeconds(crate::party::now().get().saturating_add(days * DAY_S));
    let salt = B256::random();
    let operation = ProposeChange { kind, change_hash: keccak256(&content), salt, expires_at, deadline };
    let change = operation.digest(&domain(&party.city)?);
    let request = Propose {
        content,
        salt: HexHash(salt),
        expires_at: expires_at.get(),
        deadline: deadline.get(),
        signature: signed(party, change, check).await?,
    };
    Ok((change, request))
}

/// The text of the change: the member `change` of a refusal, or the file itself.
fn content_of(path: &Path) -> Result<String> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(MAX_REFUSAL_BYTES).read_to_end(&mut bytes)?;
        bytes
    } else {
        read_bounded(path, MAX_REFUSAL_BYTES)?
    };
    let text = String::from_utf8(bytes).context("this is no text")?;
    let refusal: Value = serde_json::from_str(&text).context("this is neither a refusal nor a change")?;
    if refusal["code"] != "approval-required" {
        return Ok(text.trim_end().to_owned());
    }
    refusal["change"].as_str().map(str::to_owned).context("the refusal does not say which change it refuses")
}

/// A change as the gateway shows it; what it is named and who proposed it is computed anew.
async fn read(party: &Party, change: B256) -> Result<ChangeReview> {
    let found = party.client.change(change).await?;
    let (kind, _) = read_text(&found.signed.content)?;
    let operation = ProposeChange {
        kind,
        change_hash: keccak256(&found.signed.content),
        salt: found.signed.salt.0,
        expires_at: UnixSeconds(found.signed.expires_at),
        deadline: UnixSeconds(found.signed.deadline),
    };
    let domain = domain(&party.city)?;
    ensure!(
        operation.digest(&domain) == change,
        "the gateway shows something else than what is named {change}: do not sign for it"
    );
    let proposer = found.proposal.proposed.operator.0;
    operation
        .verify(&domain, &found.signed.signature.0, proposer)
        .with_context(|| format!("{proposer} has not signed what the gateway shows"))?;
    Ok(found)
}

/// Signs a decision and sends it.
async fn take(party: &Party, change: B256, status: ApprovalStatus, reason: String, check: bool) -> Result<Changed> {
    let deadline = deadline();
    let decision = DecideChange { change, status, reason, deadline };
    let digest = decision.digest(&domain(&party.city)?);
    let request = Decide {
        status: match status {
            ApprovalStatus::Proposed => Status::Proposed,
            ApprovalStatus::Approved => Status::Approved,
            ApprovalStatus::Rejected => Status::Rejected,
            ApprovalStatus::Withdrawn => Status::Withdrawn,
            ApprovalStatus::Applied => Status::Applied,
        },
        reason: decision.reason,
        deadline: deadline.get(),
        signature: signed(party, digest, check).await?,
    };
    Ok(party.client.decide_change(change, &request, check).await?)
}

/// The signature of a digest. For a check there is none: whoever got it could send it.
async fn signed(party: &Party, digest: B256, check: bool) -> Result<HexBytes> {
    if check {
        return Ok(HexBytes::default());
    }
    Ok(HexBytes(party.keys.sign_digest(digest).await?.to_vec().into()))
}

/// Changes are recorded on the main chain.
fn domain(city: &CityFacts) -> Result<SigningDomain> {
    Ok(SigningDomain::new(city.chain("main")?.chain_id, predeploys::CHANGE_APPROVALS))
}

fn describe(found: &ChangeReview) -> String {
    format!("{}\n{}", line(&found.proposal), found.signed.content)
}

fn line(change: &ProposedChange) -> String {
    format!(
        "{}  {}  {}  proposed by {}, until {}",
        change.change,
        word(&change.kind),
        word(&change.status),
        change.proposed.operator,
        change.expires_at
    )
}

/// The name of a value as the interface writes it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
