//! Processes of this program, killed when the story ends however it ends.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// One process.
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts `chancery COMMAND --config FILE`, and waits until it is ready; the rest of its `ready` line.
    pub(super) fn start(command: &str, config: &Path) -> Result<(Self, String)> {
        let log = config.with_extension("log");
        let program = std::env::current_exe().context("cannot find the own program")?;
        let mut child = Command::new(program)
            .args([command, "--until-stdin-ends", "--config"])
            .arg(config)
            // However this process ends, it does not leave that one behind.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?)
            .spawn()
            .with_context(|| format!("cannot start {command}"))?;
        let output = child.stdout.take().context("the process has no output")?;
        let process = Self { child };
        for line in BufReader::new(output).lines() {
            if let Some(ready) = line?.strip_prefix("ready ") {
                return Ok((process, ready.to_owned()));
            }
        }
        bail!("{command} ended before it was ready; its log is {}", log.display())
    }

    /// With SIGKILL: it has no time to put anything in order.
    pub(super) fn kill(mut self) -> Result<()> {
        self.child.kill().and_then(|()| self.child.wait()).context("cannot kill a process")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
