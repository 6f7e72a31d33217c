//! `cargo xtask lint`: formatting, clippy without warnings, licences and duplicate versions when cargo-deny is there.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use crate::shell::{self, cargo, output, step};

pub(crate) fn run() -> Result<()> {
    step("Formatting and lints");
    formatting()?;
    shell::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "--deny=warnings",
    ]))?;
    licences()
}

pub(crate) fn formatting() -> Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
}

/// Lets a command that compiles find clippy's warnings in the workspace, and fail with one.
///
/// `cargo clippy` is `cargo check` with clippy-driver for a compiler: beside a build it reads every dependency and every crate once more, a fifth of the
/// time of a clean `cargo xtask test`. clippy-driver compiles what it lints, leaving out optimisations of MIR only, so it compiles the tests.
pub(crate) fn while_compiling(command: &mut Command) -> &mut Command {
    let name = format!("clippy-driver{}", env::consts::EXE_SUFFIX);
    let beside_cargo = env::var_os("CARGO").map(|cargo| PathBuf::from(cargo).with_file_name(&name));
    let driver = beside_cargo.filter(|driver| driver.is_file()).unwrap_or_else(|| name.into());
    // As cargo-clippy hands them over.
    command.env("RUSTC_WORKSPACE_WRAPPER", driver).env("CLIPPY_ARGS", "--deny=warnings__CLIPPY_HACKERY__")
}

pub(crate) fn licences() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_some() {
        shell::run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
    } else {
        println!("    cargo-deny is not installed, licences were not checked: cargo install cargo-deny");
        Ok(())
    }
}
