//! `cargo xtask contracts`: compile, test, compare the committed artifacts and the gas snapshot.

use anyhow::Result;

use super::web::{install, run_script};
use crate::shell::step;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the artifacts and the gas snapshot anew instead of comparing them.
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Contracts: forge test, artifacts, gas snapshot");
    install("contracts")?;
    if arguments.bless {
        run_script("contracts", "artifacts")?;
        return run_script("contracts", "snapshot");
    }
    run_script("contracts", "lint")?;
    run_script("contracts", "artifacts:check")?;
    run_script("contracts", "vectors:check")?;
    run_script("contracts", "test")?;
    run_script("contracts", "snapshot:check")
}

pub(crate) fn check() -> Result<()> {
    run(&Arguments { bless: false })
}
