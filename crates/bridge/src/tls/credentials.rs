//! A node's TLS key with its certificate: one file, so that both are replaced at once.

use std::{
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, keccak256};
use parking_lot::{Mutex, RwLock};
use rustls::{
    client::ResolvesClientCert,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use zeroize::Zeroizing;

use super::{NodeCertificate, PeerFault};

/// Largest file, in bytes: a key and a certificate of this profile have about 2,000.
const MAX_FILE_BYTES: u64 = 16 * 1024;
/// The file is read again when so long has passed since it was read last.
const REFRESH_AFTER: Duration = Duration::from_secs(1);

/// Why a file with key and certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It is not there, or not readable.
    #[error("{path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may have the key: make a new one.
    #[error("{0} may be read by others: chmod 600 it, and make a new key if somebody may have read it")]
    Open(PathBuf),
    /// A key and a certificate in PEM are needed; `chancery alliance certificate` makes both.
    #[error("{path} does not hold a private key and its certificate (PEM): {what}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The certificate would not be accepted by anybody.
    #[error("the certificate in {path} cannot be used: {fault}")]
    Fault {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: PeerFault,
    },
}

/// What a file held when it was read.
struct Held {
    key: Arc<CertifiedKey>,
    certificate: NodeCertificate,
    /// Of the file's bytes.
    digest: B256,
}

/// Key and certificate of a node. A file that was replaced is used for the connections that begin after that; one that cannot be used is not taken.
pub struct Credentials {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
    held: RwLock<Held>,
    read_at: Mutex<Instant>,
}

impl Credentials {
    /// Reads a file with both; see [`super::make_credentials`].
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn open(path: &Path) -> Result<Self, CredentialsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let held = read(path, &provider)?;
        let read_at = Mutex::new(Instant::now());
        Ok(Self { path: path.to_owned(), provider, held: RwLock::new(held), read_at })
    }

    /// The certificate that is shown now.
    #[must_use]
    pub fn certificate(&self) -> NodeCertificate {
        self.held.read().certificate.clone()
    }

    pub(super) const fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Takes what stands in the file, if it is another certificate of the same alliance; asked before each connection, done once a second.
    pub(super) async fn refresh(self: &Arc<Self>) {
        {
            let mut read_at = self.read_at.lock();
            if read_at.elapsed() < REFRESH_AFTER {
                return;
            }
            *read_at = Instant::now();
        }
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || this.reload()).await.ok();
    }

    /// Takes what stands in the file now, as each connection does by itself.
    pub fn reload(&self) {
        let new = match read(&self.path, &self.provider) {
            Ok(new) => new,
            Err(error) => return tracing::warn!(%error, "the certificate in use is kept"),
        };
        let mut held = self.held.write();
        if held.digest == new.digest {
            return;
        }
        let (old, claim) = (held.certificate.claim, new.certificate.claim);
        let same = |one: &super::Claim| (one.chain_id, one.contract, one.genesis_hash);
        if same(&old) != same(&claim) {
            return tracing::warn!("the new certificate is for another alliance: the one in use is kept");
        }
        tracing::info!(
            identity = claim.identity,
            transaction = claim.transaction,
            not_after = new.certificate.not_after,
            "another certificate is shown from now on"
        );
        *held = new;
    }
}

fn read(path: &Path, provider: &CryptoProvider) -> Result<Held, CredentialsError> {
    let unreadable = |error| CredentialsError::Unreadable { path: path.to_owned(), error };
    let unusable =
        |what: &dyn fmt::Display| CredentialsError::Unusable { path: path.to_owned(), what: what.to_string() };
    let file = fs::File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
            return Err(CredentialsError::Open(path.to_owned()));
        }
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(unusable(&format_args!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| unusable(&error))?;
    let certificate = CertificateDer::from_pem_slice(&text).map_err(|error| unusable(&error))?;
    let read = NodeCertificate::read(&certificate);
    let read = read.map_err(|fault| CredentialsError::Fault { path: path.to_owned(), fault })?;
    let key = CertifiedKey::from_der(vec![certificate], key, provider).map_err(|error| unusable(&error))?;
    Ok(Held { key: Arc::new(key), certificate: read, digest: keccak256(text.as_slice()) })
}

impl ResolvesServerCert for Credentials {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.held.read().key))
    }
}

impl ResolvesClientCert for Credentials {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.held.read().key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("path", &self.path).field("certificate", &self.certificate()).finish()
    }
}
