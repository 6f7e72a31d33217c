//! `chancery share forward`. Needs no key and no chain.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{arguments::OwnerFile, output::Output, share::ForwardSet};

pub(super) async fn forward(file: &OwnerFile, output: &Output) -> Result<ExitCode> {
    let set = ForwardSet::read(&file.file)?;
    let progress = output.progress("forwarding");
    let done = set.run().await?;
    progress.finish_and_clear();
    let mut text = match done.rows {
        0 => "There is nothing new.".to_owned(),
        rows => format!("{rows} rows are on the disk of the other side"),
    };
    for rejects in &done.rejects {
        text.push_str(&format!("\n{} rejected rows are kept: {}", done.rejected, rejects.display()));
    }
    output.answer(&json!({ "rows": done.rows, "rejected": done.rejected, "rejects": done.rejects }), text);
    Ok(ExitCode::SUCCESS)
}
