//! `chancery relay` and `chancery endorser` as processes, killed when dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use alloy_primitives::Address;
use chancery_testing::process::{built_binary, free_ports};
use url::Url;

use crate::support::{
    chain::TestChain,
    partnership::{Node, Partner, Partnership},
};

pub(crate) struct Process {
    what: &'static str,
    config: PathBuf,
    url: Url,
    child: Option<Child>,
}

impl Process {
    /// A relay of the partnership, on an address of its own.
    pub(crate) fn relay(dir: &Path, partnership: &Partnership) -> Self {
        let chains = partnership.partners.iter().map(|partner| &partner.chain);
        Self::relay_of(dir, &partnership.home, chains, partnership.relay.contract)
    }

    /// A relay of an alliance on `home`, that reaches these chains of members.
    pub(crate) fn relay_of<'a>(
        dir: &Path,
        home: &'a TestChain,
        members: impl IntoIterator<Item = &'a TestChain>,
        contract: Address,
    ) -> Self {
        let listen = format!("127.0.0.1:{}", free_ports(1).unwrap());
        let chains: String =
            [home].into_iter().chain(members).map(|chain| format!("[[chains]]\n{}", chain_section(chain))).collect();
        let text = format!(
            "listen = \"{listen}\"\npush_every_blocks = 8\n{chains}[alliance]\nchain = \"{}\"\ncontract = \"{contract}\"\n",
            home.chain.name()
        );
        Self::new("relay", dir.join("relay.toml"), &text, &listen, "/v1/submissions")
    }

    /// The endorser that a member's node runs.
    pub(crate) fn endorser(dir: &Path, partnership: &Partnership, partner: &Partner, node: &Node) -> Self {
        let listen = format!("127.0.0.1:{}", free_ports(1).unwrap());
        let file = secret_file(dir, &node.certificate.to_string(), &node.secret);
        let name = String::from_utf8(partner.name.0.into_iter().take_while(|byte| *byte != 0).collect()).unwrap();
        let text = format!(
            "listen = \"{listen}\"\nmember = \"{name}\"\nnode_contract = \"{}\"\ncertificate = {}\nkey_file = \"{}\"\n\
             [chain]\n{}[alliance]\nchain_id = {}\ncontract = \"{}\"\n",
            partner.link.node_contract,
            node.certificate,
            file.display(),
            chain_section(&partner.chain),
            partnership.home.id,
            partnership.relay.contract
        );
        let config = dir.join(format!("{}.toml", node.certificate));
        Self::new("endorser", config, &text, &listen, "/v1/endorsements")
    }

    /// By a file that says this.
    pub(crate) fn new(what: &'static str, config: PathBuf, text: &str, listen: &str, path: &str) -> Self {
        fs::write(&config, text).unwrap();
        let url = format!("http://{listen}{path}").parse().unwrap();
        Self { what, config, url, child: None }
    }

    /// The same over mutual TLS, with a file that holds key and certificate. An endorser is told the alliance's chain.
    pub(crate) fn with_tls(mut self, certificate: &Path, home: Option<&TestChain>) -> Self {
        let mut text = fs::read_to_string(&self.config).unwrap();
        text.push_str(&format!("[tls]\ncertificate = \"{}\"\n", certificate.display()));
        if let Some(home) = home {
            text.push_str(&format!("[tls.chain]\n{}", chain_section(home)));
        }
        fs::write(&self.config, text).unwrap();
        self.url.set_scheme("https").unwrap();
        self
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn start(&mut self) {
        let mut child = Command::new(built_binary())
            .args([self.what, "--until-stdin-ends", "--config"])
            .arg(&self.config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready "), "{} does not start: {line:?}", self.what);
        self.child = Some(child);
    }

    /// What it says when it does not start.
    pub(crate) fn refusal(&self) -> String {
        let output = Command::new(built_binary())
            .args([self.what, "--until-stdin-ends", "--config"])
            .arg(&self.config)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success(), "it ran");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The same with more in its file.
    pub(crate) fn with(self, text: &str) -> Self {
        let before = fs::read_to_string(&self.config).unwrap();
        fs::write(&self.config, before + text).unwrap();
        self
    }

    /// An endorser that looks renewed certificates up on the alliance's chain.
    pub(crate) fn knowing(self, home: &TestChain) -> Self {
        self.with(&format!("[alliance.chain]\n{}", chain_section(home)))
    }

    /// Puts another text in the place of one in its file, while it runs.
    pub(crate) fn rewrite(&self, from: &str, to: &str) {
        let before = fs::read_to_string(&self.config).unwrap();
        assert!(before.contains(from), "{before}");
        let new = self.config.with_extension("new");
        fs::write(&new, before.replacen(from, to, 1)).unwrap();
        fs::rename(&new, &self.config).unwrap();
    }

    /// What it says of itself, on loopback.
    pub(crate) fn health(&self) -> String {
        let place = (self.url.host_str().unwrap(), self.url.port().unwrap());
        let mut stream = TcpStream::connect(place).unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }

    /// With SIGKILL: it has no time to put anything in order.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A key in hexadecimal, in a file that its owner alone reads.
pub(crate) fn secret_file(dir: &Path, name: &str, secret: &str) -> PathBuf {
    let file = dir.join(format!("{name}.key"));
    let mut writes = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).unwrap();
    writes.write_all(secret.as_bytes()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    file
}

/// A certified chain, as files name it.
pub(crate) fn chain_section(chain: &TestChain) -> String {
    let (name, rpc, genesis) = (chain.chain.name(), chain.rpc(), chain.genesis_file());
    format!("name = \"{name}\"\nrpc = \"{rpc}\"\ngenesis = \"{}\"\n", genesis.display())
}
