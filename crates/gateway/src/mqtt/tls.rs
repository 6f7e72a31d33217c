//! TLS 1.3 of the listener (RFC 8446): its certificate and its key, from two files in PEM. Clients show none: what authenticates a submission is its signature.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::TLS13,
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// Largest of the two files, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Most certificates of a chain.
const MAX_CERTIFICATES: usize = 8;

/// Why the listener cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, not readable or too large.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may have the key.
    #[error("{0} may be read by others: chmod 600 it, and make a new key if somebody may have read it")]
    KeyExposed(PathBuf),
    /// No PEM of what is expected.
    #[error("{path} holds no {expected} in PEM: {reason}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// A certificate chain, or a private key.
        expected: &'static str,
        /// What was found.
        reason: String,
    },
    /// The key is not the certificate's, or of a kind that is not used.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What the listener shows. Cheap to clone; a file that changes counts from the next start.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads a certificate, with those that lead to its issuer after it, and its private key (PKCS#8, SEC1 or PKCS#1), which nobody else may read.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let pem = read(certificate)?;
        let chain = CertificateDer::pem_slice_iter(&pem).take(MAX_CERTIFICATES + 1).collect::<Result<Vec<_>, _>>();
        let no_chain =
            |reason: String| TlsError::Pem { path: certificate.to_owned(), expected: "certificate chain", reason };
        let chain = chain.map_err(|error| no_chain(error.to_string()))?;
        if chain.is_empty() || chain.len() > MAX_CERTIFICATES {
            return Err(no_chain(format!("1 to {MAX_CERTIFICATES} certificates are expected")));
        }
        ensure_private(key)?;
        let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| TlsError::Pem {
            path: key.to_owned(),
            expected: "private key",
            reason: error.to_string(),
        })?;
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, private)?;
        Ok(Self { config: Arc::new(config) })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// A file with a bound. It may be the key: it is wiped when it is done with, and has its room from the beginning.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |error| TlsError::Unreadable { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 64));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(unreadable(std::io::Error::other(format!("it is larger than {MAX_FILE_BYTES} bytes"))));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn ensure_private(path: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })?;
    if metadata.permissions().mode() & 0o077 == 0 { Ok(()) } else { Err(TlsError::KeyExposed(path.to_owned())) }
}

#[cfg(not(unix))]
fn ensure_private(_: &Path) -> Result<(), TlsError> {
    Ok(())
}
