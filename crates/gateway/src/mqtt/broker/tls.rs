//! TLS towards a broker (RFC 8446, RFC 5246): who vouches for it, what the city shows, and the way from the client library to it.
//!
//! The library speaks to a socket in a folder that the city's user alone may enter; what it says there goes on over TLS. Files are read anew for
//! every connection, so what replaces them is taken with the next one.

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::ServerName,
    sign::SingleCertAndKey,
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::task::AbortOnDropHandle;

use super::address::BrokerError;
use crate::tls;

/// How long connecting and the handshake may take together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// By what a broker is known, and what the city shows it.
#[derive(Clone)]
pub(super) struct Trust {
    name: ServerName<'static>,
    /// PEM; none: the system's.
    authorities: Option<PathBuf>,
    /// Certificate and key, PEM.
    shown: Option<(PathBuf, PathBuf)>,
}

impl Trust {
    /// Reads the files once, so that what is wrong with them is said at the start.
    pub(super) fn new(
        host: &str,
        authorities: Option<PathBuf>,
        shown: Option<(PathBuf, PathBuf)>,
    ) -> Result<Self, BrokerError> {
        let name = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|_| BrokerError::Url)?;
        let trust = Self { name, authorities, shown };
        trust.config()?;
        Ok(trust)
    }

    fn config(&self) -> Result<Arc<ClientConfig>, BrokerError> {
        let wrong = |error: &dyn std::fmt::Display| BrokerError::File(error.to_string());
        let provider = Arc::new(default_provider());
        let roots = match &self.authorities {
            Some(file) => tls::authorities(file).map_err(|error| wrong(&error))?,
            None => of_the_system()?,
        };
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots);
        Ok(Arc::new(match &self.shown {
            Some((certificate, key)) => {
                let shown = shown(certificate, key, &provider)?;
                config.with_client_cert_resolver(Arc::new(shown))
            }
            None => config.with_no_client_auth(),
        }))
    }

    /// Connects, and speaks on after the broker has shown who it is.
    async fn connect(&self, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
        let trust = self.clone();
        let config = tokio::task::spawn_blocking(move || trust.config()).await?.map_err(io::Error::other)?;
        let connecting = async {
            let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
            TlsConnector::from(config).connect(self.name.clone(), stream).await
        };
        timeout(CONNECT_TIMEOUT, connecting).await?
    }
}

fn shown(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<SingleCertAndKey, BrokerError> {
    let read = tls::read(certificate, key, provider);
    read.map(SingleCertAndKey::from).map_err(|error| BrokerError::File(error.to_string()))
}

fn of_the_system() -> Result<RootCertStore, BrokerError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(BrokerError::Parts(
            "no ca-file, and the system has no certificates to trust: install ca-certificates",
        ));
    }
    Ok(roots)
}

/// One connection to a broker over TLS, and the socket at which the library finds it. It ends when this is dropped.
pub(super) struct Way {
    folder: TempDir,
    _carrying: AbortOnDropHandle<()>,
}

impl Way {
    /// Connects to the broker; nothing was said to it yet.
    pub(super) async fn open(trust: &Trust, host: &str, port: u16) -> io::Result<Self> {
        let mut broker = trust.connect(host, port).await?;
        let owner_alone = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("chancery-").permissions(owner_alone).tempdir()?;
        let listener = UnixListener::bind(socket(&folder))?;
        let carrying = tokio::spawn(async move {
            let Ok((mut library, _)) = listener.accept().await else { return };
            // What goes wrong ends both sides, and the library says that its connection is lost.
            if let Err(error) = copy_bidirectional(&mut library, &mut broker).await {
                tracing::debug!(%error, "TLS to the MQTT broker ended");
            }
        });
        Ok(Self { folder, _carrying: AbortOnDropHandle::new(carrying) })
    }

    /// Where the library connects.
    pub(super) fn socket(&self) -> String {
        socket(&self.folder).to_string_lossy().into_owned()
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("broker")
}
