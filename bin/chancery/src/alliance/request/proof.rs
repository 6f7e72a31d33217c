//! The proof of how a request ended: fetched, verified and written (A-MORE-3).

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use chancery_bridge::{alliance::message::Part, requester::Requester};
use serde_json::json;

use super::requester;
use crate::{alliance::certificate::replace_private, arguments::RequestProofFile, output::Output};

/// Longest wait for the members to apply what was committed: many times what a relay needs.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(command: &RequestProofFile, output: &Output) -> Result<ExitCode> {
    let requester = Box::pin(requester::open(&command.config)).await?;
    let progress = output.progress("reading the chains");
    let written = Box::pin(write(&requester, command.number, &[], &command.out)).await;
    progress.finish_and_clear();
    written?;
    let out = command.out.display();
    output.answer(
        &json!({"number": command.number, "file": command.out}),
        format!("{out} proves how request {} ended\nthen: chancery verify {out} --alliance-genesis FILE --contract {} --genesis FOLDER", command.number, requester.alliance.address),
    );
    Ok(ExitCode::SUCCESS)
}

/// Waits until everybody has applied it, and writes the proof, for its owner alone.
pub(super) async fn write(requester: &Requester, number: u64, known: &[Part], path: &Path) -> Result<()> {
    requester.await_applied(number, PATIENCE).await?;
    let proof = Box::pin(requester.prove(number, known)).await?;
    let text = serde_json::to_string_pretty(&proof).context("the proof cannot be written as JSON")?;
    replace_private(path, &text)
}
