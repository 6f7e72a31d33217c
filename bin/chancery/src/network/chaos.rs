//! `chancery chaos`: four validators on four hosts (network namespaces of this machine), bad weather between them, and what survived.
//!
//! The hosts are joined by a switch in this process (TUN devices): it delays, loses and withholds real packets, so that everything above IP,
//! the kernel's TCP included, behaves as it does between machines. Load and questions come over a management network of their own, which
//! nothing disturbs.

mod doctors;
mod ground;
mod lab;
mod load;
mod phases;
mod report;
mod story;
mod switch;
mod watch;
mod weather;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{arguments::Chaos, output::Output};

/// Everything held.
const SURVIVED: u8 = 0;
/// Something that must never happen has happened.
const BROKEN: u8 = 1;
/// This machine cannot make hosts.
const NOT_POSSIBLE: u8 = 3;

pub(super) fn run(command: &Chaos, output: &Output) -> Result<ExitCode> {
    if let Err(missing) = ground::check() {
        output.answer(
            &serde_json::json!({"possible": false, "missing": missing.to_string()}),
            format!("error: {missing}"),
        );
        return Ok(ExitCode::from(NOT_POSSIBLE));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let report = runtime.block_on(story::tell(command, output))?;
    let survived = report.survived();
    output.answer(&report, &report);
    Ok(ExitCode::from(if survived { SURVIVED } else { BROKEN }))
}
