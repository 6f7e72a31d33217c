//! `cargo xtask bench city`: how fast a city is ready, and what six idle chains cost.
#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use chancery_testing::{
    numbers::Number,
    process::{City, CityOptions},
};
use clap::Parser;

/// What is asked of a new city until it is ready, in seconds.
const ASKED_READY_S: f64 = 5.0;
/// What is asked of an idle one: of one core, in hundredths, and in memory, in MB (2^20 bytes).
const ASKED_IDLE_CPU: f64 = 10.0;
const ASKED_IDLE_MB: f64 = 400.0;

#[derive(Parser)]
struct Arguments {
    /// Seconds of idling that are measured.
    #[arg(long, default_value_t = 30)]
    idle_seconds: u64,
    /// Starts that are timed, the first on empty data.
    #[arg(long, default_value_t = 3)]
    starts: u32,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let data = tempfile::tempdir()?;
    let options = CityOptions::new(data.path());
    for start in 0..arguments.starts {
        let city = City::start(&options)?;
        println!(
            "ready after {:.2} s ({})",
            city.ready_after.as_secs_f64(),
            if start == 0 { "new city" } else { "started again" }
        );
        if start == 0 {
            let ready_s = city.ready_after.as_secs_f64();
            Number::below("a new city with six chains until it is ready", ASKED_READY_S, "s", ready_s).print()?;
        }
        if start + 1 == arguments.starts {
            std::thread::sleep(Duration::from_secs(3));
            let before = cpu_seconds(city.pid())?;
            std::thread::sleep(Duration::from_secs(arguments.idle_seconds));
            let used = cpu_seconds(city.pid())? - before;
            let (percent, resident_mb) = (100.0 * used / arguments.idle_seconds as f64, resident_mb(city.pid())?);
            println!("idle: {percent:.1} % of one core, {resident_mb} MB resident, {} threads", threads(city.pid())?);
            Number::below("an idle city with six chains", ASKED_IDLE_CPU, "% of one core", percent).print()?;
            Number::below("memory of an idle city with six chains", ASKED_IDLE_MB, "MB", resident_mb as f64).print()?;
        }
    }
    Ok(())
}

/// User and system time of a process, from `/proc/PID/stat` (proc(5), fields 14 and 15, in ticks of 1/100 s).
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(") ").context("unknown form of /proc/PID/stat")?.1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |index: usize| {
        fields.get(index).and_then(|field| field.parse::<f64>().ok()).context("unknown form of /proc/PID/stat")
    };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn status(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("unknown form of /proc/PID/status")?;
    Ok(line.trim_start_matches(':').split_whitespace().next().context("empty")?.parse()?)
}

fn resident_mb(pid: u32) -> Result<u64> {
    Ok(status(pid, "VmRSS")? / 1024)
}

fn threads(pid: u32) -> Result<u64> {
    status(pid, "Threads")
}
