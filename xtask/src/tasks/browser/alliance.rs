//! The alliance of `chancery demo alliance`, for the page that shows one: it tells a chapter whenever a test writes a line to its `enter`.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// What it says when everything runs and it waits for the first Enter.
const READY: &str = "have accepted";
/// Longest until then: four chains, contracts and processes, without optimisation on a loaded machine.
const MAX_BEGIN: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(100);

/// A story that waits, ended when dropped.
pub(super) struct Alliance {
    child: Child,
    dir: PathBuf,
    /// A named pipe that is its standard input: each line is an Enter.
    pub(super) enter: PathBuf,
    /// What it has said so far.
    pub(super) story: PathBuf,
    /// As long as this is open its input does not end; if this process is gone, the story goes on to its end and leaves nothing behind.
    _held: File,
}

impl Alliance {
    /// Starts it, and waits until its chains, endorsers and relay run.
    pub(super) fn start(program: &Path, dir: PathBuf, story: PathBuf) -> Result<Self> {
        let enter = dir.with_extension("enter");
        let made = Command::new("mkfifo").arg(&enter).status().context("cannot run mkfifo")?;
        ensure!(made.success(), "cannot make the pipe {}", enter.display());
        // Both ends, so that opening either of them waits for nobody.
        let held = File::options().read(true).write(true).open(&enter).context("cannot open the pipe")?;
        let input = File::open(&enter).context("cannot open the pipe")?;
        let said = File::create(&story).with_context(|| format!("cannot write {}", story.display()))?;
        let child = Command::new(program)
            .args(["demo", "--pause", "alliance", "--data-dir"])
            .arg(&dir)
            .stdin(input)
            .stderr(said.try_clone()?)
            .stdout(Stdio::from(said))
            .spawn()
            .context("cannot start the alliance")?;
        let mut alliance = Self { child, dir, enter, story, _held: held };
        alliance.wait_until_ready()?;
        Ok(alliance)
    }

    /// The file that `chancery relay` takes, and `chancery up --alliance`.
    pub(super) fn relay_config(&self) -> PathBuf {
        self.dir.join("relay.toml")
    }

    /// Removes what it wrote, but for its story.
    pub(super) fn clean(self) {
        let dir = self.dir.clone();
        drop(self);
        super::remove(&dir);
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < MAX_BEGIN {
            if fs::read_to_string(&self.story)?.contains(READY) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the alliance ended before it was ready: {status}; its last words are in {}",
                    self.story.display()
                );
            }
            sleep(PAUSE);
        }
        bail!("the alliance is not ready after {} seconds; see {}", MAX_BEGIN.as_secs(), self.story.display())
    }
}

impl Drop for Alliance {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_file(&self.enter).ok();
    }
}
