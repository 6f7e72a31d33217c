//! A server of SSH of its own for a test: OpenSSH, from Debian's packages, with its own configuration and keys.

use std::{
    fs::File,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::free_ports;

const SERVER: &str = "/usr/sbin/sshd";
const KEYGEN: &str = "/usr/bin/ssh-keygen";
/// Where the server confines itself when it runs as root; an installed service has it made at its start.
const CONFINEMENT: &str = "/run/sshd";
const MAX_START: Duration = Duration::from_secs(20);

/// The program behind the subsystem, as Debian has it.
pub const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// A running server on 127.0.0.1 that lets the user in who runs the test, by a key. Killed when dropped.
#[derive(Debug)]
pub struct SshServer {
    directory: TempDir,
    child: Option<Child>,
    /// Its port.
    pub port: u16,
    /// Who may come.
    pub user: String,
}

impl SshServer {
    /// Makes keys and starts a server with the subsystem `sftp`.
    ///
    /// # Errors
    /// When it is not installed (`cargo xtask test` does it, or `apt-get install openssh-server`), or does not start.
    pub fn start() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("chancery-ssh").tempdir_in("/tmp")?;
        for key in ["host", "user", "stranger"] {
            let made = Command::new(KEYGEN)
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(directory.path().join(key))
                .status()
                .with_context(|| format!("cannot run {KEYGEN}: install openssh-client"))?;
            ensure!(made.success(), "{KEYGEN} failed");
        }
        std::fs::copy(directory.path().join("user.pub"), directory.path().join("authorized"))?;
        let name = Command::new("id").arg("-un").output()?;
        let user = String::from_utf8(name.stdout)?.trim().to_owned();
        let mut server = Self { directory, child: None, port: free_ports(1)?, user };
        server.start_with("internal-sftp")?;
        Ok(server)
    }

    /// Starts it again on the same port with another command behind the subsystem, after whatever ran was killed.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_with(&mut self, subsystem: &str) -> Result<()> {
        self.kill();
        if is_root() {
            std::fs::create_dir_all(CONFINEMENT)?;
        }
        let folder = self.directory.path().display();
        let text = format!(
            "ListenAddress 127.0.0.1\nPort {}\nHostKey {folder}/host\nPidFile none\nAuthorizedKeysFile {folder}/authorized\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             AllowTcpForwarding no\nSubsystem sftp {subsystem}\n",
            self.port
        );
        std::fs::write(self.path("config"), text)?;
        let mut child = Command::new(SERVER)
            .args(["-D", "-e", "-f"])
            .arg(self.path("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.path("log"))?)
            .spawn()
            .with_context(|| format!("cannot start {SERVER}: install openssh-server"))?;
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
                anyhow::bail!("sshd ended at once ({status}): {log}");
            }
            if started.elapsed() > MAX_START {
                child.kill().ok();
                child.wait().ok();
                anyhow::bail!("sshd does not listen");
            }
            sleep(Duration::from_millis(20));
        }
        self.child = Some(child);
        Ok(())
    }

    /// `SIGKILL` to the listener.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// The key of who may come.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.path("user")
    }

    /// A key that opens nothing here; as a host key, that of another server.
    #[must_use]
    pub fn strange_key(&self) -> PathBuf {
        self.path("stranger")
    }

    /// A file of host keys in which this server has the key of a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn known_hosts(&self, key: &Path) -> Result<PathBuf> {
        let key = std::fs::read_to_string(key.with_extension("pub"))?;
        let path = self.path("known_hosts");
        std::fs::write(&path, format!("[127.0.0.1]:{} {key}", self.port))?;
        Ok(path)
    }

    /// The server's own key.
    #[must_use]
    pub fn host_key(&self) -> PathBuf {
        self.path("host")
    }

    /// Fingerprint of a key, as `ssh-keygen` prints it.
    ///
    /// # Errors
    /// When `ssh-keygen` fails.
    pub fn fingerprint(key: &Path) -> Result<String> {
        let printed = Command::new(KEYGEN).arg("-lf").arg(key).output()?;
        let printed = String::from_utf8(printed.stdout)?;
        Ok(printed.split_whitespace().nth(1).context("ssh-keygen prints no fingerprint")?.to_owned())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
