//! An IPFS node that speaks the RPC of kubo (js-ipfs, a package of npm), alone on loopback, and Helia, which fetches from it by block exchange.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use super::{free_ports, project_root};

const MAX_START: Duration = Duration::from_secs(120);
/// What a node that was killed leaves: it would be taken for a running one.
const LOCK: &str = "repo.lock";

/// What a node says when it is there.
#[derive(Debug, Deserialize)]
struct Listening {
    peer: Vec<String>,
}

/// What Helia fetched.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct HeliaFetch {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A running node. Killed when dropped.
#[derive(Debug)]
pub struct IpfsNode {
    directory: TempDir,
    child: Option<Child>,
    port: u16,
    peer: String,
}

impl IpfsNode {
    /// Starts a node with an empty repository. It knows no other node.
    ///
    /// # Errors
    /// When its packages are not installed (`cargo xtask test` does it, or `npm ci` in `testing/ipfs`), or it does not start.
    pub fn start() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut node = Self { directory, child: None, port: free_ports(1)?, peer: String::new() };
        node.start_again()?;
        Ok(node)
    }

    /// Starts it again with its repository, where its RPC was.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<()> {
        self.kill();
        let repository = self.directory.path().join("repository");
        std::fs::remove_dir_all(repository.join(LOCK)).ok();
        let log = self.directory.path().join("log");
        let mut child = script("testing/ipfs", "node.mjs")?
            .arg(&repository)
            .arg(self.port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot run node: install Node.js")?;
        let output = child.stdout.take().context("the node has no output")?;
        self.child = Some(child);
        let (said, heard) = mpsc::channel();
        // Ends with the process.
        thread::spawn(move || {
            let (mut reader, mut line) = (BufReader::new(output), String::new());
            let read = reader.read_line(&mut line);
            said.send(read.map(|_| line)).ok();
            // Whatever else it says has somewhere to go.
            std::io::copy(&mut reader, &mut std::io::sink()).ok();
        });
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let line = heard.recv_timeout(MAX_START).with_context(|| format!("the node does not start: {}", said()))??;
        let listening: Listening =
            serde_json::from_str(&line).with_context(|| format!("the node ended at once: {}", said()))?;
        self.peer = listening.peer.into_iter().next().context("the node listens nowhere")?;
        Ok(())
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Where its RPC is, also while it does not run.
    #[must_use]
    pub fn rpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The multiaddr at which other nodes dial it.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }
}

impl Drop for IpfsNode {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Has Helia fetch a file from one node, by block exchange alone: it verifies each block by its address.
///
/// # Errors
/// When its packages are not installed, or it does not get the file.
pub fn helia_fetches(peer: &str, cid: &str) -> Result<HeliaFetch> {
    let output = script("testing/ipfs/helia", "fetch.mjs")?
        .args([peer, cid])
        .output()
        .context("cannot run node: install Node.js")?;
    ensure!(output.status.success(), "Helia does not get {cid}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("Helia says something else")
}

fn script(folder: &str, name: &str) -> Result<Command> {
    let directory = project_root().join(folder);
    let is_installed = directory.join("node_modules").is_dir();
    ensure!(is_installed, "run `npm ci` in {folder} (cargo xtask test does it)");
    let mut command = Command::new("node");
    command.current_dir(directory).arg(name);
    Ok(command)
}
