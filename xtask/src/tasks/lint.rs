//! `cargo xtask lint`: formatting, clippy without warnings, and what the project depends on: licences, sources, bans, yanked versions, advisories.

mod yanked;

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use crate::shell::{self, cargo, output, step};

/// What `cargo deny` is, and the version whose configuration `deny.toml` is.
const CARGO_DENY_VERSION: &str = "0.20.2";

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
    step("What the project depends on");
    yanked::check()?;
    if output(cargo().args(["deny", "--version"])).is_none() {
        println!("    cargo-deny {CARGO_DENY_VERSION} is not installed: it is now, once, which takes minutes");
        shell::run(cargo().args(["install", "--locked", "cargo-deny", "--version", CARGO_DENY_VERSION]))?;
    }
    licences()?;
    advisories()
}

/// Known faults of what is used. Without the database nothing is known of them, which is said and fails nothing: a machine without a network checks the rest.
fn advisories() -> Result<()> {
    if output(cargo().args(["deny", "fetch", "db"])).is_none() {
        println!("    the advisory database cannot be fetched: ADVISORIES WERE NOT CHECKED");
        return Ok(());
    }
    shell::run(cargo().args(["deny", "check", "--disable-fetch", "advisories"]))
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

fn licences() -> Result<()> {
    shell::run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}

/// What `cargo xtask test` looks at where cargo-deny is there, which it does not install: licences, sources, bans and yanked versions.
pub(crate) fn dependencies() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_none() {
        println!(
            "    cargo-deny is not installed: LICENCES AND YANKED VERSIONS WERE NOT CHECKED; cargo xtask lint installs it and checks them \
             (cargo install --locked cargo-deny --version {CARGO_DENY_VERSION})"
        );
        return Ok(());
    }
    step("What the project depends on");
    yanked::check()?;
    licences()
}
