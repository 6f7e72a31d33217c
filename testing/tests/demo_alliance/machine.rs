//! Chains, and the machines of two members' engineers: files, commands and processes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use chancery_testing::process::{Network, built_binary};
use serde_json::{Value, json};

/// What is sent makes a block at once.
const HEARTBEAT_MS: u64 = 2000;

/// A chain of one validator.
pub(crate) struct TestChain {
    pub(crate) name: &'static str,
    network: Network,
}

impl TestChain {
    pub(crate) async fn start(dir: &Path, name: &'static str) -> Self {
        let mut network = Network::init_with(&dir.join(name), 1, 0, HEARTBEAT_MS, &["--chain", name]).unwrap();
        network.start_all().unwrap();
        // Of the genesis block alone nothing can be anchored.
        network.nodes[0].make_first_block().await.unwrap();
        Self { name, network }
    }

    pub(crate) fn rpc(&self) -> &str {
        &self.network.nodes[0].rpc
    }

    pub(crate) fn genesis(&self) -> PathBuf {
        self.network.dir().join("genesis.json")
    }

    /// As configurations have it.
    pub(crate) fn section(&self) -> String {
        format!("name = \"{}\"\nrpc = \"{}\"\ngenesis = \"{}\"\n", self.name, self.rpc(), self.genesis().display())
    }
}

/// A key that its owner alone may read.
pub(crate) fn write_key(path: &Path, digit: char) {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(digit.to_string().repeat(64).as_bytes()).unwrap();
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(built_binary());
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The answer of a command that succeeds.
pub(crate) fn answer(arguments: &[&str]) -> Value {
    answer_with(arguments, None)
}

/// The same, with more in its environment.
pub(crate) fn answer_with(arguments: &[&str], environment: Option<(&str, PathBuf)>) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = command(&all).envs(environment).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}{said}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command says that fails, and its exit code.
pub(crate) fn refusal(arguments: &[&str]) -> (Value, i32) {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = run(&all);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    let said = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    (serde_json::from_slice(said).unwrap(), output.status.code().unwrap())
}

/// A command under way; killed when dropped.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, None)
    }

    fn start_with(arguments: &[&str], environment: Option<(&str, PathBuf)>) -> Self {
        let mut command = command(arguments);
        let mut child = command.envs(environment).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads until a line has this in it; the line.
    pub(crate) fn line_with(&mut self, wanted: &str) -> String {
        let mut read = Vec::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            if line.contains(wanted) {
                return line;
            }
            read.push(line);
        }
        panic!("{wanted:?} was not said, but {read:#?}")
    }

    /// Everything else that it says, and its exit code.
    pub(crate) fn end(mut self) -> (String, i32) {
        let rest: Vec<_> = self.lines.by_ref().map(Result::unwrap).collect();
        (rest.join("\n"), self.child.wait().unwrap().code().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `chancery relay` or `chancery endorser`, with the address at which it answers.
pub(crate) struct Service {
    pub(crate) url: String,
    _process: Running,
}

impl Service {
    pub(crate) fn start(what: &str, config: &Path, text: &str) -> Self {
        Self::start_with(what, config, text, None)
    }

    /// The same, with more in its environment.
    pub(crate) fn start_with(what: &str, config: &Path, text: &str, environment: Option<(&str, PathBuf)>) -> Self {
        fs::write(config, text).unwrap();
        let arguments = [what, "--until-stdin-ends", "--config", config.to_str().unwrap()];
        let mut process = Running::start_with(&arguments, environment);
        let line = process.line_with("ready ");
        let (_, url) = line.split_once('=').unwrap();
        Self { url: url.trim().to_owned(), _process: process }
    }

    /// What it says of requests before they have a number.
    pub(crate) fn reports(&self) -> Vec<Value> {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let query = json!({"instance": 0, "after": 0}).to_string();
        let head =
            "POST /v1/reports HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{query}", query.len()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let (_, body) = said.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {said}"));
        answer["reports"].as_array().unwrap().clone()
    }
}
