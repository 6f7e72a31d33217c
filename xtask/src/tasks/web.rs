//! `cargo xtask web`: the web apps, built into `web/dist`.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{
    prerequisites,
    shell::{self, command, root, step},
};

/// The client in TypeScript.
pub(crate) const CLIENT: &str = "sdk/typescript";

pub(crate) fn run_script(directory: &str, script: &str) -> Result<()> {
    shell::run(command("npm").current_dir(root().join(directory)).args(["run", "--silent", script]))
}

/// Installs a package directory's dependencies unless they are already those of the lock file.
pub(crate) fn install(directory: &str) -> Result<()> {
    prerequisites::node()?;
    let directory = root().join(directory);
    let lock = directory.join("package-lock.json");
    let stamp = directory.join("node_modules/.chancery-lock");
    if same(&lock, &stamp) {
        return Ok(());
    }
    shell::run(command("npm").current_dir(&directory).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::copy(&lock, &stamp)?;
    Ok(())
}

/// The client in TypeScript, which the web apps are compiled with, and theirs.
pub(crate) fn install_with_client() -> Result<()> {
    install(CLIENT)?;
    install("web")
}

fn same(lock: &Path, stamp: &Path) -> bool {
    matches!((fs::read(lock), fs::read(stamp)), (Ok(lock), Ok(stamp)) if lock == stamp)
}

pub(crate) fn run() -> Result<()> {
    step("Building the web apps");
    install_with_client()?;
    run_script("web", "build")
}
