//! Builds the workspace's tests once and runs their binaries, two at a time.
//!
//! Those that start real processes wait for most of their time (for blocks, for servers), those that simulate or prove compute: side by side
//! they use the machine. `cargo test` runs one binary after the other.

use std::{
    collections::VecDeque,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    shell::{cargo, target},
    tasks::lint,
};

/// Binaries that run at a time.
const AT_A_TIME: usize = 2;

/// Those that take longest begin first, so that none of them is left alone at the end; by measurement.
const LONGEST_FIRST: [&str; 8] =
    ["chaos", "damage", "faults", "snapshots", "network", "permissions", "clients", "city"];

/// A binary that `cargo test` would run.
pub(crate) struct TestBinary {
    name: String,
    executable: PathBuf,
    /// Cargo runs tests in the folder of their package.
    package: PathBuf,
}

struct Outcome {
    name: String,
    passed: bool,
    took: Duration,
    log: PathBuf,
}

/// The command that builds them; `linted`: with the compiler that looks for lints.
fn compile(linted: bool) -> Command {
    let mut command = cargo();
    command.args(["test", "--workspace", "--tests", "--locked", "--no-run"]);
    if linted {
        lint::while_compiling(&mut command);
    }
    command
}

/// Builds them, if that has not been done; those that take longest come first.
///
/// # Errors
/// When they do not compile.
pub(crate) fn build(linted: bool) -> Result<Vec<TestBinary>> {
    let mut command = compile(linted);
    let output = command
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "the tests do not compile");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut binaries = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["profile"]["test"] == true)
        .filter_map(|message| {
            let package = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
            let folder = package.file_name()?.to_string_lossy().into_owned();
            let kind = if message["target"]["kind"][0] == "test" { "tests/" } else { "" };
            let name = format!("{folder} {kind}{}", message["target"]["name"].as_str()?);
            Some(TestBinary { name, executable: message["executable"].as_str()?.into(), package })
        })
        .collect::<Vec<_>>();
    binaries.sort_by_key(|binary| {
        let own = binary.name.rsplit('/').next().unwrap_or_default();
        LONGEST_FIRST.iter().position(|name| *name == own).unwrap_or(LONGEST_FIRST.len())
    });
    ensure!(!binaries.is_empty(), "cargo built no tests");
    Ok(binaries)
}

/// Runs all of them.
///
/// # Errors
/// Names every binary that failed; what a failed one said is printed.
pub(crate) fn run(binaries: Vec<TestBinary>) -> Result<()> {
    let logs = target().join("test-logs");
    fs::create_dir_all(&logs)?;
    let count = binaries.len();
    println!("  $ {count} test binaries, {AT_A_TIME} at a time; what they say is in {}", logs.display());

    let waiting = Mutex::new(VecDeque::from(binaries));
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(binary) = next(&waiting) {
                    let outcome = run_one(&binary, &logs);
                    report(&outcome);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });

    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(outcomes.len() == count, "only {} of {count} test binaries have run", outcomes.len());
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).map(|outcome| &*outcome.name).collect();
    ensure!(failed.is_empty(), "these tests failed: {}", failed.join(", "));
    Ok(())
}

fn next(waiting: &Mutex<VecDeque<TestBinary>>) -> Option<TestBinary> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn run_one(binary: &TestBinary, logs: &Path) -> Outcome {
    let log = logs.join(format!("{}.log", binary.name.replace([' ', '/'], "-")));
    let started = Instant::now();
    let passed = File::create(&log)
        .and_then(|file| {
            Command::new(&binary.executable)
                .current_dir(&binary.package)
                .env("CARGO_MANIFEST_DIR", &binary.package)
                .stdin(Stdio::null())
                .stderr(file.try_clone()?)
                .stdout(file)
                .status()
        })
        .is_ok_and(|status| status.success());
    Outcome { name: binary.name.clone(), passed, took: started.elapsed(), log }
}

fn report(outcome: &Outcome) {
    let log = fs::read_to_string(&outcome.log).unwrap_or_default();
    let took = outcome.took.as_secs_f64();
    if outcome.passed {
        // The sum of each binary: "test result: ok. 12 passed; ...".
        let passed: u32 = log.lines().filter_map(count).sum();
        println!("    ok     {took:6.1} s  {passed:4} tests  {}", outcome.name);
    } else {
        println!("    FAILED {took:6.1} s  {}\n{log}\n    ({} failed)", outcome.name, outcome.name);
    }
}

fn count(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    rest.split(' ').next()?.parse().ok()
}
