//! `chancery completions`.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

use crate::arguments::Arguments;

pub(super) fn run(shell: clap_complete::Shell) -> Result<ExitCode> {
    clap_complete::generate(shell, &mut Arguments::command(), "chancery", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
