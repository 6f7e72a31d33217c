//! Commands that run while something else does, each after the one before; what they say goes to a log.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread::{self, JoinHandle},
};

use anyhow::{Result, anyhow};

use crate::shell::{root, run_into, target};

/// Commands on their way.
pub(crate) struct Beside {
    thread: JoinHandle<Result<()>>,
    log: PathBuf,
}

impl Beside {
    /// Begins them. They yield to what runs at the same time, which may wait for real time.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn begin(name: &str, commands: Vec<Command>) -> Result<Self> {
        fs::create_dir_all(target())?;
        let log = target().join(format!("{name}.log"));
        let file = File::create(&log)?;
        println!("    {name} begins; what it says is in {}", log.display());
        let thread = thread::spawn(move || commands.iter().try_for_each(|command| run(command, &file)));
        Ok(Self { thread, log })
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// When one of them failed; what they said is printed.
    pub(crate) fn end(self) -> Result<()> {
        let outcome = self.thread.join().unwrap_or_else(|_| Err(anyhow!("it could not be waited for")));
        if outcome.is_err() {
            println!("{}", said(&self.log));
        }
        outcome
    }
}

fn run(command: &Command, log: &File) -> Result<()> {
    let mut nice = Command::new("nice");
    nice.args(["-n", "10"])
        .arg(command.get_program())
        .args(command.get_args())
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(root());
    run_into(&mut nice, log)
}

fn said(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}
