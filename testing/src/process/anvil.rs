//! anvil, from the npm package that the contracts are tested with.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::project_root;

/// A running anvil. Killed when dropped.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    /// JSON-RPC endpoint.
    pub url: String,
}

impl Anvil {
    /// Starts anvil on a free port with more arguments.
    ///
    /// # Errors
    /// When it is not installed (the message says how) or ends early.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let binary = binary()?;
        let mut child = Command::new(&binary)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("anvil has no output")?).lines();
        while let Some(Ok(line)) = lines.next() {
            if let Some(address) = line.strip_prefix("Listening on ") {
                let url = format!("http://{}", address.trim());
                // The pipe must be read to its end, or anvil blocks on it.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Self { child, url });
            }
        }
        child.kill().ok();
        child.wait().ok();
        bail!("anvil ended before it listened")
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn binary() -> Result<PathBuf> {
    let modules = project_root().join("contracts/node_modules/@foundry-rs");
    let platform = std::fs::read_dir(&modules)
        .ok()
        .into_iter()
        .flatten()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|entry| entry.path().join("bin/anvil"));
    platform
        .filter(|binary| binary.is_file())
        .context("anvil was not found: run `npm ci` in contracts/ (cargo xtask contracts does it)")
}
