//! `chancery quota` (O2C, V2M).

use std::{fmt::Write, process::ExitCode};

use anyhow::Result;
use chancery_client::rest::types::quotas::{Quota, QuotaSetting, QuotaUsage, Quotas};

use super::organization::effects;
use crate::{
    arguments::{Connection, QuotaCommand},
    keys,
    output::Output,
    party::Party,
};

pub(super) async fn run(command: QuotaCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    let changed = match command {
        QuotaCommand::Show => {
            let found = party.client.quotas().await?;
            output.answer(&found, describe(&found)?);
            return Ok(ExitCode::SUCCESS);
        }
        QuotaCommand::Set { subject, operations_per_day, bytes_per_day, operations_per_minute, check } => {
            let quota = Quota { operations_per_day, bytes_per_day, operations_per_minute };
            party.client.set_quota(&subject, &quota, check).await?
        }
        QuotaCommand::Remove { subject, check } => party.client.remove_quota(&subject, check).await?,
    };
    output.answer(&changed, effects(&changed));
    Ok(ExitCode::SUCCESS)
}

fn describe(found: &Quotas) -> Result<String> {
    let mut text = String::new();
    for QuotaSetting { subject, quota, recorded, .. } in &found.settings {
        let place = recorded.as_ref().map_or_else(
            || "not final yet".to_owned(),
            |recorded| format!("recorded on {} in block {}", recorded.chain, recorded.block_number),
        );
        writeln!(text, "{subject}: {} ({place})", bounds(quota.as_ref()))?;
    }
    if found.settings.is_empty() {
        text.push_str("No quota is set.\n");
    }
    for QuotaUsage { subject, operations, bytes, minute_operations, used_up, .. } in &found.usage {
        write!(text, "  {subject}: {operations} operations and {bytes} bytes today, {minute_operations} this minute")?;
        if !used_up.is_empty() {
            write!(text, "; used up: {}", used_up.join(", "))?;
        }
        text.push('\n');
    }
    if found.left_off > 0 {
        writeln!(text, "  and {} more", found.left_off)?;
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

fn bounds(quota: Option<&Quota>) -> String {
    let quota = quota.copied().unwrap_or_default();
    let named = [
        (quota.operations_per_day, "operations a day"),
        (quota.bytes_per_day, "bytes a day"),
        (quota.operations_per_minute, "operations a minute"),
    ];
    let bounds: Vec<String> =
        named.into_iter().filter_map(|(limit, name)| Some(format!("{} {name}", limit?))).collect();
    if bounds.is_empty() { "no bound".to_owned() } else { bounds.join(", ") }
}
