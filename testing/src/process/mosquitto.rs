//! A real MQTT broker: Mosquitto, from Debian's packages.

use std::{
    fs::Permissions,
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{TestCertificates, free_ports};

const BINARY: &str = "/usr/sbin/mosquitto";
/// Writes files of passwords; from the same package.
const PASSWORDS: &str = "mosquitto_passwd";
/// Who may come over TLS.
const USER: &str = "city";
const PASSWORD: &str = "a word of the city";
const MAX_START: Duration = Duration::from_secs(20);

/// A broker that keeps sessions and messages in a folder: on one loopback port in clear for anybody, on another over TLS for one user with a certificate and a password.
/// Killed (not asked to stop) when dropped.
pub struct Mosquitto {
    child: Child,
    /// Its port in clear.
    pub port: u16,
    /// Its port over TLS.
    tls_port: u16,
    folder: PathBuf,
}

impl Mosquitto {
    /// Starts a broker on free ports, with its state in `folder`.
    ///
    /// # Errors
    /// When it is not installed (`cargo xtask test` does it, or `apt-get install mosquitto`), or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        TestCertificates::make(folder, "localhost")?;
        for (name, text) in [("password", PASSWORD), ("passwords", "")] {
            let file = folder.join(name);
            std::fs::write(&file, text)?;
            std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        }
        let made = Command::new(PASSWORDS).arg("-b").arg(folder.join("passwords")).args([USER, PASSWORD]).output();
        ensure!(
            made.context("cannot run mosquitto_passwd: install mosquitto")?.status.success(),
            "no password is made"
        );
        let port = free_ports(2)?;
        Self::start_on(folder, port, port + 1)
    }

    /// How the one user reaches it over TLS, with the files of its folder.
    #[must_use]
    pub fn encrypted_url(&self) -> String {
        let file = |name| self.folder.join(name).display().to_string();
        format!(
            "mqtts://{USER}@localhost:{}?password-file={}&ca-file={}&certificate-file={}&key-file={}",
            self.tls_port,
            file("password"),
            file("ca.pem"),
            file("server.crt"),
            file("server.key")
        )
    }

    fn start_on(folder: &Path, port: u16, tls_port: u16) -> Result<Self> {
        let configuration = folder.join("mosquitto.conf");
        // What is queued is written at every change, and nothing is dropped from a queue.
        let folder_name = folder.display();
        let text = format!(
            "per_listener_settings true\nuser root\npersistence true\npersistence_location {folder_name}/\n\
             autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nlog_dest none\n\
             listener {port} 127.0.0.1\nallow_anonymous true\n\
             listener {tls_port} 127.0.0.1\nallow_anonymous false\npassword_file {folder_name}/passwords\n\
             cafile {folder_name}/ca.pem\ncertfile {folder_name}/server.crt\nkeyfile {folder_name}/server.key\nrequire_certificate true\n"
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
        let mut broker = Self { child, port, tls_port, folder: folder.to_path_buf() };
        let started = Instant::now();
        let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !(listens(port) && listens(tls_port)) {
            ensure!(broker.child.try_wait()?.is_none(), "mosquitto ended at once");
            ensure!(started.elapsed() < MAX_START, "mosquitto does not listen");
            sleep(Duration::from_millis(20));
        }
        Ok(broker)
    }

    /// `SIGKILL`, then starts it again on the same ports with what it had kept.
    ///
    /// # Errors
    /// As [`Mosquitto::start`].
    pub fn kill_and_start(mut self) -> Result<Self> {
        self.child.kill()?;
        self.child.wait()?;
        Self::start_on(&self.folder, self.port, self.tls_port)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
