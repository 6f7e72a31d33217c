//! A server of FTP and FTPS of its own for a test: pyftpdlib, from Debian's packages.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

/// Python as Debian has it: with Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = include_str!("ftp_server.py");

/// What a server serves, and what it does that others do by accident or by malice. Its script says what each member means.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the names of the script")]
pub struct FtpOptions {
    pub root: PathBuf,
    pub port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pem: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dies_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meanwhile: Option<&'static str>,
    pub times: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grows: Option<String>,
    pub pause_ms: u64,
    pub repeats: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked: Option<String>,
}

/// A running server on 127.0.0.1. Killed when dropped.
#[derive(Debug)]
pub struct FtpServer {
    child: Child,
    /// Its port.
    pub port: u16,
}

impl FtpServer {
    /// The user that it lets in, beside anonymous ones.
    pub const USER: &str = "weather";
    /// That user's password.
    pub const PASSWORD: &str = "secret";

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it is not installed (`cargo xtask test` does it, or `apt-get install python3-pyftpdlib python3-openssl`), or does not start.
    pub fn start(options: &FtpOptions) -> Result<Self> {
        let mut child = Command::new(PYTHON)
            .args(["-c", SERVER, &serde_json::to_string(options)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {PYTHON}"))?;
        let mut line = String::new();
        let output = child.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let Ok(port) = line.trim().parse() else {
            child.kill().ok();
            child.wait().ok();
            anyhow::bail!("the FTP server did not start: apt-get install python3-pyftpdlib python3-openssl");
        };
        Ok(Self { child, port })
    }

    /// Whether it ended by itself; waits for it.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn wait(&mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for FtpServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// An authority that was made for a test, and a server's certificate of it.
#[derive(Debug)]
pub struct TestCertificates {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The server's certificate for a name, with its key.
    pub server: PathBuf,
}

impl TestCertificates {
    /// Makes them in a folder, with `openssl`, for a name of DNS.
    ///
    /// # Errors
    /// When `openssl` is not there, or fails.
    pub fn make(folder: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("extensions"), format!("subjectAltName=DNS:{name}\n"))?;
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let mut authority = vec!["req", "-x509", "-subj", "/CN=authority of a test", "-days", "2"];
        authority.extend(key);
        authority.extend(["-keyout", "ca.key", "-out", "ca.pem"]);
        openssl(folder, &authority)?;
        let mut request = vec!["req", "-subj", "/CN=server of a test"];
        request.extend(key);
        request.extend(["-keyout", "server.key", "-out", "server.csr"]);
        openssl(folder, &request)?;
        let signed = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        let signed: Vec<&str> =
            signed.into_iter().chain(["-days", "2", "-extfile", "extensions", "-out", "server.crt"]).collect();
        openssl(folder, &signed)?;
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        std::fs::write(folder.join("server.pem"), read("server.crt")? + &read("server.key")?)?;
        Ok(Self { ca: folder.join("ca.pem"), server: folder.join("server.pem") })
    }
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("cannot run openssl: apt-get install openssl")?;
    ensure!(output.status.success(), "openssl failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
