//! `cargo xtask crash`: `kill -9` of the whole city at random moments under load.

use anyhow::Result;

use crate::shell::{self, cargo, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many times.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Seed of the moments, printed when it is chosen at random.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Building");
    shell::run(cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "chancery",
        "--package",
        "chancery-testing",
        "--bins",
    ]))?;
    step("Killing the city");
    let mut crash = cargo();
    crash.args([
        "run",
        "--release",
        "--quiet",
        "--locked",
        "--package",
        "chancery-testing",
        "--bin",
        "crash-city",
        "--",
    ]);
    crash.args(["--rounds", &arguments.rounds.to_string()]);
    if let Some(seed) = arguments.seed {
        crash.args(["--seed", &seed.to_string()]);
    }
    shell::run(&mut crash)
}
