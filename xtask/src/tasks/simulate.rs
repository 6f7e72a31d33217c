//! `cargo xtask simulate`: the real node on a deterministic clock and network, with faults by seed.

use anyhow::Result;

use crate::shell::{self, cargo, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs for each number of validators.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// First seed; the seed of a run that broke a promise runs it again.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Numbers of validators.
    #[arg(long, value_delimiter = ',', default_value = "4,7")]
    validators: Vec<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for validators in &arguments.validators {
        step(&format!("{} runs of {validators} validators", arguments.seeds));
        shell::run(
            cargo()
                .args(["run", "--release", "--quiet", "--locked", "--package", "chancery-chain"])
                .args(["--example", "simulate", "--"])
                .args([arguments.first, arguments.seeds, *validators].map(|number| number.to_string())),
        )?;
    }
    Ok(())
}
