//! `cargo xtask lint`: formatting, clippy without warnings, licences and duplicate versions when cargo-deny is there.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::shell::{self, cargo, output, root, step, target};

const CLIPPY: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny=warnings"];

pub(crate) fn run() -> Result<()> {
    step("Formatting and lints");
    formatting()?;
    shell::run(cargo().args(CLIPPY))?;
    licences()
}

/// Clippy on its way, while something else is done that leaves the machine time to spare.
pub(crate) struct Lints {
    clippy: Child,
    log: PathBuf,
}

/// Checks the formatting, and begins the lints.
///
/// # Errors
/// When something is not formatted.
pub(crate) fn begin() -> Result<Lints> {
    formatting()?;
    let log = target().join("clippy.log");
    let file = File::create(&log)?;
    // What runs beside it waits for real time.
    let clippy = Command::new("nice")
        .args(["-n", "10"])
        .arg(cargo().get_program())
        .args(CLIPPY)
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .context("cannot start `nice cargo clippy`")?;
    println!("    clippy begins; what it says is in {}", log.display());
    Ok(Lints { clippy, log })
}

impl Lints {
    /// Waits for the end.
    ///
    /// # Errors
    /// When there are warnings; they are printed.
    pub(crate) fn end(mut self) -> Result<()> {
        step("Formatting and lints");
        let status = self.clippy.wait()?;
        if !status.success() {
            println!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
        ensure!(status.success(), "clippy failed: {status}");
        licences()
    }
}

fn formatting() -> Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
}

fn licences() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_some() {
        shell::run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
    } else {
        println!("    cargo-deny is not installed, licences were not checked: cargo install cargo-deny");
        Ok(())
    }
}
