//! TLS of what a department listens on: the gateway's, with the files that are named.

use std::{io, path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use chancery_gateway::tls::ServerTls;
use chancery_sharing::collect::{Channel, Encryption};
use tokio::net::TcpStream;

use crate::arguments::TlsFiles;

/// Certificate and key, where they are named. One is not taken without the other.
pub(crate) fn open(files: &TlsFiles) -> Result<Option<ServerTls>> {
    let named = files.tls_certificate.as_deref().zip(files.tls_key.as_deref());
    let tls = named.map(|(certificate, key)| ServerTls::open(certificate, key)).transpose();
    tls.context("--tls-certificate, --tls-key")
}

/// Encrypts what is collected over HTTP, where senders show a token.
#[derive(Debug)]
struct OfHttp(ServerTls);

/// Encrypts syslog, where senders show a certificate, or nothing.
#[derive(Debug)]
struct OfSyslog {
    tls: ServerTls,
    verifies_senders: bool,
}

/// What a collector of records over HTTP takes.
pub(super) fn of_http(tls: ServerTls) -> Arc<dyn Encryption> {
    Arc::new(OfHttp(tls))
}

/// What a collector of syslog takes: of senders whose certificates are of these authorities, where a file of them is named.
pub(super) fn of_syslog(tls: ServerTls, authorities: Option<&Path>) -> Result<Arc<dyn Encryption>> {
    let verifying = authorities.map(|file| tls.verifying_clients(file)).transpose();
    let verifying = verifying.context("syslog_client_ca_file of [source]")?;
    let verifies_senders = verifying.is_some();
    Ok(Arc::new(OfSyslog { tls: verifying.unwrap_or(tls), verifies_senders }))
}

#[async_trait]
impl Encryption for OfHttp {
    async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Channel>> {
        Ok(Box::new(self.0.accept_http1(stream).await?))
    }

    fn verifies_senders(&self) -> bool {
        false
    }
}

#[async_trait]
impl Encryption for OfSyslog {
    async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Channel>> {
        Ok(Box::new(self.tls.accept_unnamed(stream).await?))
    }

    fn verifies_senders(&self) -> bool {
        self.verifies_senders
    }
}
