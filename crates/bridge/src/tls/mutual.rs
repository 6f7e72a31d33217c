use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ServerConfig, client::Resumption, pki_types::CertificateDer, server::NoServerSessionStorage,
    version::TLS13,
};

use tokio::time::sleep;

use super::{Credentials, Expectation, Gate, NodeCertificate, Peer, PeerFault, verifier::PeerVerifier};

/// Pause between two looks at the own certificate.
const OWN_CHECK: Duration = Duration::from_secs(3600);
/// Seconds before its end from which on whoever runs the node is warned.
const WARN_BEFORE_S: u64 = 86_400;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The own certificate is for another alliance: make one for this.
    #[error("the own certificate cannot be used: {0}")]
    Own(PeerFault),
    /// It cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Mutual TLS 1.3 between nodes of an alliance: what is shown, and who is accepted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mutual {
    credentials: Arc<Credentials>,
    gate: Arc<Gate>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Mutual {
    /// # Errors
    /// A certificate for another alliance.
    pub fn new(credentials: Arc<Credentials>, gate: Arc<Gate>) -> Result<Self, TlsError> {
        gate.alliance().check(&credentials.certificate().claim).map_err(TlsError::Own)?;
        let provider = credentials.provider();
        let verifier = Arc::new(PeerVerifier { alliance: *gate.alliance(), provider: Arc::clone(provider) });
        let mut server = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(credentials.clone());
        // Each connection shows its certificate anew.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(credentials.clone());
        client.resumption = Resumption::disabled();
        Ok(Self { credentials, gate, server: Arc::new(server), client: Arc::new(client) })
    }

    /// Judges the own certificate as those do to whom it is shown. A temporary fault says nothing of it.
    ///
    /// # Errors
    /// [`PeerFault`].
    pub async fn check_own(&self, wanted: &Expectation) -> Result<(), PeerFault> {
        self.gate.admit(&self.credentials.certificate(), wanted).await.map(drop)
    }

    /// Warns each hour when the own certificate does not count any more or has less than a day left, until it is dropped.
    pub async fn watch_own(&self, wanted: &Expectation) {
        loop {
            let certificate = self.credentials.certificate();
            match self.gate.seconds_left(&certificate, wanted).await {
                Ok(left) if left >= WARN_BEFORE_S => {}
                Ok(left) => tracing::warn!(
                    left_s = left,
                    identity = certificate.claim.identity,
                    "the own certificate ends soon: renew it with `chancery alliance certificate`"
                ),
                Err(fault) => tracing::warn!(%fault, "the own certificate does not count"),
            }
            sleep(OWN_CHECK).await;
        }
    }

    /// Configuration of a connection that somebody else begins, with the certificate of now.
    pub(crate) async fn server(&self) -> Arc<ServerConfig> {
        self.credentials.refresh().await;
        Arc::clone(&self.server)
    }

    /// Configuration of a connection that is begun here, with the certificate of now.
    pub(crate) async fn client(&self) -> Arc<ClientConfig> {
        self.credentials.refresh().await;
        Arc::clone(&self.client)
    }

    /// Who is at the other end, once the handshake is done.
    pub(crate) async fn admit(
        &self,
        shown: Option<&[CertificateDer<'_>]>,
        wanted: &Expectation,
    ) -> Result<(NodeCertificate, Peer), PeerFault> {
        let shown = shown.and_then(|all| all.first()).ok_or(PeerFault::Missing)?;
        let certificate = NodeCertificate::read(shown)?;
        let peer = self.gate.admit(&certificate, wanted).await?;
        Ok((certificate, peer))
    }

    /// Whether a certificate that was admitted still counts, in the newest final block.
    ///
    /// # Errors
    /// [`PeerFault`].
    pub(crate) async fn still_admits(
        &self,
        certificate: &NodeCertificate,
        wanted: &Expectation,
    ) -> Result<(), PeerFault> {
        self.gate.admit(certificate, wanted).await.map(drop)
    }

    /// Ends when that certificate does not count any more.
    pub(crate) async fn refused(&self, certificate: &NodeCertificate, wanted: &Expectation) -> PeerFault {
        self.gate.refused(certificate, wanted).await
    }
}
