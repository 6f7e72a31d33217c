//! `chancery inspect` (C-API-3, C-QR): the gateway is asked, and what it says counts where the chains prove the same.

use std::process::ExitCode;

use anyhow::{Error, Result, anyhow};
use chancery_certificates::presentation::{PresentationCode, PresentationError};
use chancery_client::{
    ClientError,
    rest::types::{Recorded, inspections::Check},
};
use chancery_primitives::Outcome;
use serde_json::{Value, json};

use super::proven;
use crate::{
    arguments::{Connection, Inspect},
    keys,
    output::{FAILED, Output},
    party::Party,
};

pub(super) async fn run(command: Inspect, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let known = proven::known(&command.trust, &connection.url, party.city.chains())?;
    let scanned = party.scan(&PresentationCode::parse(&command.code)?).await?;
    let inspection = match party.check(&scanned.presentation).await {
        Ok(inspection) => inspection,
        Err(error) => {
            let Some(failed) = error.downcast_ref::<PresentationError>() else { return Err(error) };
            output.answer(&json!({"outcome": "refused", "check": failed.to_string()}), format!("REFUSED: {failed}"));
            return Ok(ExitCode::from(FAILED));
        }
    };
    let word: Outcome = serde_json::from_value(serde_json::to_value(inspection.found.outcome)?)?;
    let (outcome, proof) = proven::conclude(&inspection.found, word, proven::prove(&party, &inspection, &known).await);
    let record = if command.dry_run {
        Record::NotAsked
    } else if outcome != word {
        Record::Failed(anyhow!("what the gateway says is not proven, so nothing was signed"))
    } else {
        let progress = output.progress("recording the inspection on the chain");
        let recorded = party.record(&inspection).await;
        progress.finish_and_clear();
        recorded.map_or_else(Record::Failed, |recorded| Record::Made(recorded.recorded))
    };
    let document = &inspection.presentation.document;
    let mut value = json!({
        "outcome": outcome,
        "proof": proven::told(&proof, &known),
        "openedBefore": scanned.opened_before,
        "checks": inspection.found.checks,
        "document": document,
        "recorded": null,
    });
    let mut text = format!(
        "{}\n\n{}\n\n{}",
        outcome.as_str().to_uppercase().replace('-', " "),
        proven::describe(&proof, word, &known),
        inspection.found.checks.iter().map(describe).collect::<Vec<_>>().join("\n")
    );
    if let Some(last) = scanned.last_opened_at {
        text.push_str(&format!(
            "\n\nWARNING: this code was opened {} times before, last at {last}: somebody may have photographed it; ask for a new one",
            scanned.opened_before
        ));
    }
    text.push_str(&format!(
        "\n\nissued by  {} ({})\nholder     {}\n{:#}",
        document.issuer.name, document.issuer.organization, document.holder, document.subject
    ));
    match &record {
        Record::Made(recorded) => {
            value["recorded"] = json!(recorded);
            text.push_str(&format!(
                "\n\nrecorded on {} in block {} by {}",
                recorded.chain, recorded.block_number, recorded.tx_hash
            ));
        }
        Record::NotAsked => text.push_str("\n\nNothing was recorded (--dry-run)."),
        Record::Failed(error) => {
            value["notRecorded"] = reason(error);
            text.push_str(&format!("\n\nNOT RECORDED: {error:#}"));
        }
    }
    output.answer(&value, text);
    let complete = outcome == Outcome::Valid && !matches!(record, Record::Failed(_));
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// What became of the record. What was found is told whatever becomes of it.
enum Record {
    Made(Recorded),
    NotAsked,
    Failed(Error),
}

/// Why there is no record, as the gateway said it.
fn reason(error: &Error) -> Value {
    let problem = error.downcast_ref::<ClientError>().and_then(ClientError::problem);
    problem.map_or_else(|| json!({"detail": format!("{error:#}")}), |problem| json!(problem))
}

/// One line for a check.
pub(super) fn describe(check: &Check) -> String {
    let mark = match check.passed {
        Some(true) => "passed",
        Some(false) => "FAILED",
        None => "unknown",
    };
    format!("  {mark:<8} {:<24} {}", check.name, check.detail)
}
