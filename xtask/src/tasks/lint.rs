//! `cargo xtask lint`: formatting, clippy without warnings, licences and duplicate versions when cargo-deny is there.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, output, step};

const CLIPPY: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny=warnings"];

pub(crate) fn run() -> Result<()> {
    step("Formatting and lints");
    formatting()?;
    shell::run(&mut clippy())?;
    licences()
}

pub(crate) fn formatting() -> Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
}

/// The command that finds warnings, and fails with one.
pub(crate) fn clippy() -> Command {
    let mut command = cargo();
    command.args(CLIPPY);
    command
}

pub(crate) fn licences() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_some() {
        shell::run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
    } else {
        println!("    cargo-deny is not installed, licences were not checked: cargo install cargo-deny");
        Ok(())
    }
}
