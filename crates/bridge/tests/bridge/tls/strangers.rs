//! Whoever has no certificate of the alliance, and speaks TLS all the same: accepts every server, and shows nothing or something altered.

use std::sync::Arc;

use alloy_primitives::B256;
use chancery_bridge::{
    key::NodeKey,
    tls::{Claim, NodeCertificate, Serial, make_credentials},
};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        WantsClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::service::Service;
use crate::support::club::Club;

#[derive(Debug)]
struct AcceptAll;

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

fn accepting_all() -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    builder.unwrap().dangerous().with_custom_certificate_verifier(Arc::new(AcceptAll))
}

/// What a service shows of itself to whoever connects.
pub(super) async fn shown_by(service: &Service) -> NodeCertificate {
    let address = service.url().socket_addrs(|| None).unwrap()[0];
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(accepting_all().with_no_client_auth()));
    // Its own refusal comes after that.
    let stream = connector.connect(ServerName::from(address.ip()), stream).await.unwrap();
    NodeCertificate::read(&stream.get_ref().1.peer_certificates().unwrap()[0]).unwrap()
}

/// A connection of whoever has these PEM texts, which stays open.
pub(super) struct Open(tokio_rustls::client::TlsStream<TcpStream>);

impl Open {
    pub(super) async fn to(service: &Service, text: &str) -> Self {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).unwrap();
        let config = accepting_all().with_client_auth_cert(vec![certificate], key).unwrap();
        let address = service.url().socket_addrs(|| None).unwrap()[0];
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        Self(connector.connect(ServerName::from(address.ip()), stream).await.unwrap())
    }

    /// What is said to one more request: status line, headers and body.
    pub(super) async fn ask(&mut self, path: &str) -> String {
        let request = format!("POST /{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&said).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                    return text;
                }
            }
            let mut piece = [0; 4096];
            let count = self.0.read(&mut piece).await.unwrap();
            assert!(count > 0, "cut: {text}");
            said.extend_from_slice(&piece[..count]);
        }
    }
}

/// What a service says to a request of somebody with these PEM texts.
async fn answer(service: &Service, shown: Option<&str>) -> Vec<u8> {
    let Some(text) = shown else { return asked(service, accepting_all().with_no_client_auth()).await };
    let certificate = CertificateDer::from_pem_slice(text.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).unwrap();
    asked(service, accepting_all().with_client_auth_cert(vec![certificate], key).unwrap()).await
}

// A-CERT, M-SEC: nothing is said to them, not even a refusal.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_no_certificate_or_a_forged_one_is_not_spoken_to() {
    let dir = tempfile::tempdir().unwrap();
    let club = Club::start(dir.path()).await;
    let node = club.node(club.bank, 0).await;
    let file = club.issue("server", &node, Serial::Transaction(node.certificate)).await;
    let service = Service::start(club.mutual("server", &node, Serial::Transaction(node.certificate)).await).await;
    let own = std::fs::read_to_string(file).unwrap();
    let said = answer(&service, Some(&own)).await;
    assert!(said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));

    assert_eq!(answer(&service, None).await, b"");
    // Bound by a key that is not the one that it names.
    let gate = club.gate();
    let claim = Claim {
        chain_id: gate.alliance().chain_id,
        contract: gate.alliance().contract,
        genesis_hash: gate.alliance().genesis_hash,
        member: club.bank,
        key: node.key.address(),
        identity: club.identity_of(&node).await,
        transaction: Some(node.certificate),
    };
    let now = club.home.time_s().await;
    let forged = |claim: &Claim| make_credentials(claim, node.name, (now, now + 3600), &NodeKey::random()).unwrap();
    assert_eq!(answer(&service, Some(&forged(&claim))).await, b"");
    // Good, and of the same contract on a chain with another genesis.
    let elsewhere = Claim { genesis_hash: B256::repeat_byte(1), ..claim };
    let other = make_credentials(&elsewhere, node.name, (now, now + 3600), &node.key).unwrap();
    assert_eq!(answer(&service, Some(&other)).await, b"");
    // Somebody else's certificate, without its key: the handshake's signature is by another one.
    let (certificate, key) = (own.find("-----BEGIN CERTIFICATE").unwrap(), forged(&claim));
    let key = &key[..key.find("-----BEGIN CERTIFICATE").unwrap()];
    assert_eq!(answer_with_stolen(&service, key, &own[certificate..]).await, b"");
}

/// As [`answer`], with a certificate that belongs to another key.
async fn answer_with_stolen(service: &Service, key: &str, certificate: &str) -> Vec<u8> {
    #[derive(Debug)]
    struct Stolen(Arc<rustls::sign::CertifiedKey>);

    impl rustls::client::ResolvesClientCert for Stolen {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    let provider = rustls::crypto::ring::default_provider();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let stolen = Arc::new(Stolen(Arc::new(rustls::sign::CertifiedKey::new(vec![certificate], key))));
    asked(service, accepting_all().with_client_cert_resolver(stolen)).await
}

async fn asked(service: &Service, config: ClientConfig) -> Vec<u8> {
    let address = service.url().socket_addrs(|| None).unwrap()[0];
    let stream = TcpStream::connect(address).await.unwrap();
    let mut said = Vec::new();
    // The alert may come at any of these.
    if let Ok(mut stream) = TlsConnector::from(Arc::new(config)).connect(ServerName::from(address.ip()), stream).await {
        stream.write_all(b"POST /who HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.ok();
        stream.read_to_end(&mut said).await.ok();
    }
    said
}
