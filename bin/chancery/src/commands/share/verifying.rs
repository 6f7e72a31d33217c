//! `chancery share verify`: whether the store still has what was published (S-ODS).

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{
    arguments::{Connection, OwnerFile},
    keys,
    output::{FAILED, Output},
    share::Owner,
};

pub(super) async fn verify(file: &OwnerFile, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let owner = Owner::open(&file.file, &keys::of(connection)?).await?;
    let department = owner.department()?;
    let progress = output.progress("reading the store");
    let (mut rows, mut lines, mut failed) = (Vec::new(), Vec::new(), 0);
    let count = department.part_count()?;
    for number in 1..=count {
        progress.set_message(format!("reading the store: part {number} of {count}"));
        let checked = department.check_part(number).await?;
        let fault = checked.fault.as_ref().map(ToString::to_string);
        failed += usize::from(fault.is_some());
        let state = fault.as_deref().unwrap_or("whole");
        let published = if checked.published { "published" } else { "not published yet" };
        lines.push(format!("{number}  {published}  {}: {state}", checked.location));
        rows.push(json!({
            "version": number, "published": checked.published, "location": checked.location.to_string(), "fault": fault,
        }));
    }
    progress.finish_and_clear();
    if lines.is_empty() {
        lines.push("Nothing was extracted.".to_owned());
    }
    output.answer(&json!({ "parts": rows, "faults": failed }), lines.join("\n"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
