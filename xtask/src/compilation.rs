//! The compilation of the workspace, beside which other things run: each binary of tests is known as soon as it is there.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::shell::{show, target};

/// A binary that `cargo test` would run.
pub(crate) struct TestBinary {
    /// Folder of the package, and the name of the target: `chain tests/chain`, `chain chancery_chain`.
    pub(crate) name: String,
    pub(crate) executable: PathBuf,
    /// Cargo runs tests in the folder of their package.
    pub(crate) package: PathBuf,
}

/// Cargo on its way.
pub(crate) struct Compilation {
    /// Binaries in the order in which they were compiled; ends with the compilation.
    pub(crate) binaries: Receiver<TestBinary>,
    thread: JoinHandle<Result<()>>,
    log: PathBuf,
}

impl Compilation {
    /// Begins a `cargo build`, whose words go to a log.
    ///
    /// # Errors
    /// When cargo cannot be started or the log not be written.
    pub(crate) fn begin(mut build: Command) -> Result<Self> {
        fs::create_dir_all(target())?;
        let log = target().join("compilation.log");
        println!("  $ {}\n    beside what follows; what it says is in {}", show(&build), log.display());
        build.args(["--message-format", "json-render-diagnostics"]);
        let mut cargo = build
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot start cargo")?;
        let said = BufReader::new(cargo.stdout.take().context("cargo has no output")?);
        let (tell, binaries) = mpsc::channel();
        let thread = thread::spawn(move || {
            for line in said.lines() {
                if let Some(binary) = test_binary(&line?) {
                    // Nobody listens when something else has failed; cargo goes on to its end.
                    tell.send(binary).ok();
                }
            }
            let status = cargo.wait()?;
            ensure!(status.success(), "the workspace does not compile: {status}");
            Ok(())
        });
        Ok(Self { binaries, thread, log })
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// When it failed; what cargo said is printed.
    pub(crate) fn end(self) -> Result<()> {
        let outcome = self.thread.join().unwrap_or_else(|_| Err(anyhow!("cargo could not be waited for")));
        if outcome.is_err() {
            println!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
        outcome
    }
}

/// What one of cargo's messages says about a binary of tests.
fn test_binary(message: &str) -> Option<TestBinary> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let kind = match message["target"]["kind"][0].as_str()? {
        "test" => "tests/",
        "example" | "bench" => return None,
        _ => "",
    };
    let package = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let folder = package.file_name()?.to_string_lossy().into_owned();
    let name = format!("{folder} {kind}{}", message["target"]["name"].as_str()?);
    Some(TestBinary { name, executable: message["executable"].as_str()?.into(), package })
}

#[cfg(test)]
mod tests {
    use super::test_binary;

    fn message(kind: &str, test: bool) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/p/crates/chain/Cargo.toml","target":{{"kind":["{kind}"],"name":"chain"}},
            "profile":{{"test":{test}}},"executable":"/p/target/debug/deps/chain-1"}}"#
        )
    }

    #[test]
    fn tests_are_known_by_their_package_and_their_kind() {
        let name = |kind, test| test_binary(&message(kind, test)).map(|binary| binary.name);
        assert_eq!(name("test", true).as_deref(), Some("chain tests/chain"));
        assert_eq!(name("lib", true).as_deref(), Some("chain chain"));
        assert_eq!(name("bin", true).as_deref(), Some("chain chain"));
        assert_eq!(name("lib", false), None);
        assert_eq!(name("example", true), None);
        assert_eq!(name("bench", true), None);
    }
}
