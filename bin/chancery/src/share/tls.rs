//! TLS of what a department listens on: the gateway's, with the files that are named.

use std::{io, sync::Arc};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use chancery_gateway::tls::ServerTls;
use chancery_sharing::collect::{Channel, Encryption};
use tokio::net::TcpStream;

use crate::arguments::TlsFiles;

/// Certificate and key, where they are named. One is not taken without the other.
pub(super) fn open(files: &TlsFiles) -> Result<Option<ServerTls>> {
    let named = files.tls_certificate.as_deref().zip(files.tls_key.as_deref());
    let tls = named.map(|(certificate, key)| ServerTls::open(certificate, key)).transpose();
    tls.context("--tls-certificate, --tls-key")
}

/// Encrypts what is collected over HTTP.
#[derive(Debug)]
struct Shown(ServerTls);

/// The same, as a collector takes it.
pub(super) fn encryption(tls: ServerTls) -> Arc<dyn Encryption> {
    Arc::new(Shown(tls))
}

#[async_trait]
impl Encryption for Shown {
    async fn accept(&self, stream: TcpStream) -> io::Result<Box<dyn Channel>> {
        Ok(Box::new(self.0.accept_http1(stream).await?))
    }
}
