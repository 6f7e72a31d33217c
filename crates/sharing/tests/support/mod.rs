//! A real PostgreSQL of its own for a test, and tables that ship in a public package.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

const BINARIES: [&str; 4] =
    ["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin", "/usr/bin"];
const SERVER_USER: &str = "postgres";

/// A running server. Dropping it stops it.
pub struct PostgresServer {
    binaries: PathBuf,
    directory: TempDir,
}

impl PostgresServer {
    pub fn start() -> Self {
        let binaries = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .chain(BINARIES.iter().map(PathBuf::from))
            .find(|path| ["initdb", "pg_ctl", "psql"].iter().all(|program| path.join(program).exists()))
            .expect("PostgreSQL is not installed: apt-get install postgresql");
        let directory = tempfile::Builder::new().prefix("chancery-pg").tempdir_in("/tmp").unwrap();
        if is_root() {
            assert!(Command::new("chown").arg(SERVER_USER).arg(directory.path()).status().unwrap().success());
        }
        let server = Self { binaries, directory };
        server.run(
            "initdb",
            &["-D", &server.path("data"), "-U", SERVER_USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"],
        );
        server.start_again();
        server
    }

    pub fn start_again(&self) {
        let options = format!("-k {} -c listen_addresses= -c fsync=off", self.directory.path().display());
        self.run("pg_ctl", &["-D", &self.path("data"), "-l", &self.path("log"), "-w", "-o", &options, "start"]);
    }

    pub fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "-w", "stop"]);
    }

    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user={SERVER_USER}", self.directory.path().display())
    }

    /// Runs statements with psql, whose standard input is a file where one is given.
    pub fn psql(&self, sql: &str, input: Option<&Path>) -> String {
        let mut command = self.command("psql");
        let socket = self.directory.path().display().to_string();
        command.args(["-h", &socket, "-U", SERVER_USER, "-v", "ON_ERROR_STOP=1", "-qAtc", sql, "postgres"]);
        if let Some(input) = input {
            command.stdin(Stdio::from(std::fs::File::open(input).unwrap()));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a COPY with psql, whose output goes to a file.
    pub fn copy_to_file(&self, sql: &str, target: &Path) {
        let mut command = self.command("psql");
        let socket = self.directory.path().display().to_string();
        command.args(["-h", &socket, "-U", SERVER_USER, "-qAtc", sql, "postgres"]);
        command.stdout(std::fs::File::create(target).unwrap());
        assert!(command.status().unwrap().success());
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
        output
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
        let data = self.path("data");
        let _ = self.command("pg_ctl").args(["-D", &data, "-m", "immediate", "-w", "stop"]).output();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n")
}

/// A table of the package vega-datasets (npm, pinned in `testing/clients`).
pub fn dataset(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testing/clients/node_modules/vega-datasets/data").join(name);
    assert!(path.exists(), "vega-datasets is not installed: npm ci in testing/clients");
    path
}
