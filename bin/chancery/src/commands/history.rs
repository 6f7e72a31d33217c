//! `chancery history` (V2M).

use std::process::ExitCode;

use alloy_primitives::B256;
use anyhow::Result;
use chancery_client::rest::types::events::{Event, Verification};

use crate::{arguments::Connection, keys, output::Output, party::Party};

pub(super) async fn run(certificate: B256, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let history = party.client.certificate_history(certificate).await?;
    let mut lines: Vec<String> = history.entries.iter().map(line).collect();
    if history.in_order {
        lines.push("The sequence is in order.".to_owned());
    } else {
        lines.push("The sequence is NOT in order:".to_owned());
        lines.extend(history.findings.iter().map(|finding| format!("  {finding}")));
    }
    output.answer(&history, lines.join("\n"));
    Ok(if history.in_order { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}

/// One line of a history.
pub(super) fn line(event: &Event) -> String {
    let by = event.by.as_ref().map_or_else(|| "the public".to_owned(), ToString::to_string);
    let backed = match &event.verified {
        Some(Verification::Verified) => "verified".to_owned(),
        Some(Verification::Unproven { missing }) => format!("unproven: {missing}"),
        Some(Verification::Failed { check }) => format!("FAILED: {check}"),
        None => "journal".to_owned(),
    };
    let place = event
        .recorded
        .as_ref()
        .map_or_else(String::new, |recorded| format!("  {} block {}", recorded.chain, recorded.block_number));
    let right = event.right.map_or_else(String::new, |right| format!("  right {}", right.name()));
    format!("{}  {:<28} by {by}{right}  [{backed}]{place}  {}", event.time, event.name, event.facts)
}
