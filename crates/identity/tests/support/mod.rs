//! A real PostgreSQL of its own for a test: made in a temporary directory, reached through a socket there, stopped at the end.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
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
        let binaries = BINARIES
            .iter()
            .map(PathBuf::from)
            .find(|path| path.join("initdb").exists())
            .expect("PostgreSQL is not installed: apt-get install postgresql");
        let directory = tempfile::Builder::new().prefix("chancery-pg").tempdir_in("/tmp").unwrap();
        give_to_server_user(directory.path());
        let server = Self { binaries, directory };
        let data = server.path("data");
        server.run(
            "initdb",
            &["-D", &data, "-U", SERVER_USER, "-A", "trust", "-N", "--no-instructions", "-E", "UTF8", "--locale=C"],
        );
        server.start_again();
        server
    }

    /// Starts it again after [`Self::stop`], with the same data.
    pub fn start_again(&self) {
        let options =
            format!("-k {} -c listen_addresses= -c fsync=off -c max_connections=50", self.directory.path().display());
        self.run("pg_ctl", &["-D", &self.path("data"), "-l", &self.path("log"), "-w", "-o", &options, "start"]);
    }

    pub fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "-w", "stop"]);
    }

    /// URL of a fresh database.
    pub fn create_database(&self, name: &str) -> String {
        let socket = self.directory.path().display().to_string();
        self.run("createdb", &["-h", &socket, "-U", SERVER_USER, name]);
        format!("postgres:///{name}?host={socket}&user={SERVER_USER}")
    }

    /// Everything in a database, as text.
    pub fn dump(&self, name: &str) -> Vec<u8> {
        let socket = self.directory.path().display().to_string();
        self.run("pg_dump", &["-h", &socket, "-U", SERVER_USER, name]).stdout
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let output = self.command(program).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} failed: {error}");
        output
    }

    /// PostgreSQL refuses to run as root: then its own user runs it.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", SERVER_USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(std::process::Stdio::null());
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
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.starts_with(b"0\n")
}

fn give_to_server_user(path: &Path) {
    if is_root() {
        let status = Command::new("chown").arg(SERVER_USER).arg(path).status().unwrap();
        assert!(status.success(), "chown of {}", path.display());
    }
}
