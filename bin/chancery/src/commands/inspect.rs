//! `chancery inspect` (C-API-3, C-QR).

use std::process::ExitCode;

use anyhow::Result;
use chancery_certificates::presentation::{PresentationCode, PresentationError};
use chancery_client::rest::types::inspections::Check;
use serde_json::json;

use crate::{
    arguments::{Connection, Inspect},
    keys,
    output::{FAILED, Output},
    party::Party,
};

pub(super) async fn run(command: Inspect, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(&connection.url, keys::of(connection)?).await?;
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
    let recorded = if command.dry_run {
        None
    } else {
        let progress = output.progress("recording the inspection on the chain");
        let recorded = party.record(&inspection).await?;
        progress.finish_and_clear();
        Some(recorded.recorded)
    };
    let document = &inspection.presentation.document;
    let value = json!({
        "outcome": outcome,
        "checks": inspection.found.checks,
        "document": document,
        "recorded": recorded,
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
    match &recorded {
        Some(recorded) => text.push_str(&format!(
            "\n\nrecorded on {} in block {} by {}",
            recorded.chain, recorded.block_number, recorded.tx_hash
        )),
        None => text.push_str("\n\nNothing was recorded (--dry-run)."),
    }
    output.answer(&value, text);
    Ok(if outcome == "valid" { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
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
