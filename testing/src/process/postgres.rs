//! A PostgreSQL server of its own for a test.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::free_ports;

/// Where Debian puts the programs.
const BINARIES: [&str; 4] =
    ["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin", "/usr/bin"];
/// The server refuses to run as root.
const SERVER_USER: &str = "postgres";

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct PostgresServer {
    binaries: PathBuf,
    directory: TempDir,
    /// Port on 127.0.0.1, of one that has TLS.
    port: Option<u16>,
}

impl PostgresServer {
    /// Makes a database in a new folder and starts it, reachable by a socket in that folder alone.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        let server = Self::make()?;
        server.start_again()?;
        Ok(server)
    }

    /// As [`Self::start`], and reachable on 127.0.0.1 too, there with TLS alone.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start_with_tls(certificate_and_key: &Path) -> Result<Self> {
        let mut server = Self::make()?;
        let pem = server.path("data/tls.pem");
        std::fs::copy(certificate_and_key, &pem)?;
        std::fs::set_permissions(&pem, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        if is_root() {
            ensure!(Command::new("chown").arg(SERVER_USER).arg(&pem).status()?.success(), "chown failed");
        }
        let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
        std::fs::write(server.path("data/pg_hba.conf"), rules)?;
        server.port = Some(free_ports(1)?);
        server.start_again()?;
        Ok(server)
    }

    fn make() -> Result<Self> {
        let binaries = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .chain(BINARIES.iter().map(PathBuf::from))
            .find(|path| ["initdb", "pg_ctl", "psql"].iter().all(|program| path.join(program).exists()))
            .context("PostgreSQL is not installed: apt-get install postgresql")?;
        let directory = tempfile::Builder::new().prefix("chancery-pg").tempdir_in("/tmp")?;
        if is_root() {
            ensure!(Command::new("chown").arg(SERVER_USER).arg(directory.path()).status()?.success(), "chown failed");
        }
        let server = Self { binaries, directory, port: None };
        let data = server.path("data");
        server.run("initdb", &["-D", &data, "-U", SERVER_USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"])?;
        Ok(server)
    }

    /// Starts it after [`Self::stop`].
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> Result<()> {
        let listening = match self.port {
            None => "-c listen_addresses=".to_owned(),
            Some(port) => format!(
                "-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file=tls.pem -c ssl_key_file=tls.pem"
            ),
        };
        let options = format!("-k {} {listening} -c fsync=off", self.directory.path().display());
        self.run("pg_ctl", &["-D", &self.path("data"), "-l", &self.path("log"), "-w", "-o", &options, "start"])
    }

    /// Stops it in the middle of whatever it does.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&self) -> Result<()> {
        self.run("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "-w", "stop"])
    }

    /// Names its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user={SERVER_USER}", self.directory.path().display())
    }

    /// Names its database over the network.
    #[must_use]
    pub fn tls_url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://{SERVER_USER}@{host}:{}/postgres?{parameters}", self.port.unwrap_or_default())
    }

    /// Runs statements with psql, whose standard input is a file where one is given; what it prints.
    ///
    /// # Errors
    /// When a statement fails, with psql's words.
    pub fn psql(&self, sql: &str, input: Option<&Path>) -> Result<String> {
        let mut command = self.client(sql);
        if let Some(input) = input {
            command.stdin(Stdio::from(std::fs::File::open(input)?));
        }
        let output = command.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a COPY with psql, whose output goes to a file.
    ///
    /// # Errors
    /// When it fails.
    pub fn copy_to_file(&self, sql: &str, target: &Path) -> Result<()> {
        let mut command = self.client(sql);
        command.stdout(std::fs::File::create(target)?);
        ensure!(command.status()?.success(), "COPY failed");
        Ok(())
    }

    fn client(&self, sql: &str) -> Command {
        let mut command = self.command("psql");
        let socket = self.directory.path().display().to_string();
        command.args(["-p", &self.port.unwrap_or(5432).to_string()]);
        command.args(["-h", &socket, "-U", SERVER_USER, "-v", "ON_ERROR_STOP=1", "-qAtc", sql, "postgres"]);
        command
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self.command(program).args(arguments).output()?;
        ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", SERVER_USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop().ok();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
