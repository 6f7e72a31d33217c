//! `cargo xtask browser`: a city on free ports, with an alliance to look at, every page driven in headless Chromium.

mod alliance;

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use self::alliance::Alliance;
use super::web;
use crate::{
    prerequisites::{self, CHROMIUM, CJK_FONTS},
    shell::{self, cargo, command, root, run_into, step, target},
    test_jobs::Job,
};

/// Longest until the city answers: its chains and contracts, without optimisation on a loaded machine.
const MAX_BEGIN: Duration = Duration::from_secs(300);
/// Longest that a folder is tried to be removed: processes that were ended may still write to it.
const MAX_REMOVAL: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Drive the release binary (built before) instead of the development build.
    #[arg(long)]
    release: bool,
    /// Drive what is built already, the web included.
    #[arg(long)]
    built: bool,
    /// Where the screenshots go.
    #[arg(long, default_value = "target/screenshots")]
    screenshots: PathBuf,
}

/// With the development build and the web as they are, beside the tests of Rust.
pub(crate) fn job() -> Job {
    let work = |log: &File| {
        let arguments = Arguments { release: false, built: true, screenshots: target().join("screenshots") };
        drive(&arguments, |command| run_into(command, log))
    };
    Job { name: "web in headless Chromium".to_owned(), work: Box::new(work) }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    prerequisites::debian(&[CHROMIUM, CJK_FONTS])?;
    if !arguments.built {
        web::run()?;
    }
    if !arguments.release && !arguments.built {
        shell::run(cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    }
    step("The city in headless Chromium");
    println!("    what the city says goes to {}", city_log().display());
    drive(arguments, shell::run)
}

fn drive(arguments: &Arguments, run: impl FnOnce(&mut Command) -> Result<()>) -> Result<()> {
    let data = target().join(format!("browser-city-{}", std::process::id()));
    let story = target().join("browser-alliance.log");
    // Before the city, which is told where the alliance is.
    let home = target().join(format!("browser-alliance-{}", std::process::id()));
    let alliance = Alliance::start(&binary(arguments.release), home, story)?;
    let log = city_log();
    let city = City::start(arguments.release, &data, &log, &alliance.relay_config())?;
    let outcome = run(command("npm")
        .current_dir(root().join("web"))
        .args(["run", "--silent", "e2e"])
        .env("CHANCERY_URL", &city.url)
        .env("CHANCERY_BIN", binary(arguments.release))
        .env("CHANCERY_DATA_DIR", &data)
        .env("ALLIANCE_STORY", &alliance.story)
        .env("ALLIANCE_ENTER", &alliance.enter)
        // The driver runs in web/: a relative folder is one of the project.
        .env("SCREENSHOTS", root().join(&arguments.screenshots)));
    drop(city);
    if outcome.is_ok() {
        remove(&data);
        alliance.clean();
    }
    outcome
}

/// Removes a folder with what is in it, as soon as nobody writes to it any more.
fn remove(dir: &Path) {
    let begun = Instant::now();
    while std::fs::remove_dir_all(dir).is_err() && dir.exists() {
        if begun.elapsed() >= MAX_REMOVAL {
            println!("    {} could not be removed", dir.display());
            return;
        }
        thread::sleep(PAUSE);
    }
}

fn city_log() -> PathBuf {
    target().join("browser-city.log")
}

fn binary(release: bool) -> PathBuf {
    target().join(if release { "release/chancery" } else { "debug/chancery" })
}

/// A running city, ended when dropped.
pub(crate) struct City {
    child: Child,
    url: String,
}

impl City {
    fn start(release: bool, data: &PathBuf, log: &Path, alliance: &Path) -> Result<Self> {
        let said = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = Command::new(binary(release))
            .args(["up", "--gateway", "127.0.0.1:0", "--rpc-base-port", "0", "--mqtt", "127.0.0.1:0"])
            .args(["--grpc", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .arg("--web-dir")
            .arg(root().join("web/dist"))
            .arg("--alliance")
            .arg(alliance)
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .context("cannot start the city")?;
        let output = child.stdout.take();
        let mut city = Self { child, url: String::new() };
        let lines = BufReader::new(output.context("the city has no output")?).lines();
        let (tell, told) = mpsc::channel();
        // A line that does not come is waited for elsewhere; this ends with the line, or with the city.
        thread::spawn(move || {
            let ready = lines.map_while(Result::ok).find_map(|line| {
                let ready = line.strip_prefix("ready gateway=")?;
                Some(ready.split_whitespace().next().unwrap_or_default().to_owned())
            });
            if let Some(url) = ready {
                tell.send(url).ok();
            }
        });
        match told.recv_timeout(MAX_BEGIN) {
            Ok(url) => {
                city.url = url;
                Ok(city)
            }
            Err(RecvTimeoutError::Timeout) => {
                bail!("the city is not ready after {} seconds; see {}", MAX_BEGIN.as_secs(), log.display())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = city.child.wait()?;
                bail!("the city ended before it was ready: {status}; its last words are in {}", log.display())
            }
        }
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
