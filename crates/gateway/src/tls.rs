//! TLS 1.3 (RFC 8446) of the gateway, of the MQTT listener and of what a department serves: a certificate that clients trust by the Web's authorities or their organization's, and its key, in two PEM files that
//! may be replaced at any time. Clients show none: what authenticates a request or a submission is its signature. Only where nothing is signed ([`ServerTls::verifying_clients`]) they show one too.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::CertifiedKey,
    version::TLS13,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use zeroize::Zeroizing;

use crate::limits::HEADER_TIMEOUT;

/// Largest file, in bytes: chains of certificates have a few thousand.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Room beyond the length of a file, for the read that finds its end.
const ROOM_BYTES: usize = 64;
/// Most certificates that are shown.
const MAX_CHAIN: usize = 10;
/// The files are read again when so long has passed since they were read last.
const REFRESH_AFTER: Duration = Duration::from_secs(5);

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// It is not there, or not readable.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may have the key.
    #[error("{0} may be read by others: chmod 600 it, and have it replaced if somebody may have read it")]
    Open(PathBuf),
    /// Give PEM: the certificate first, then those of its authorities; and its private key.
    #[error("{path} cannot be used: {what}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What is shown to clients.
struct Shown {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    held: RwLock<Arc<CertifiedKey>>,
    read_at: Mutex<Instant>,
}

/// What is spoken over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// REST and the web.
    Http,
    /// HTTP/1.1 alone.
    Http1,
    /// gRPC.
    Grpc,
    /// MQTT, and syslog, whose clients name no protocol.
    Mqtt,
}

/// TLS 1.3 with one certificate. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerTls {
    shown: Arc<Shown>,
    http: Arc<ServerConfig>,
    http1: Arc<ServerConfig>,
    grpc: Arc<ServerConfig>,
    mqtt: Arc<ServerConfig>,
}

impl ServerTls {
    /// Reads a certificate, with those that lead to its issuer after it, and its private key (PKCS#8, SEC1 or PKCS#1), which nobody else may read.
    ///
    /// # Errors
    /// [`TlsFileError`].
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsFileError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let held = RwLock::new(Arc::new(read(certificate, key, &provider)?));
        let (certificate, key, read_at) = (certificate.to_owned(), key.to_owned(), Mutex::new(Instant::now()));
        let shown = Arc::new(Shown { certificate, key, provider, held, read_at });
        Self::of(shown, &WebPkiClientVerifier::no_client_auth())
    }

    /// The same certificate for clients that show one too, of these authorities (PEM); nobody else is spoken to (RFC 8446, section 4.3.2). The authorities are read once.
    ///
    /// # Errors
    /// [`TlsFileError`].
    pub fn verifying_clients(&self, authorities: &Path) -> Result<Self, TlsFileError> {
        let roots = Arc::new(self::authorities(authorities)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&self.shown.provider));
        Self::of(Arc::clone(&self.shown), &verifier.build().map_err(|error| unusable(authorities, &error))?)
    }

    fn of(shown: Arc<Shown>, verifier: &Arc<dyn ClientCertVerifier>) -> Result<Self, TlsFileError> {
        let speaking = |protocols: &[&str]| speaking(&shown, protocols, verifier);
        let (http, grpc) = (speaking(&["h2", "http/1.1"])?, speaking(&["h2"])?);
        let (http1, mqtt) = (speaking(&["http/1.1"])?, speaking(&[])?);
        Ok(Self { shown, http, http1, grpc, mqtt })
    }

    /// The handshake of a listener for HTTP/1.1 that is served elsewhere, within [`HEADER_TIMEOUT`].
    ///
    /// # Errors
    /// What the client did not do, or not in time; it is spoken to no more.
    pub async fn accept_http1(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.accept(Spoken::Http1, HEADER_TIMEOUT, stream).await
    }

    /// The same of a listener whose clients name no protocol, as those of syslog (RFC 5425).
    ///
    /// # Errors
    /// As [`Self::accept_http1`].
    pub async fn accept_unnamed(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.accept(Spoken::Mqtt, HEADER_TIMEOUT, stream).await
    }

    /// The handshake with a client; bounded in time.
    pub(crate) async fn accept(
        &self,
        spoken: Spoken,
        bound: Duration,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let shown = Arc::clone(&self.shown);
        if shown.is_due() {
            tokio::task::spawn_blocking(move || shown.refresh()).await.ok();
        }
        let config = match spoken {
            Spoken::Http => &self.http,
            Spoken::Http1 => &self.http1,
            Spoken::Grpc => &self.grpc,
            Spoken::Mqtt => &self.mqtt,
        };
        tokio::time::timeout(bound, TlsAcceptor::from(Arc::clone(config)).accept(stream)).await?
    }
}

/// TLS for protocols by their ALPN names (RFC 7301).
fn speaking(
    shown: &Arc<Shown>,
    protocols: &[&str],
    verifier: &Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, TlsFileError> {
    let unusable = |error: rustls::Error| unusable(&shown.certificate, &error);
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&shown.provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(unusable)?
        .with_client_cert_verifier(Arc::clone(verifier))
        .with_cert_resolver(shown.clone());
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}

impl Shown {
    fn is_due(&self) -> bool {
        let mut read_at = self.read_at.lock();
        let is_due = read_at.elapsed() >= REFRESH_AFTER;
        if is_due {
            *read_at = Instant::now();
        }
        is_due
    }

    /// Takes what stands in the files; a key that is not the certificate's (yet) is not taken.
    fn refresh(&self) {
        match read(&self.certificate, &self.key, &self.provider) {
            Ok(new) => {
                let mut held = self.held.write();
                if held.cert != new.cert {
                    tracing::info!("another certificate is shown from now on");
                    *held = Arc::new(new);
                }
            }
            Err(error) => tracing::warn!(%error, "the certificate in use is kept"),
        }
    }
}

/// Authorities from a PEM file; none at all is an error.
pub(crate) fn authorities(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(&bytes(path, false)?) {
        let added = authority.map_err(|error| unusable(path, &error))?;
        roots.add(added).map_err(|error| unusable(path, &error))?;
    }
    if roots.is_empty() { Err(unusable(path, &"it holds no certificate in PEM")) } else { Ok(roots) }
}

/// What a file of mode 0600 holds.
pub(crate) fn secret_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsFileError> {
    bytes(path, true)
}

/// A certificate with those of its authorities, and its key, which nobody else may read.
pub(crate) fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsFileError> {
    let chain = CertificateDer::pem_slice_iter(&bytes(certificate, false)?)
        .take(MAX_CHAIN + 1)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(certificate, &error))?;
    if chain.is_empty() || chain.len() > MAX_CHAIN {
        return Err(unusable(certificate, &format_args!("it holds {} certificates of 1 to {MAX_CHAIN}", chain.len())));
    }
    let secret = PrivateKeyDer::from_pem_slice(&bytes(key, true)?).map_err(|error| unusable(key, &error))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| unusable(key, &error))
}

/// A file with a bound. It may be the key: it is wiped when it is done with, and has its room from the beginning, so that no copy is left behind.
fn bytes(path: &Path, is_secret: bool) -> Result<Zeroizing<Vec<u8>>, TlsFileError> {
    let unreadable = |error| TlsFileError::Unreadable { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if is_secret && may_be_read_by_others(&metadata) {
        return Err(TlsFileError::Open(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len().min(MAX_FILE_BYTES) as usize + ROOM_BYTES));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(unusable(path, &format_args!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn may_be_read_by_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn may_be_read_by_others(_: &fs::Metadata) -> bool {
    false
}

fn unusable(path: &Path, what: &dyn fmt::Display) -> TlsFileError {
    TlsFileError::Unusable { path: path.to_owned(), what: what.to_string() }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.held.read()))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("certificate", &self.certificate).field("key", &self.key).finish()
    }
}
