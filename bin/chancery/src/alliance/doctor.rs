//! `chancery doctor --relay FILE --endorser FILE --database FILE`: what is wrong with an alliance, as the processes of one member see it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use chancery_bridge::{
    checkup::{
        Finding, Severity, applier,
        certificates::{self, OwnCertificate},
        chains, members, requests, worst,
    },
    contracts::AllianceContract,
};
use chancery_ledger::Chain;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{database, endorser, relay};
use crate::{arguments::Doctor, output::Output};

/// The alliance goes on, but somebody should see to something.
const NEEDS_ATTENTION: u8 = 3;
/// Requests do not go on, or not by these processes.
const SICK: u8 = 4;
/// Longest answer of a process about itself.
const MAX_HEALTH_BYTES: u64 = 1 << 16;
/// Longest wait for a process that should listen.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(3);

/// What was found so far.
#[derive(Default)]
struct Examination {
    findings: Vec<Finding>,
    looked_at: Vec<String>,
    /// Alliances that are reached, for endorsers whose file names none.
    alliances: Vec<AllianceContract>,
    /// Chains that were looked at, by id.
    chains: Vec<u64>,
    databases: Vec<PathBuf>,
}

/// Looks at everything that these files name.
pub(crate) async fn examine(command: &Doctor, output: &Output) -> Result<ExitCode> {
    let progress = output.progress("looking at the alliance");
    let mut examination = Examination { databases: command.database.clone(), ..Examination::default() };
    if let Some(file) = &command.relay {
        Box::pin(examination.relay(file)).await;
    }
    for file in &command.endorser {
        Box::pin(examination.endorser(file)).await;
    }
    for file in std::mem::take(&mut examination.databases) {
        Box::pin(examination.database(&file)).await;
    }
    progress.finish_and_clear();
    Ok(examination.answer(output))
}

impl Examination {
    async fn relay(&mut self, file: &Path) {
        let found = match Box::pin(relay::described(file)).await {
            Ok(found) => found,
            Err(error) => return self.unusable(file, &error),
        };
        self.looked_at.push(format!("relay {}", file.display()));
        self.process("relay", found.listen, found.is_encrypted, file).await;
        for chain in &found.chains {
            self.chain(chain).await;
        }
        let Some(alliance) = found.alliance else { return };
        self.alliances.push(alliance.clone());
        let links = match Box::pin(members::look(&alliance, &found.chains, found.push_every_blocks)).await {
            Ok((links, findings)) => {
                self.findings.extend(findings);
                links
            }
            Err(error) => return self.unread(&alliance, error.to_string()),
        };
        match Box::pin(requests::look(&alliance, &links)).await {
            Ok(findings) => self.findings.extend(findings),
            Err(error) => self.unread(&alliance, error.to_string()),
        }
    }

    async fn endorser(&mut self, file: &Path) {
        let found = match Box::pin(endorser::described(file)).await {
            Ok(found) => found,
            Err(error) => return self.unusable(file, &error),
        };
        self.looked_at.push(format!("endorser {}", file.display()));
        self.process("endorser", found.listen, found.is_encrypted, file).await;
        self.chain(&found.contract.chain).await;
        if let Err(error) = found.contract.anchor().await
            && !error.is_temporary()
        {
            let (contract, chain) = (found.contract.address, found.contract.chain.name().to_owned());
            self.findings.push(Finding::ContractMissing { contract, chain, reason: error.to_string() });
        }
        let key = match found.key {
            Ok(key) => Some(key),
            Err(error) => {
                self.unusable(&found.key_file, &error);
                None
            }
        };
        let is_its = |known: &&AllianceContract| {
            (known.chain.config().chain_id, known.address) == (found.alliance_chain_id, found.alliance_contract)
        };
        let alliance = found.alliance.clone().or_else(|| self.alliances.iter().find(is_its).cloned());
        match alliance {
            None => self.findings.push(Finding::CertificateUnseen),
            Some(alliance) => {
                self.chain(&alliance.chain).await;
                let own = OwnCertificate { member: found.member, certificate: found.certificate, key };
                match Box::pin(certificates::look(&alliance, &own)).await {
                    Ok(findings) => self.findings.extend(findings),
                    Err(error) => self.unread(&alliance, error.to_string()),
                }
            }
        }
        if let Some(database) = found.database.filter(|database| !self.databases.contains(database)) {
            self.databases.push(database);
        }
    }

    async fn database(&mut self, file: &Path) {
        match Box::pin(database::applier(file)).await {
            Ok(found) => {
                self.looked_at.push(format!("database {}", file.display()));
                self.findings.extend(Box::pin(applier::look(&found, &file.display().to_string())).await);
            }
            Err(error) => self.unusable(file, &error),
        }
    }

    async fn chain(&mut self, chain: &Chain) {
        let id = chain.config().chain_id;
        if !self.chains.contains(&id) {
            self.chains.push(id);
            let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            self.findings.extend(chains::look(chain, now_s).await);
        }
    }

    async fn process(&mut self, what: &'static str, listen: SocketAddr, is_encrypted: bool, file: &Path) {
        // With port 0 it chooses one when it starts.
        if listen.port() == 0 {
            return;
        }
        let said = match listens(listen, is_encrypted).await {
            Listens::No => {
                let (listen, file) = (listen.to_string(), file.display().to_string());
                return self.findings.push(Finding::ProcessSilent { what, listen, file });
            }
            Listens::Yes(said) => said,
        };
        let status = said["status"].as_str().unwrap_or_default();
        if status == "degraded" {
            let (listen, status, reasons) = (listen.to_string(), status.to_owned(), said["reasons"].to_string());
            self.findings.push(Finding::ProcessDegraded { what, listen, status, reasons });
        }
    }

    fn unusable(&mut self, file: &Path, error: &anyhow::Error) {
        self.findings.push(Finding::FileUnusable { file: file.display().to_string(), reason: format!("{error:#}") });
    }

    /// That a chain is silent was said already.
    fn unread(&mut self, alliance: &AllianceContract, reason: String) {
        if !self.findings.iter().any(|finding| matches!(finding, Finding::ChainSilent { .. })) {
            self.findings.push(Finding::AllianceUnread { contract: alliance.address, reason });
        }
    }

    fn answer(self, output: &Output) -> ExitCode {
        let severity = worst(&self.findings);
        let texts: Vec<String> = self.findings.iter().map(|finding| format!("- {finding}")).collect();
        let text = if texts.is_empty() { "Nothing is wrong.".to_owned() } else { texts.join("\n") };
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                let mut value = serde_json::to_value(finding).unwrap_or_default();
                if let Some(fields) = value.as_object_mut() {
                    fields.insert("text".to_owned(), json!(finding.to_string()));
                    fields.insert("severity".to_owned(), json!(finding.severity()));
                }
                value
            })
            .collect();
        output.answer(
            &json!({ "severity": severity, "findings": findings, "lookedAt": self.looked_at }),
            format!("{}\n\n{text}", self.looked_at.join(", ")),
        );
        match severity {
            None => ExitCode::SUCCESS,
            Some(Severity::Attention) => ExitCode::from(NEEDS_ATTENTION),
            Some(Severity::Sick) => ExitCode::from(SICK),
        }
    }
}

/// Whether somebody is there.
enum Listens {
    No,
    /// With what it says of itself, if that is asked: over TLS it is not.
    Yes(Value),
}

/// Whether somebody listens there; in plain text, whether it answers as one of ours.
async fn listens(listen: SocketAddr, is_encrypted: bool) -> Listens {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let asked = async {
        let mut stream = TcpStream::connect((ip, listen.port())).await.ok()?;
        if is_encrypted {
            return Some(Value::Null);
        }
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.ok()?;
        let mut said = Vec::new();
        stream.take(MAX_HEALTH_BYTES).read_to_end(&mut said).await.ok()?;
        let said = String::from_utf8_lossy(&said);
        let (head, body) = said.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| serde_json::from_str(body).unwrap_or_default())
    };
    timeout(LISTEN_TIMEOUT, asked).await.ok().flatten().map_or(Listens::No, Listens::Yes)
}
