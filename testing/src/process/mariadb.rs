//! A MariaDB server of its own for a test, from Debian's packages.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::free_ports;

const SERVER: &str = "/usr/sbin/mariadbd";
const INSTALLER: &str = "/usr/bin/mariadb-install-db";
const CLIENT: &str = "/usr/bin/mariadb";
const MAX_START: Duration = Duration::from_secs(60);

/// A running server with the database `test`, reachable by a socket in its folder alone. Killed when dropped.
#[derive(Debug)]
pub struct MariadbServer {
    directory: TempDir,
    running: Mutex<Option<Child>>,
    /// Port on 127.0.0.1 and the file with certificate and key, of one that has TLS.
    tls: Option<(u16, PathBuf)>,
}

impl MariadbServer {
    /// Makes a database in a new folder and starts it.
    ///
    /// # Errors
    /// When it is not installed (`cargo xtask test` does it, or `apt-get install mariadb-server`), or does not start.
    pub fn start() -> Result<Self> {
        Self::make(None)
    }

    /// As [`Self::start`], and reachable on 127.0.0.1 too, there with TLS alone.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_tls(certificate_and_key: &Path) -> Result<Self> {
        Self::make(Some((free_ports(1)?, certificate_and_key.to_owned())))
    }

    fn make(tls: Option<(u16, PathBuf)>) -> Result<Self> {
        // The path of a socket is short.
        let directory = tempfile::Builder::new().prefix("chancery-my").tempdir_in("/tmp")?;
        let server = Self { directory, running: Mutex::new(None), tls };
        let mut install = Command::new(INSTALLER);
        install
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", server.path("data")));
        let output = server
            .as_us(&mut install)
            .output()
            .with_context(|| format!("cannot run {INSTALLER}: install mariadb-server"))?;
        ensure!(output.status.success(), "{INSTALLER} failed: {}", String::from_utf8_lossy(&output.stderr));
        server.start_again()?;
        server.query("CREATE DATABASE test CHARACTER SET utf8mb4")?;
        Ok(server)
    }

    /// Starts it after [`Self::kill`], and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> Result<()> {
        let mut command = Command::new(SERVER);
        command
            .args(["--no-defaults", "--innodb-flush-log-at-trx-commit=2", "--skip-log-bin"])
            .args(["--innodb-buffer-pool-size=64M", "--performance-schema=OFF"])
            .arg(format!("--datadir={}", self.path("data")))
            .arg(format!("--socket={}", self.path("socket")))
            .arg(format!("--pid-file={}", self.path("pid")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.directory.path().join("log"))?);
        match &self.tls {
            None => command.arg("--skip-networking"),
            Some((port, pem)) => command
                .args(["--bind-address=127.0.0.1", "--require-secure-transport=ON"])
                .arg(format!("--port={port}"))
                .arg(format!("--ssl-cert={}", pem.display()))
                .arg(format!("--ssl-key={}", pem.display())),
        };
        let mut child = self.as_us(&mut command).spawn().with_context(|| format!("cannot start {SERVER}"))?;
        let started = Instant::now();
        while self.query("SELECT 1").is_err() {
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                anyhow::bail!("mariadbd ended at once ({status}): {log}");
            }
            if started.elapsed() > MAX_START {
                child.kill().ok();
                child.wait().ok();
                anyhow::bail!("mariadbd does not answer");
            }
            sleep(Duration::from_millis(50));
        }
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// `SIGKILL`, in the middle of whatever it does.
    pub fn kill(&self) {
        if let Some(mut child) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Names its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@localhost/test?socket={}", self.path("socket"))
    }

    /// Names its database over the network.
    #[must_use]
    pub fn tls_url(&self, host: &str, parameters: &str) -> String {
        let port = self.tls.as_ref().map_or(0, |(port, _)| *port);
        format!("mysql://root@{host}:{port}/test?{parameters}")
    }

    /// Runs statements with the server's own client; what it prints, without a heading.
    ///
    /// # Errors
    /// When a statement fails, with the client's words.
    pub fn query(&self, sql: &str) -> Result<String> {
        let output = self.client().args(["-e", sql]).stdin(Stdio::null()).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Loads a CSV file with a heading into a table of the database `test`, in the order of the columns named.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn load_csv(&self, table: &str, columns: &str, file: &Path) -> Result<()> {
        let loaded = self.directory.path().join("loaded.csv");
        std::fs::write(&loaded, std::fs::read_to_string(file)?.replace("\r\n", "\n"))?;
        let sql = format!(
            "LOAD DATA LOCAL INFILE '{}' INTO TABLE test.{table} FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' \
             LINES TERMINATED BY '\\n' IGNORE 1 LINES ({columns})",
            loaded.display()
        );
        let output = self.client().args(["--local-infile=1", "-e", &sql]).stdin(Stdio::null()).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn client(&self) -> Command {
        let mut command = Command::new(CLIENT);
        command.args(["--no-defaults", "-u", "root", "--skip-column-names", "--batch"]);
        command.args(["--default-character-set=utf8mb4", "--socket"]).arg(self.path("socket"));
        command
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// As root the server runs when it is told so.
    fn as_us<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
        if root { command.arg("--user=root") } else { command }
    }
}

impl Drop for MariadbServer {
    fn drop(&mut self) {
        self.kill();
    }
}
