//! `chancery inspect` (C-API-3, C-QR).

use std::process::ExitCode;

use anyhow::{Error, Result};
use chancery_certificates::presentation::{PresentationCode, PresentationError};
use chancery_client::{
    ClientError,
    rest::types::{Recorded, inspections::Check},
};
use serde_json::{Value, json};

use crate::{
    arguments::{Connection, Inspect},
    keys,
    output::{FAILED, Output},
    party::Party,
};

pub(super) async fn run(command: Inspect, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let presentation = party.scan(&PresentationCode::parse(&command.code)?).await?;
    let inspection = match party.check(&presentation).await {
        Ok(inspection) => inspection,
        Err(error) => {
            let Some(failed) = error.downcast_ref::<PresentationError>() else { return Err(error) };
            output.answer(&json!({"outcome": "refused", "check": failed.to_string()}), format!("REFUSED: {failed}"));
            return Ok(ExitCode::from(FAILED));
        }
    };
    let outcome = serde_json::to_value(inspection.found.outcome)?;
    let outcome = outcome.as_str().unwrap_or_default().to_owned();
    let record = if command.dry_run {
        Record::NotAsked
    } else {
        let progress = output.progress("recording the inspection on the chain");
        let recorded = party.record(&inspection).await;
        progress.finish_and_clear();
        recorded.map_or_else(Record::Failed, |recorded| Record::Made(recorded.recorded))
    };
    let document = &inspection.presentation.document;
    let mut value = json!({
        "outcome": outcome,
        "checks": inspection.found.checks,
        "document": document,
        "recorded": null,
    });
    let mut text = format!(
        "{}\n\n{}",
        outcome.to_uppercase().replace('-', " "),
        inspection.found.checks.iter().map(describe).collect::<Vec<_>>().join("\n")
    );
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
    let complete = outcome == "valid" && !matches!(record, Record::Failed(_));
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
