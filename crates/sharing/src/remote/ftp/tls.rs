//! TLS of the control connection and of data connections, with the same certificate (RFC 4217, section 10).

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use super::control::Stream;
use crate::remote::{RemoteError, error::said, patience::in_time};

/// Largest file of certificates.
const MAX_CA_BYTES: u64 = 16 * 1024 * 1024;

/// What is asked of TLS.
pub(in crate::remote) struct Tls<'a> {
    pub(in crate::remote) ca_file: Option<&'a Path>,
    pub(in crate::remote) implicit: bool,
}

/// Who vouches, and for whom. Sessions are resumed: servers ask that of data connections.
pub(super) struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Secure {
    pub(super) fn new(host: &str, ca_file: Option<&Path>) -> Result<Self, RemoteError> {
        let wrong = |error: &dyn std::fmt::Display| RemoteError::Configuration(error.to_string());
        let roots = match ca_file {
            Some(path) => given(path)?,
            None => of_the_system()?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    pub(super) async fn wrap(&self, stream: TcpStream, patience: Duration) -> Result<Stream, RemoteError> {
        let shaking = async {
            let name = self.name.clone();
            self.connector.connect(name, stream).await.map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidData => RemoteError::Certificate(said(&error.to_string())),
                _ => RemoteError::lost(&error),
            })
        };
        Ok(Stream::Tls(Box::new(in_time(patience, shaking).await?)))
    }
}

fn given(path: &Path) -> Result<RootCertStore, RemoteError> {
    let wrong = |what: String| RemoteError::Configuration(format!("ca_file {}: {what}", path.display()));
    let bytes = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if bytes > MAX_CA_BYTES {
        return Err(wrong("it is too long".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("it holds no certificate in PEM".to_owned())) } else { Ok(roots) }
}

fn of_the_system() -> Result<RootCertStore, RemoteError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(RemoteError::Configuration(
            "the system has no certificates to trust: install ca-certificates, or name a ca_file".to_owned(),
        ));
    }
    Ok(roots)
}
