//! A source of the kind `log`: what is collected, where it is kept, and the collector itself (`chancery share collect`).

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use chancery_sharing::collect::{Collector, CollectorConfig, TailedFile};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{DataSet, forward::ForwardSet, tls};
use crate::{arguments::ServeShared, stop::told_to_stop};

const MEGABYTE: u64 = 1_000_000;
/// How much a spool holds when nothing is said.
const DEFAULT_MAX_MB: u64 = 1000;
const DEFAULT_INTERVAL_MS: u64 = 500;

/// Most addresses that are named.
const MAX_SENDERS: usize = 1024;

/// What is collected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogSection {
    /// Folder of the spool.
    pub(super) spool: PathBuf,
    /// Most megabytes of it.
    max_mb: Option<u64>,
    /// Files that grow.
    #[serde(default)]
    tail: Vec<TailSection>,
    /// Where syslog over UDP is taken, on loopback alone.
    syslog_udp: Option<SocketAddr>,
    /// Where syslog over TCP is taken, on loopback alone.
    syslog_tcp: Option<SocketAddr>,
    /// Of which addresses of this machine syslog over UDP and TCP is taken; absent: of all.
    syslog_plain_senders: Option<Vec<IpAddr>>,
    /// Where syslog over TLS is taken.
    syslog_tls: Option<SocketAddr>,
    /// Authorities (PEM) of the certificates that senders over TLS show; needed beyond loopback.
    syslog_client_ca_file: Option<PathBuf>,
    /// Where NDJSON over HTTP is taken, at `/records`.
    http: Option<SocketAddr>,
    /// File with the token that senders over HTTP show, readable by its owner alone.
    token_file: Option<PathBuf>,
    /// Whose numbered batches over HTTP are taken, by the names that they drew.
    http_senders: Option<Vec<String>>,
    /// How often files are looked at.
    interval_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TailSection {
    file: PathBuf,
    /// Whether a line is a JSON object.
    #[serde(default)]
    json: bool,
}

impl LogSection {
    pub(super) fn config(
        &self,
        beside: impl Fn(&Path) -> PathBuf,
        secret: impl Fn(&Path) -> Result<Zeroizing<String>>,
    ) -> Result<CollectorConfig> {
        let listens = [self.syslog_udp, self.syslog_tcp, self.syslog_tls, self.http].iter().any(Option::is_some);
        ensure!(
            listens || !self.tail.is_empty(),
            "[source] has neither tail nor syslog_udp, syslog_tcp, syslog_tls or http"
        );
        ensure!(
            self.syslog_tls.is_some() || self.syslog_client_ca_file.is_none(),
            "syslog_client_ca_file of [source] is for syslog_tls, which it has not"
        );
        if let Some(senders) = &self.syslog_plain_senders {
            ensure!(
                self.syslog_udp.is_some() || self.syslog_tcp.is_some(),
                "syslog_plain_senders of [source] is for syslog_udp and syslog_tcp, and it has neither"
            );
            ensure!(
                (1..=MAX_SENDERS).contains(&senders.len()),
                "syslog_plain_senders of [source] names 1 to {MAX_SENDERS} addresses"
            );
        }
        ensure!(
            self.http_senders.as_ref().is_none_or(|senders| self.http.is_some() && !senders.is_empty()),
            "http_senders of [source] names senders of http, at least one"
        );
        let tails = self.tail.iter().map(|tail| TailedFile { path: beside(&tail.file), json: tail.json });
        Ok(CollectorConfig {
            spool: beside(&self.spool),
            max_bytes: self.max_mb.unwrap_or(DEFAULT_MAX_MB).saturating_mul(MEGABYTE),
            tails: tails.collect(),
            syslog_udp: self.syslog_udp,
            syslog_tcp: self.syslog_tcp,
            plain_senders: self.syslog_plain_senders.clone().unwrap_or_default(),
            syslog_tls: self.syslog_tls,
            http: self.http,
            http_encryption: None,
            syslog_encryption: None,
            token: self.token_file.as_ref().map(|file| secret(file)).transpose()?,
            http_senders: self.http_senders.clone().unwrap_or_default(),
            interval: Duration::from_millis(self.interval_ms.unwrap_or(DEFAULT_INTERVAL_MS).max(10)),
        })
    }
}

impl LogSection {
    /// Authorities of the certificates that senders of syslog show.
    pub(super) fn sender_authorities(&self) -> Option<&Path> {
        self.syslog_client_ca_file.as_deref()
    }
}

/// What a declaration collects, of a data set or of a forward exchange, and the authorities of its senders' certificates.
fn collected(file: &Path) -> Result<(CollectorConfig, Option<PathBuf>)> {
    if ForwardSet::is_one(file)? {
        let set = ForwardSet::read(file)?;
        return Ok((set.collector()?, set.sender_authorities()));
    }
    let set = DataSet::read(file)?;
    Ok((set.collector()?, set.sender_authorities()))
}

/// Collects until it is told to stop.
pub(crate) async fn collect(options: &ServeShared) -> Result<()> {
    let stop = told_to_stop(options.until_stdin_ends)?;
    let (config, senders) = collected(&options.file.file)?;
    let tls = tls::open(&options.tls)?;
    ensure!(
        tls.is_none() || config.http.is_some() || config.syslog_tls.is_some(),
        "--tls-certificate is for http and syslog_tls of [source], and {} has neither",
        options.file.file.display()
    );
    let syslog_encryption = tls.clone().map(|tls| tls::of_syslog(tls, senders.as_deref())).transpose()?;
    let http_encryption = tls.map(tls::of_http);
    let mut collector = Collector::start(CollectorConfig { http_encryption, syslog_encryption, ..config }).await?;
    let listening = [
        ("syslog_udp", collector.syslog_udp()),
        ("syslog_tcp", collector.syslog_tcp()),
        ("syslog_tls", collector.syslog_tls()),
        ("http", collector.http()),
    ];
    for (what, address) in listening {
        if let Some(address) = address {
            tracing::info!(what, %address, "collecting");
        }
    }
    tokio::select! {
        () = stop => {}
        ended = collector.ended() => ended?,
    }
    collector.stop().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SEC, S-COL
    #[test]
    fn senders_in_plain_text_are_named_by_their_addresses() {
        let config = |text: &str| {
            let section: LogSection = toml::from_str(text).unwrap();
            section.config(Path::to_path_buf, |_| Ok(Zeroizing::new(String::new())))
        };
        let named = config("spool = 's'\nsyslog_tcp = '127.0.0.1:514'\nsyslog_plain_senders = ['127.0.0.7']").unwrap();
        assert_eq!(named.plain_senders, ["127.0.0.7".parse::<IpAddr>().unwrap()]);
        assert!(config("spool = 's'\nsyslog_tcp = '127.0.0.1:514'").unwrap().plain_senders.is_empty());
        for wrong in [
            "spool = 's'\nsyslog_tcp = '127.0.0.1:514'\nsyslog_plain_senders = []",
            "spool = 's'\nsyslog_tls = '0.0.0.0:6514'\nsyslog_plain_senders = ['192.0.2.7']",
            "spool = 's'\nsyslog_tcp = '127.0.0.1:514'\nhttp_senders = ['00112233445566778899aabbccddeeff']",
            "spool = 's'\nhttp = '127.0.0.1:9480'\nhttp_senders = []",
        ] {
            assert!(config(wrong).is_err(), "{wrong}");
        }
    }
}
