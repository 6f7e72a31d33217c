//! An S3 service: moto's server (a package of PyPI), in a virtual environment that is made once in a folder of the build.

use std::{
    fs::File,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

const SERVER: &str = include_str!("s3_server.py");
const MOTO: &str = "moto[s3,server]==5.2.1";
/// How often it is asked whether it listens, and how long is waited in between.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// The service, killed when dropped.
#[derive(Debug)]
pub struct S3Server {
    process: Child,
    endpoint: String,
}

impl S3Server {
    /// Starts it on a free port of loopback. `scratch` is where the virtual environment is kept (`CARGO_TARGET_TMPDIR`).
    ///
    /// # Errors
    /// When there is no Python, moto cannot be installed, or the service does not listen in time.
    pub fn start(scratch: &Path) -> Result<Self> {
        let environment = python_with_moto(scratch)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(environment.join("bin/python"))
            .args(["-c", SERVER, &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { process, endpoint: format!("http://127.0.0.1:{port}") };
        for _ in 0..TRIES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(PAUSE);
        }
        bail!("moto_server does not listen")
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes a bucket. It is asked in plain HTTP; moto looks at no signature.
    ///
    /// # Errors
    /// When the service refuses.
    pub fn make_bucket(&self, name: &str) -> Result<()> {
        use std::io::{Read as _, Write as _};
        let authority = self.endpoint.trim_start_matches("http://");
        let credential =
            "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let mut stream = TcpStream::connect(authority)?;
        write!(
            stream,
            "PUT /{name} HTTP/1.1\r\nhost: {authority}\r\nauthorization: {credential}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        ensure!(said.starts_with("HTTP/1.1 200"), "the bucket cannot be made: {said}");
        Ok(())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn python_with_moto(scratch: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(scratch)?;
    // Tests that run at the same time make it once.
    let lock = File::create(scratch.join("s3-venv.lock"))?;
    lock.lock()?;
    let environment = scratch.join("s3-venv");
    let ready = environment.join(".ready");
    if !ready.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status().context("no python3")?;
        ensure!(made.success(), "python3 makes no virtual environment");
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", MOTO];
        let made = Command::new(environment.join("bin/python")).args(install).status()?;
        ensure!(made.success(), "moto cannot be installed");
        std::fs::write(ready, "")?;
    }
    Ok(environment)
}
