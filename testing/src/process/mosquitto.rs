//! A real MQTT broker: Mosquitto, from Debian's packages.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::free_ports;

const BINARY: &str = "/usr/sbin/mosquitto";
const MAX_START: Duration = Duration::from_secs(20);

/// A broker on a loopback port that keeps sessions and messages in a folder. Killed (not asked to stop) when dropped.
pub struct Mosquitto {
    child: Child,
    /// Its port.
    pub port: u16,
    folder: PathBuf,
}

impl Mosquitto {
    /// Starts a broker on a free port, with its state in `folder`.
    ///
    /// # Errors
    /// When it is not installed (`cargo xtask test` does it, or `apt-get install mosquitto`), or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        Self::start_on(folder, free_ports(1)?)
    }

    fn start_on(folder: &Path, port: u16) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let configuration = folder.join("mosquitto.conf");
        // What is queued is written at every change, and nothing is dropped from a queue.
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\npersistence_location {}/\n\
             autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nlog_dest none\n",
            folder.display()
        );
        std::fs::write(&configuration, text)?;
        let child = Command::new(BINARY)
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {BINARY}: install mosquitto"))?;
        let mut broker = Self { child, port, folder: folder.to_path_buf() };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(broker.child.try_wait()?.is_none(), "mosquitto ended at once");
            ensure!(started.elapsed() < MAX_START, "mosquitto does not listen");
            sleep(Duration::from_millis(20));
        }
        Ok(broker)
    }

    /// `SIGKILL`, then starts it again on the same port with what it had kept.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn kill_and_start(mut self) -> Result<Self> {
        self.child.kill()?;
        self.child.wait()?;
        Self::start_on(&self.folder, self.port)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
