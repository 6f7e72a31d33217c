//! `cargo xtask lint`: formatting, clippy without warnings, licences and duplicate versions when cargo-deny is there.

use anyhow::Result;

use crate::shell::{self, cargo, output, step};

pub(crate) fn run() -> Result<()> {
    step("Formatting and lints");
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    shell::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))?;
    if output(cargo().args(["deny", "--version"])).is_some() {
        shell::run(cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    } else {
        println!("    cargo-deny is not installed, licences were not checked: cargo install cargo-deny");
    }
    Ok(())
}
