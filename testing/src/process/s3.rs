//! An S3 service: moto's server (a package of PyPI), in a virtual environment that is made once in a folder of the build. It verifies signatures (SigV4) and what an access key may
//! do, once its users are made.

use std::{
    fmt::Write as _,
    fs::File,
    io::{Read as _, Write as _},
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

/// The bucket that the access key may use, and no other.
const BUCKET: &str = "ods";
/// How many requests come before signatures are looked at.
const UNVERIFIED: &str = "inf";
const VERIFIED: &str = "0";

/// An access key of the service, with its secret.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// Access key id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// The service, killed when dropped.
#[derive(Debug)]
pub struct S3Server {
    process: Child,
    endpoint: String,
    key: AccessKey,
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
        let key = AccessKey { id: String::new(), secret: String::new() };
        let mut server = Self { process, endpoint: format!("http://127.0.0.1:{port}"), key };
        for _ in 0..TRIES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                server.key = server.make_user("owner")?;
                server.verify(VERIFIED)?;
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

    /// The access key that may do everything in the bucket `ods`, and nothing in any other.
    #[must_use]
    pub const fn key(&self) -> &AccessKey {
        &self.key
    }

    /// Makes a bucket. Nobody else may ask for anything meanwhile: signatures are not looked at.
    ///
    /// # Errors
    /// When the service refuses.
    pub fn make_bucket(&self, name: &str) -> Result<()> {
        self.verify(UNVERIFIED)?;
        self.ask("PUT", &format!("/{name}"), Some("s3"), "")?;
        self.verify(VERIFIED)
    }

    /// A user of IAM with a key and a policy that allows the bucket.
    fn make_user(&self, name: &str) -> Result<AccessKey> {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::{BUCKET}","arn:aws:s3:::{BUCKET}/*"]}}]}}"#
        );
        let user = format!("&UserName={name}&Version=2010-05-08");
        self.ask("POST", "/", Some("iam"), &format!("Action=CreateUser{user}"))?;
        let put = format!("Action=PutUserPolicy{user}&PolicyName=bucket&PolicyDocument={}", encoded(&policy)?);
        self.ask("POST", "/", Some("iam"), &put)?;
        let said = self.ask("POST", "/", Some("iam"), &format!("Action=CreateAccessKey{user}"))?;
        let element = |name: &str| {
            let (_, rest) = said.split_once(&format!("<{name}>")).with_context(|| format!("no {name} in {said}"))?;
            anyhow::Ok(rest.split_once('<').with_context(|| format!("no end of {name}"))?.0.to_owned())
        };
        Ok(AccessKey { id: element("AccessKeyId")?, secret: element("SecretAccessKey")? })
    }

    /// From which request on signatures and policies are looked at.
    fn verify(&self, after: &str) -> Result<()> {
        self.ask("POST", "/moto-api/reset-auth", None, after).map(drop)
    }

    /// Asks a service in plain HTTP, with a signature that nobody looks at. What it says, with its head.
    fn ask(&self, method: &str, path: &str, service: Option<&str>, body: &str) -> Result<String> {
        let authority = self.endpoint.trim_start_matches("http://");
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
        if let Some(service) = service {
            let scope = format!("id/20260101/us-east-1/{service}/aws4_request");
            let shown = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
            write!(head, "authorization: {shown}\r\ncontent-type: application/x-www-form-urlencoded\r\n")?;
        }
        write!(head, "content-length: {}\r\n\r\n", body.len())?;
        let mut stream = TcpStream::connect(authority)?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        let status = said.split(' ').nth(1);
        ensure!(status == Some("200"), "{method} {path} of {service:?}: {said}");
        Ok(said)
    }
}

/// A value of a form.
fn encoded(value: &str) -> Result<String> {
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}")?;
        }
    }
    Ok(encoded)
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
