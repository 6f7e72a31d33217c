//! Runs the workspace's tests, and what else is to run beside them, four at a time.
//!
//! Those that start real processes wait for most of their time (for blocks, for servers), those that simulate or prove compute: side by side
//! they use the machine. `cargo test` runs one binary after the other, and none before the last is compiled.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    compilation::{Compilation, TestBinary},
    shell::{run_into, step, target},
};

/// Binaries that run at a time: most wait now and then, and three leave a sixth of two cores idle.
const AT_A_TIME: usize = 4;

/// Those that take longest begin first, so that none of them is left alone at the end; by measurement.
const LONGEST_FIRST: [&str; 9] =
    ["bridge", "city", "chain", "chaos", "damage", "sharing", "snapshots", "clients", "permissions"];

/// Those that compute, wait for no real time and need nothing but themselves: one of them runs while the compilation leaves a core to it.
const EARLY: [&str; 3] = ["execution chancery_execution", "decoders tests/seeds", "light tests/light"];

/// How much the binaries yield to the compilation, and to the jobs beside them: a browser that gets a fifth of a core is what no person would wait for.
const NICE: &str = "5";
/// Of what a failed one said, this many of the last lines are repeated at the end, where they are found.
const REPEATED_LINES: usize = 60;

/// What a line begins with by which a test says what it cannot test on this machine (`chancery_testing::left_out`).
const NOT_TESTED: &str = "NOT TESTED: ";

/// What a job does; what it says goes to the file.
pub(crate) type Work = Box<dyn FnOnce(&File) -> Result<()> + Send>;

/// A binary's run, or what runs beside them.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) work: Work,
}

struct Outcome {
    name: String,
    passed: bool,
    took: Duration,
    log: PathBuf,
}

/// What is still to be run.
#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    /// Whether everything is there that the jobs need of one another; none is added afterwards.
    complete: bool,
    running: usize,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, job: Job) {
        self.lock().jobs.push(job);
        self.changed.notify_all();
    }

    /// Everything is compiled; `others` run first.
    fn complete(&self, others: Vec<Job>) {
        let mut waiting = self.lock();
        waiting.jobs.sort_by_key(|job| rank(&job.name));
        waiting.jobs.splice(..0, others);
        waiting.complete = true;
        self.changed.notify_all();
    }

    /// Nothing more is begun.
    fn give_up(&self) {
        let mut waiting = self.lock();
        waiting.jobs.clear();
        waiting.complete = true;
        self.changed.notify_all();
    }

    /// The next job, when there is one that may begin; none when there will be none.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            let next = if waiting.complete {
                if waiting.jobs.is_empty() {
                    return None;
                }
                Some(0)
            } else if waiting.running == 0 {
                waiting.jobs.iter().position(|job| EARLY.contains(&&*job.name))
            } else {
                None
            };
            if let Some(next) = next {
                waiting.running += 1;
                return Some(waiting.jobs.remove(next));
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ended(&self) {
        self.lock().running -= 1;
        self.changed.notify_all();
    }
}

fn rank(name: &str) -> usize {
    let own = name.rsplit('/').next().unwrap_or_default();
    LONGEST_FIRST.iter().position(|long| *long == own).unwrap_or(LONGEST_FIRST.len())
}

/// Runs every binary that comes of the compilation, and the other jobs as soon as it has ended.
///
/// # Errors
/// When it does not compile; or names everything that failed, with what the failed ones said printed.
pub(crate) fn run(compilation: Compilation, others: Vec<Job>) -> Result<()> {
    let logs = target().join("test-logs");
    fs::create_dir_all(&logs)?;
    println!("    {AT_A_TIME} at a time, one while it compiles; what they say is in {}", logs.display());

    let queue = Queue::default();
    let outcomes = Mutex::new(Vec::new());
    let count = thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(job) = queue.next() {
                    let outcome = run_one(job, &logs);
                    report(&outcome);
                    queue.ended();
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
        let mut count = others.len();
        for binary in &compilation.binaries {
            queue.add(job(binary));
            count += 1;
        }
        let compiled = compilation.end();
        match &compiled {
            Ok(()) => {
                step("Everything is compiled: all tests, the browser beside them");
                queue.complete(others);
            }
            Err(_) => queue.give_up(),
        }
        compiled.map(|()| count)
    })?;

    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(outcomes.len() == count, "only {} of {count} jobs have run", outcomes.len());
    ensure!(count > 0, "cargo built no tests");
    for outcome in &outcomes {
        left_out(&fs::read_to_string(&outcome.log).unwrap_or_default())
            .for_each(|what| println!("\n==> {NOT_TESTED}{what} ({})", outcome.name));
    }
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
    failed.iter().for_each(|outcome| repeat(outcome));
    let names: Vec<_> = failed.iter().map(|outcome| &*outcome.name).collect();
    ensure!(names.is_empty(), "these tests failed: {}", names.join(", "));
    Ok(())
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

/// What tests could not test, as their log says.
fn left_out(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter_map(|line| line.strip_prefix(NOT_TESTED))
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
    use super::{EARLY, Job, Queue, count, left_out, plain};

    fn job(name: &str) -> Job {
        Job { name: name.to_owned(), work: Box::new(|_| Ok(())) }
    }

    #[test]
    fn while_it_compiles_one_early_job_runs_and_afterwards_everything_with_the_longest_first() {
        let queue = Queue::default();
        for name in ["data chancery_data", EARLY[1], EARLY[0], "testing tests/chaos"] {
            queue.add(job(name));
        }
        let next = || queue.next().map(|job| job.name);
        assert_eq!(next().as_deref(), Some(EARLY[1]));
        // One at a time: the other would wait here until this one has ended.
        queue.ended();
        assert_eq!(next().as_deref(), Some(EARLY[0]));
        queue.complete(vec![job("browser")]);
        let rest: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(rest, ["browser", "testing tests/chaos", "data chancery_data"]);
    }

    #[test]
    fn what_does_not_compile_is_not_waited_for() {
        let queue = Queue::default();
        queue.add(job("data chancery_data"));
        queue.give_up();
        assert!(queue.next().is_none());
    }

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

    #[test]
    fn what_was_not_tested_is_found_among_what_was() {
        let log =
            "running 2 tests\n\nNOT TESTED: a full disk: root\ntest one ... ok\ntest result: ok. 2 passed; 0 failed";
        assert_eq!(left_out(log).collect::<Vec<_>>(), ["a full disk: root"]);
    }
}
