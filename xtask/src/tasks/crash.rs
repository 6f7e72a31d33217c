//! `cargo xtask crash`: `kill -9` at random moments under load: of a whole city, or of some and all validators of a network.

use anyhow::Result;

use crate::shell::{self, cargo, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many times; without it 50 of a city, and 200 of a network.
    #[arg(long)]
    rounds: Option<u32>,
    /// Kill 1, f, f + 1 and all of so many validators, each a process, instead of a whole city.
    #[arg(long, value_name = "N")]
    validators: Option<u32>,
    /// Seed of the moments, printed when it is chosen at random.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("Building");
    shell::build_shipped(&["--package", "chancery-testing", "--bins"])?;
    let binary = if arguments.validators.is_some() { "crash-network" } else { "crash-city" };
    step("Killing");
    let mut crash = cargo();
    crash.args(["run", "--release", "--quiet", "--locked", "--package", "chancery-testing", "--bin", binary, "--"]);
    if let Some(rounds) = arguments.rounds {
        crash.args(["--rounds", &rounds.to_string()]);
    }
    if let Some(validators) = arguments.validators {
        crash.args(["--validators", &validators.to_string()]);
    }
    if let Some(seed) = arguments.seed {
        crash.args(["--seed", &seed.to_string()]);
    }
    shell::run(&mut crash)
}
