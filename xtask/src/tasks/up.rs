//! `cargo xtask up`: from a fresh clone to a running city.

use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{build_shipped, root, step, target};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Use the web apps and the binary as they were built before.
    #[arg(long)]
    no_build: bool,
    /// Passed on to `chancery up` (for example `-- --gateway 127.0.0.1:9090`).
    #[arg(last = true)]
    city: Vec<String>,
}

pub(crate) fn run_city(arguments: &[String]) -> Command {
    let mut city = Command::new(target().join("release/chancery"));
    city.current_dir(root()).arg("up").arg("--web-dir").arg(root().join("web/dist")).args(arguments);
    city
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.no_build {
        super::web::run()?;
        step("Building the release binary (several minutes the first time)");
        build_shipped(&[])?;
    }
    step("Starting the city; Ctrl-C stops it");
    let status =
        run_city(&arguments.city).status().context("cannot start the chancery binary: run without --no-build")?;
    anyhow::ensure!(status.success(), "the city ended with {status}");
    Ok(())
}
