//! `chancery audit` (V2M): everything that is stored computed anew, part by part: the journal, what is kept of single operations by each chain, and the mailboxes of messages.

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::{
    Client,
    rest::types::{alerts::AuditStatus, data::DataAudit},
};
use serde_json::Value;

use super::connect;
use crate::{
    arguments::{Audit, Connection},
    output::Output,
};

/// Operations of one part: a second or two of computing.
const PART_OPERATIONS: u64 = 100_000;

pub(super) async fn run(command: Audit, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let client = connect(connection).await?;
    if command.status {
        let status = client.audit_status().await?;
        output.answer(&status, describe(&status));
        let found = !status.audit.difference.is_null() || !status.audit.mailbox_difference.is_null();
        return Ok(if found { ExitCode::from(crate::output::FAILED) } else { ExitCode::SUCCESS });
    }
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
        whole.compared += part.compared;
        whole.sequence.extend(part.sequence);
        (whole.next, whole.complete, whole.difference) = (part.next, part.complete, part.difference);
        parts.push(part.sources);
    }
    whole.sources = parts.into_iter().flatten().collect();
    let mut lines = vec![format!(
        "{} operations in {} submissions and {} data blocks computed anew, places {} to {}; {} blocks compared with the chain.",
        whole.operations, whole.submissions, whole.blocks, whole.from, whole.next, whole.compared
    )];
    let beside =
        if whole.difference.is_null() { beside_the_journal(&client, &whole.chains).await? } else { Vec::new() };
    progress.finish_and_clear();
    for Beside { what, looked, operations, difference } in &beside {
        lines.push(match operations {
            Some(operations) => {
                format!("{what}: {looked} data blocks, and {operations} single operations of theirs computed anew.")
            }
            None => format!("{what}: {looked} messages computed anew."),
        });
        // The first one is the answer's.
        if whole.difference.is_null() {
            whole.difference.clone_from(difference);
        }
    }
    let genuine = whole.difference.is_null();
    if genuine {
        lines.push("Everything is as it was accepted, and as the chain has recorded it.".to_owned());
    } else {
        lines.push(format!("DIFFERENCE: {}", whole.difference));
    }
    lines.extend(whole.sequence.iter().map(|finding| format!("TIME: {finding}")));
    lines.extend(whole.sources.iter().map(|source| format!("source {source}")));
    output.answer(&whole, lines.join("\n"));
    Ok(if genuine { ExitCode::SUCCESS } else { ExitCode::from(crate::output::FAILED) })
}

/// What was looked at beside the journal.
struct Beside {
    what: String,
    /// Data blocks, or messages.
    looked: u64,
    /// Single operations; of messages none.
    operations: Option<u64>,
    difference: Value,
}

/// What is kept of the data blocks of each chain, and of the mailboxes, page by page, up to the first difference of each.
async fn beside_the_journal(client: &Client, chains: &[String]) -> Result<Vec<Beside>> {
    let mut beside = Vec::new();
    for chain in chains {
        let whole = paged(async |from| Ok(client.audit_chain(chain, from).await?)).await?;
        let DataAudit { blocks, operations, difference, .. } = whole;
        let what = format!("chain {chain}");
        beside.push(Beside { what, looked: blocks, operations: Some(operations), difference });
    }
    let DataAudit { compared, difference, .. } = paged(async |from| Ok(client.audit_mailboxes(from).await?)).await?;
    beside.push(Beside { what: "mailboxes".to_owned(), looked: compared, operations: None, difference });
    Ok(beside)
}

/// All pages, added up.
async fn paged(page: impl AsyncFn(u64) -> Result<DataAudit>) -> Result<DataAudit> {
    let mut whole = page(0).await?;
    while whole.difference.is_null() && !whole.complete {
        let part = page(whole.next).await?;
        if part.next <= whole.next && !part.complete && part.difference.is_null() {
            anyhow::bail!("the audit does not get beyond number {}", whole.next);
        }
        whole.operations += part.operations;
        whole.blocks += part.blocks;
        whole.compared += part.compared;
        (whole.next, whole.complete, whole.difference) = (part.next, part.complete, part.difference);
    }
    Ok(whole)
}

fn describe(status: &AuditStatus) -> String {
    let audit = &status.audit;
    let mut lines = vec![match audit.operations_per_second {
        0 => "No audit runs by itself.".to_owned(),
        rate => format!(
            "The audit is at place {} of the journal and at root {} of a chain ({} operations, {} blocks in this pass), at most {rate} operations a second.",
            audit.next, audit.next_root, audit.operations, audit.blocks
        ),
    }];
    lines.push(audit.completed_at_ms.map_or_else(
        || "It has not looked at everything yet.".to_owned(),
        |at| {
            format!(
                "It looked at everything last at {at} (Unix milliseconds): {} operations, {} blocks.",
                audit.completed_operations, audit.completed_blocks
            )
        },
    ));
    if let Some(at) = audit.mailbox_completed_at_ms {
        lines.push(format!("It looked at all mailboxes last at {at}: {} messages.", audit.mailbox_messages));
    }
    for difference in [&audit.difference, &audit.mailbox_difference] {
        if !difference.is_null() {
            lines.push(format!("DIFFERENCE: {difference}"));
        }
    }
    lines.extend(audit.trouble.iter().map(|trouble| format!("It does not go on: {trouble}")));
    lines.extend(status.alerts.iter().map(|alert| format!("ALERT {}: {}", alert.rule, alert.summary)));
    let deliveries = status.deliveries;
    lines.push(format!(
        "Messages: {} wait, {} were taken, {} were given up.",
        deliveries.waiting, deliveries.delivered, deliveries.dropped
    ));
    lines.join("\n")
}
