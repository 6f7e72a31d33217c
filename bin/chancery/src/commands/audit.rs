//! `chancery audit` (V2M): everything submitted computed anew, part by part.

use std::process::ExitCode;

use anyhow::Result;

use super::connect;
use crate::{
    arguments::{Audit, Connection},
    output::Output,
};

/// Operations of one part: a second or two of computing.
const PART_OPERATIONS: u64 = 100_000;

pub(super) async fn run(command: Audit, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    let progress = output.progress("computing anew");
    let mut whole = client.audit_data(command.from, Some(PART_OPERATIONS)).await?;
    let mut parts = vec![whole.sources.clone()];
    while whole.difference.is_null() && !whole.complete {
        let part = client.audit_data(whole.next, Some(PART_OPERATIONS)).await?;
        if part.next <= whole.next && !part.complete && part.difference.is_null() {
            anyhow::bail!("the audit does not get beyond place {}", whole.next);
        }
        whole.submissions += part.submissions;
        whole.operations += part.operations;
        whole.blocks += part.blocks;
        whole.sequence.extend(part.sequence);
        (whole.next, whole.complete, whole.difference) = (part.next, part.complete, part.difference);
        parts.push(part.sources);
    }
    progress.finish_and_clear();
    whole.sources = parts.into_iter().flatten().collect();
    let mut lines = vec![format!(
        "{} operations in {} submissions and {} data blocks computed anew, places {} to {}.",
        whole.operations, whole.submissions, whole.blocks, whole.from, whole.next
    )];
    let genuine = whole.difference.is_null();
    if genuine {
        lines.push("Everything is as it was accepted.".to_owned());
    } else {
        lines.push(format!("DIFFERENCE: {}", whole.difference));
    }
    lines.extend(whole.sequence.iter().map(|finding| format!("TIME: {finding}")));
    lines.extend(whole.sources.iter().map(|source| format!("source {source}")));
    output.answer(&whole, lines.join("\n"));
    Ok(if genuine { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}
