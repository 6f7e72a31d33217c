//! Numbers that are asked for, beside what was measured: a row each, the same for every benchmark.
//!
//! ```text
//! | what | asked | measured | ratio | reached or not reached |
//! ```
//!
//! A number that is not reached is no failure of the benchmark: it says so, and the next one is measured.
#![allow(clippy::print_stdout, reason = "it prints measurements")]

use std::io::Write as _;

/// Names a file to which rows are written as well, so that a task can show those of several benchmarks together.
pub const FILE_VARIABLE: &str = "CHANCERY_NUMBERS";

/// A number.
#[derive(Clone, Debug)]
pub struct Number {
    what: String,
    asked: String,
    measured: String,
    ratio: String,
    is_reached: bool,
}

impl Number {
    /// At least so much is asked for, of this unit.
    #[must_use]
    pub fn at_least(what: impl Into<String>, asked: f64, unit: &str, measured: f64) -> Self {
        Self::new(what, format!("at least {} {unit}", text(asked)), measured, unit, measured >= asked)
    }

    /// Less than so much is asked for, of this unit.
    #[must_use]
    pub fn below(what: impl Into<String>, asked: f64, unit: &str, measured: f64) -> Self {
        Self::new(what, format!("below {} {unit}", text(asked)), measured, unit, measured < asked)
    }

    fn new(what: impl Into<String>, asked: String, measured: f64, unit: &str, is_reached: bool) -> Self {
        let measured = format!("{} {unit}", text(measured));
        Self { what: what.into(), asked, measured, ratio: String::new(), is_reached }
    }

    /// What it is of a limit or a peer that was measured in the same run.
    #[must_use]
    pub fn beside(self, ratio: f64, peer: &str) -> Self {
        Self { ratio: format!("{} of {peer}", text(ratio)), ..self }
    }

    /// Shows it.
    ///
    /// # Errors
    /// When the file that [`FILE_VARIABLE`] names cannot be written.
    pub fn print(&self) -> std::io::Result<()> {
        let Self { what, asked, measured, ratio, is_reached } = self;
        let outcome = if *is_reached { "reached" } else { "not reached" };
        let row = format!("| {what} | {asked} | {measured} | {ratio} | {outcome} |");
        println!("{row}");
        let Some(file) = std::env::var_os(FILE_VARIABLE) else { return Ok(()) };
        writeln!(std::fs::OpenOptions::new().create(true).append(true).open(file)?, "{row}")
    }
}

/// The value at a part (0 to 1) of sorted ones; 0 of none.
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let rank = (sorted.len() as f64 * part) as usize;
    sorted.get(rank.min(last)).copied().unwrap_or_default()
}

/// Three digits that count, or the whole part.
fn text(value: f64) -> String {
    let decimals = [10.0, 100.0].iter().filter(|bound| value.abs() < **bound).count();
    format!("{value:.decimals$}")
}
