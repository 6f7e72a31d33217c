//! `cargo xtask fuzz`: every decoder that meets bytes from outside, under libFuzzer with the address sanitizer, and a table of what came of it.

use std::{fs, process::Stdio, time::Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{self, cargo, output, root, step};

/// What `cargo fuzz` is, and in which version it is known to work with this layout.
const CARGO_FUZZ_VERSION: &str = "0.13.2";
/// Instrumentation is an unstable flag; this makes the stable compiler take it.
const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");
/// An input that takes longer is a finding, in seconds. Far more than any needs, for machines that do other things as well.
const MAX_INPUT_SECONDS: u32 = 30;
/// A single allocation beyond this is a finding, in MiB: the largest block has 8.
const MAX_ALLOCATION_MIB: u32 = 256;
/// Memory of a target, in MiB.
const MAX_MEMORY_MIB: u32 = 3072;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Build, and list the targets without running any.
    #[arg(long)]
    list: bool,
    /// Targets; all when none is named.
    targets: Vec<String>,
}

/// What came of a target.
struct Outcome {
    target: String,
    runs: String,
    coverage: String,
    seconds: u64,
    found: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Prerequisites");
    if output(cargo().args(["fuzz", "--version"])).is_none() {
        shell::run(cargo().args(["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ_VERSION]))?;
    }
    let all = targets()?;
    for wanted in &arguments.targets {
        ensure!(all.contains(wanted), "there is no target {wanted}; there are: {}", all.join(", "));
    }
    let chosen = if arguments.targets.is_empty() { &all } else { &arguments.targets };

    step("Seeds");
    let corpus = root().join("fuzz/corpus");
    shell::run(
        cargo()
            .args(["run", "--quiet", "--locked", "--package", "chancery-decoders", "--example", "seeds", "--"])
            .arg(&corpus),
    )?;
    step("Building with instrumentation");
    shell::run(cargo().args(["fuzz", "build"]).env(UNSTABLE.0, UNSTABLE.1))?;
    if arguments.list {
        println!("{}", all.join("\n"));
        return Ok(());
    }

    let outcomes = chosen.iter().map(|target| fuzz(target, arguments.seconds)).collect::<Result<Vec<_>>>()?;
    step("What came of it");
    println!("{:<20} {:>12} {:>9} {:>8}  finding", "target", "runs", "coverage", "seconds");
    for Outcome { target, runs, coverage, seconds, found } in &outcomes {
        let finding = if *found { "yes: fuzz/artifacts" } else { "none" };
        println!("{target:<20} {runs:>12} {coverage:>9} {seconds:>8}  {finding}");
    }
    let found = outcomes.iter().filter(|outcome| outcome.found).count();
    if found > 0 {
        bail!("{found} targets have findings; put each input into testing/decoders/findings/TARGET/ once it is mended");
    }
    Ok(())
}

/// The names in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let directory = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.path().file_stem().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn fuzz(target: &str, seconds: u64) -> Result<Outcome> {
    step(&format!("{target} for {seconds} s"));
    let started = Instant::now();
    let ran = cargo()
        .args(["fuzz", "run", target, "--"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={MAX_INPUT_SECONDS}"))
        .arg(format!("-malloc_limit_mb={MAX_ALLOCATION_MIB}"))
        .arg(format!("-rss_limit_mb={MAX_MEMORY_MIB}"))
        .args(["-print_final_stats=1", "-verbosity=1"])
        .env(UNSTABLE.0, UNSTABLE.1)
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run the target {target}"))?;
    let log = String::from_utf8_lossy(&ran.stderr);
    if !ran.status.success() {
        eprintln!("{log}");
    }
    let last = |label: &str| {
        let line = log.lines().rev().find(|line| line.contains(label)).unwrap_or_default();
        let after = line.split_once(label).map_or("", |(_, after)| after);
        after.split_whitespace().next().unwrap_or("?").to_owned()
    };
    let outcome = Outcome {
        target: target.to_owned(),
        runs: last("stat::number_of_executed_units:"),
        coverage: last("cov:"),
        seconds: started.elapsed().as_secs(),
        found: !ran.status.success(),
    };
    println!("    {} runs, coverage {}", outcome.runs, outcome.coverage);
    Ok(outcome)
}
