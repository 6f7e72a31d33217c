//! Builds the workspace's tests once and runs their binaries, and what else is to run beside them, four at a time.
//!
//! Those that start real processes wait for most of their time (for blocks, for servers), those that simulate or prove compute: side by side
//! they use the machine. `cargo test` runs one binary after the other.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    shell::{cargo, run_into, target},
    tasks::lint,
};

/// Binaries that run at a time: most wait now and then, and three leave a sixth of two cores idle.
const AT_A_TIME: usize = 4;

/// Those that take longest begin first, so that none of them is left alone at the end; by measurement.
const LONGEST_FIRST: [&str; 8] =
    ["bridge", "chain", "chaos", "damage", "snapshots", "network", "permissions", "clients"];

/// A binary that `cargo test` would run.
pub(crate) struct TestBinary {
    name: String,
    executable: PathBuf,
    /// Cargo runs tests in the folder of their package.
    package: PathBuf,
}

/// What a job does; what it says goes to the file.
pub(crate) type Work = Box<dyn FnOnce(&File) -> Result<()> + Send>;

/// A binary's run, or what runs beside them.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) work: Work,
}

/// How much the binaries yield to the jobs beside them: a browser that gets a fifth of a core is what no person would wait for.
const NICE: &str = "5";
/// Of what a failed one said, this many of the last lines are repeated at the end, where they are found.
const REPEATED_LINES: usize = 60;

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

/// Runs all of them, and the jobs first.
///
/// # Errors
/// Names everything that failed; what a failed one said is printed.
pub(crate) fn run(binaries: Vec<TestBinary>, jobs: Vec<Job>) -> Result<()> {
    let logs = target().join("test-logs");
    fs::create_dir_all(&logs)?;
    let all: VecDeque<_> = jobs.into_iter().chain(binaries.into_iter().map(job)).collect();
    let count = all.len();
    println!("  $ {count} jobs, {AT_A_TIME} at a time; what they say is in {}", logs.display());

    let waiting = Mutex::new(all);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(job) = next(&waiting) {
                    let outcome = run_one(job, &logs);
                    report(&outcome);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });

    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(outcomes.len() == count, "only {} of {count} jobs have run", outcomes.len());
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
    failed.iter().for_each(|outcome| repeat(outcome));
    let names: Vec<_> = failed.iter().map(|outcome| &*outcome.name).collect();
    ensure!(names.is_empty(), "these tests failed: {}", names.join(", "));
    Ok(())
}

fn next(waiting: &Mutex<VecDeque<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn job(binary: TestBinary) -> Job {
    let TestBinary { name, executable, package } = binary;
    let work = move |log: &File| {
        let mut command = Command::new("nice");
        command.args(["-n", NICE]).arg(executable);
        command.env("CARGO_MANIFEST_DIR", &package).current_dir(package);
        run_into(&mut command, log)
    };
    Job { name, work: Box::new(work) }
}

fn run_one(job: Job, logs: &Path) -> Outcome {
    let log = logs.join(format!("{}.log", job.name.replace([' ', '/'], "-")));
    let started = Instant::now();
    let ended = File::create(&log).context("cannot write its log").and_then(|file| {
        let ended = (job.work)(&file);
        if let Err(error) = &ended {
            writeln!(&file, "{error:#}")?;
        }
        ended
    });
    Outcome { name: job.name, passed: ended.is_ok(), took: started.elapsed(), log }
}

fn report(outcome: &Outcome) {
    let log = fs::read_to_string(&outcome.log).unwrap_or_default();
    let took = outcome.took.as_secs_f64();
    if outcome.passed {
        let passed: u32 = log.lines().filter_map(|line| count(&plain(line))).sum();
        println!("    ok     {took:6.1} s  {passed:4} tests  {}", outcome.name);
    } else {
        println!("    FAILED {took:6.1} s  {}\n{log}\n    ({} failed)", outcome.name, outcome.name);
    }
}

/// Says the end of what a failed one said once more.
fn repeat(outcome: &Outcome) {
    let log = fs::read_to_string(&outcome.log).unwrap_or_default();
    let lines: Vec<_> = log.lines().map(plain).filter(|line| !line.trim().is_empty()).collect();
    let end = &lines[lines.len().saturating_sub(REPEATED_LINES)..];
    println!("\n==> {} failed; the end of what it said:\n{}", outcome.name, end.join("\n"));
}

/// A line without the colours that some programs write wherever they write to (ECMA-48, "select graphic rendition").
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect::<String>()
}

/// How many tests passed, if the line says so: "test result: ok. 12 passed; ..." of a binary, "Tests  12 passed (12)" of vitest.
fn count(line: &str) -> Option<u32> {
    let rest = match line.strip_prefix("test result: ") {
        Some(result) => result.split_once(". ")?.1,
        None => line.trim_start().strip_prefix("Tests ")?.trim_start(),
    };
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{count, plain};

    #[test]
    fn passed_tests_are_counted_whoever_says_so_and_in_whatever_colours() {
        let passed = |line: &str| count(&plain(line));
        assert_eq!(passed("test result: ok. 12 passed; 0 failed; 2 ignored"), Some(12));
        assert_eq!(
            passed("\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m42 passed\u{1b}[39m\u{1b}[22m (42)"),
            Some(42)
        );
        assert_eq!(passed(" Test Files  6 passed (6)"), None);
    }
}
