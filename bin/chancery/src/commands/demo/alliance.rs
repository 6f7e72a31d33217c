//! `chancery demo alliance`: a bank, a land registry and a tax office, each with a chain of its own, record mortgages together on an alliance chain
//! (`docs/specs/alliance.md`). Nodes, endorsers and relay are processes of this program; what goes wrong goes really wrong.

mod attacks;
mod cast;
mod ground;
mod mortgage;
mod names;
mod processes;
mod relay;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, ensure};

use super::narrator::Narrator;
use crate::{arguments::DemoAlliance, output::Output};
use cast::Cast;

/// What a story ends with.
const MORAL: &str =
    "Whatever happened, a mortgage was recorded on all three chains or on none; docs/specs/alliance.md says why.";

/// Tells the story.
pub(super) fn run(command: &DemoAlliance, pause: bool, output: &Output) -> Result<ExitCode> {
    // Several nodes are spoken to at the same time.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(Box::pin(tell(command, Narrator::new(*output, pause), *output)))
}

async fn tell(command: &DemoAlliance, mut narrator: Narrator, output: Output) -> Result<ExitCode> {
    // Removed at the end, when it is not the user's.
    let temporary = match command.data_dir {
        None => Some(tempfile::tempdir().context("cannot make a folder for the chains")?),
        Some(_) => None,
    };
    let dir = command.data_dir.clone().or_else(|| temporary.as_ref().map(|it| it.path().to_path_buf()));
    let dir = empty(dir.context("no folder")?)?;
    narrator.chapter("Three bodies form an alliance");
    let progress = output.progress("starting four chains, deploying, issuing certificates");
    let cast = Box::pin(Cast::gather(&dir)).await;
    progress.finish_and_clear();
    let mut cast = cast?;
    cast.introduce(&mut narrator).await?;
    narrator.chapter("A mortgage is recorded only if the property is free, the tax is paid and the borrower is known");
    Box::pin(mortgage::run(&cast, &mut narrator)).await?;
    narrator.chapter("A stale version");
    Box::pin(mortgage::stale(&cast, &mut narrator)).await?;
    narrator.chapter("A lying endorser");
    Box::pin(attacks::lie(&cast, &mut narrator)).await?;
    narrator.chapter("A forged signature");
    Box::pin(attacks::forge(&cast, &mut narrator)).await?;
    narrator.chapter("An expired certificate");
    Box::pin(attacks::expire(&cast, &mut narrator)).await?;
    narrator.chapter("A killed relay");
    Box::pin(relay::kill(&mut cast, &mut narrator)).await?;
    narrator.holds("The chains still run, and the live view shows how each request ended. Press Enter to stop them.");
    narrator.end(MORAL);
    drop(cast);
    Ok(ExitCode::SUCCESS)
}

/// A folder in which nothing is overwritten.
fn empty(dir: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let is_empty = dir.read_dir().with_context(|| format!("cannot read {}", dir.display()))?.next().is_none();
    ensure!(is_empty, "{} is not empty: choose another --data-dir, or remove it", dir.display());
    Ok(dir)
}
