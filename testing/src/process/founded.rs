//! The data of a city that was founded before. Founding is most of what the start of a new city costs a development build, and most tests begin where it has ended.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use anyhow::{Context, Result, anyhow, ensure};
use reqwest::Client;
use serde_json::Value;

use super::city::{City, CityOptions};

/// Beside the binary.
const FOLDER: &str = "founded-cities";
/// Many times what the anchors of a city take.
const MAX_WAIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

impl CityOptions {
    /// A city on free ports that was founded, started and stopped before: with a copy of data that are made once for a build of the binary. For tests to which it matters
    /// neither how a city begins nor that others have the same keys; nothing may be said that a founding would heed.
    ///
    /// # Errors
    /// When the city that is copied does not start, or the copy cannot be made.
    pub fn founded(data_dir: &Path) -> Result<Self> {
        let options = Self::new(data_dir);
        copy(&options)?;
        Ok(options)
    }
}

/// Whoever comes first makes what is copied; the others wait.
fn copy(options: &CityOptions) -> Result<()> {
    let built = fs::metadata(&options.binary).with_context(|| format!("no {}", options.binary.display()))?;
    let folder = options.binary.with_file_name(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    let built_at = built.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
    let founded = folder.join(format!("{}-{built_at}", built.len()));
    if !founded.is_dir() {
        // Of other builds, or not finished.
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let unfinished = folder.join("unfinished");
        let city = City::start(&CityOptions { binary: options.binary.clone(), ..CityOptions::new(&unfinished) })?;
        until_anchored(&city.gateway)?;
        city.stop()?;
        fs::rename(&unfinished, &founded)?;
    }
    fs::create_dir_all(&options.data_dir)?;
    let mut command = Command::new("cp");
    command.args(["-a", "--sparse=always"]).arg(founded.join(".")).arg(&options.data_dir);
    ensure!(command.status()?.success(), "a founded city cannot be copied");
    Ok(())
}

/// Waits until every chain has its anchors: then a city has made all that it makes by itself. Whoever asks may be in a runtime, so this has a thread of its own.
///
/// # Errors
/// When it cannot be asked, or has none after many times what they take.
pub fn until_anchored(gateway: &str) -> Result<()> {
    let looks = || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let client = Client::builder().no_proxy().build()?;
            let started = Instant::now();
            loop {
                let answer: Value = client.get(format!("{gateway}/v1/chains")).send().await?.json().await?;
                if is_anchored(&answer) {
                    return Ok(());
                }
                ensure!(started.elapsed() < MAX_WAIT, "a new city has no anchors after {} s", MAX_WAIT.as_secs());
                tokio::time::sleep(POLL).await;
            }
        })
    };
    thread::scope(|scope| scope.spawn(looks).join()).map_err(|_| anyhow!("it could not be asked for its anchors"))?
}

/// The main chain follows every side chain, and each of them the main chain.
fn is_anchored(answer: &Value) -> bool {
    let Some(chains) = answer["chains"].as_array() else { return false };
    let others = chains.len().saturating_sub(1);
    !chains.is_empty()
        && chains.iter().all(|chain| {
            let wanted = if chain["name"] == "main" { others } else { 1 };
            let anchors = chain["anchors"].as_array();
            anchors.is_some_and(|anchors| {
                anchors.len() == wanted && anchors.iter().all(|anchor| anchor["height"].is_u64())
            })
        })
}
