//! Every task of the project: `cargo xtask --help` lists them, one file each in `tasks/`.
//!
//! Tasks install what they need and say so. They print what they run, so that anybody can run it by hand.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its standard streams")]

mod compilation;
mod prerequisites;
mod shell;
mod tasks;
mod test_jobs;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Every task of the project", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the web and the release binary, and start the city on embedded storage.
    Up(tasks::up::Arguments),
    /// Install what the tests need and pass every test: what CI runs.
    Test(tasks::test::Arguments),
    /// Formatting, lints, and what the project depends on: licences, sources, bans, yanked versions, advisories. Installs cargo-deny when it is missing.
    Lint,
    /// Build the web apps into web/dist.
    Web,
    /// Compile the contracts, test them, and compare the committed artifacts.
    Contracts(tasks::contracts::Arguments),
    /// Measure: throughput side by side with anvil, latency, replay, memory, data ingest and search, sealing, the alliance, readiness and idle cost.
    Bench(tasks::bench::Arguments),
    /// Kill the whole city at random moments under load and check that nothing confirmed is lost.
    Crash(tasks::crash::Arguments),
    /// Run networks of real nodes, or an alliance of three chains, with crashes, partitions and liars on a deterministic clock, by seed.
    Simulate(tasks::simulate::Arguments),
    /// Fuzz every decoder that meets bytes from outside, ten minutes each.
    Fuzz(tasks::fuzz::Arguments),
    /// Drive every page in headless Chromium and save screenshots.
    Browser(tasks::browser::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Up(arguments) => tasks::up::run(&arguments),
        Task::Test(arguments) => tasks::test::run(&arguments),
        Task::Lint => tasks::lint::run(),
        Task::Web => tasks::web::run(),
        Task::Contracts(arguments) => tasks::contracts::run(&arguments),
        Task::Bench(arguments) => tasks::bench::run(&arguments),
        Task::Crash(arguments) => tasks::crash::run(&arguments),
        Task::Simulate(arguments) => tasks::simulate::run(&arguments),
        Task::Fuzz(arguments) => tasks::fuzz::run(&arguments),
        Task::Browser(arguments) => tasks::browser::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
