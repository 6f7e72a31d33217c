//! The gateway over TLS: what is shown, what is spoken, and that nothing else is. The keys beside this file are for this test alone.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Address;
use chancery_gateway::{
    Origin,
    department::{self, ReleasedFile, Releases, check_listener},
    tls::{ServerTls, TlsFileError},
};
use chancery_reference_points::{Code, DoorError, DoorResult};
use chancery_rest::types::resources::GrantedAccess;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring::default_provider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::harness::Harness;

/// Many times what it takes until files are read again.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Takes one certificate, by its bytes.
#[derive(Debug)]
struct Pinned(CertificateDer<'static>, CryptoProvider);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.0 { Ok(ServerCertVerified::assertion()) } else { Err(Error::General("another".to_owned())) }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signature, &self.1.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

struct Files(tempfile::TempDir);

impl Files {
    fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    /// Puts a pair of the source tree in its place.
    fn put(&self, name: &str) {
        fs::copy(fixture(&format!("{name}-key")), self.key()).unwrap();
        fs::set_permissions(self.key(), fs::Permissions::from_mode(0o600)).unwrap();
        fs::copy(fixture(name), self.certificate()).unwrap();
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/tls").join(format!("{name}.pem"))
}

/// What a gateway says to a request, and which protocol was agreed upon, if it shows the certificate of that name.
async fn asked(harness: &Harness, name: &str, place: SocketAddr) -> Option<(String, Option<Vec<u8>>)> {
    let head = format!("GET /v1/chains HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", harness.authority());
    if place == harness.grpc {
        said(name, place, "h2", None).await
    } else {
        said(name, place, "http/1.1", Some(&head)).await
    }
}

/// The same of any server.
async fn said(name: &str, place: SocketAddr, protocol: &str, head: Option<&str>) -> Option<(String, Option<Vec<u8>>)> {
    let pinned = Pinned(CertificateDer::from_pem_file(fixture(name)).unwrap(), default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(place).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(ServerName::from(place.ip()), stream).await.ok()?;
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let mut said = Vec::new();
    if let Some(head) = head {
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.read_to_end(&mut said).await.ok();
    }
    Some((String::from_utf8(said).unwrap(), protocol))
}

async fn answers_plain_text(place: SocketAddr) -> bool {
    let mut plain = TcpStream::connect(place).await.unwrap();
    plain.write_all(b"GET /v1/chains HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    plain.read_to_end(&mut said).await.ok();
    said.starts_with(b"HTTP/")
}

/// Has nothing to hand out.
struct Empty;

#[async_trait::async_trait]
impl Releases for Empty {
    async fn granted(&self, _: Address, _: Address, _: u64) -> DoorResult<GrantedAccess> {
        Err(DoorError::new(Code::UnknownRequest, "none"))
    }

    async fn file(&self, _: Address, _: Address, _: u64) -> DoorResult<ReleasedFile> {
        Err(DoorError::new(Code::UnknownRequest, "none"))
    }
}

// M-SEC, S-ODS
#[tokio::test]
async fn a_department_with_a_certificate_speaks_tls_alone() {
    let files = Files(tempfile::tempdir().unwrap());
    files.put("first");
    let tls = ServerTls::open(&files.certificate(), &files.key()).unwrap();
    for (tls, is_plain) in [(Some(tls), false), (None, true)] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let place = listener.local_addr().unwrap();
        let (door, shutdown) = (department::router(vec![], 7100, Arc::new(Empty)), CancellationToken::new());
        let served = tokio::spawn(department::serve(listener, door, tls, shutdown.clone()));
        assert_eq!(answers_plain_text(place).await, is_plain);
        let head = "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = said("first", place, "http/1.1", Some(head)).await;
        assert_eq!(answer.is_some_and(|(said, _)| said.starts_with("HTTP/1.1 200")), !is_plain);
        assert!(said("second", place, "http/1.1", Some(head)).await.is_none(), "another certificate");
        shutdown.cancel();
        served.await.unwrap();
    }
    // Where clients have to show a certificate, one that has none is not answered.
    let tls = ServerTls::open(&files.certificate(), &files.key()).unwrap();
    assert!(matches!(tls.verifying_clients(&files.key()), Err(TlsFileError::Unusable { .. })), "no authority");
    let verifying = tls.verifying_clients(&fixture("first")).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let (door, shutdown) = (department::router(vec![], 7100, Arc::new(Empty)), CancellationToken::new());
    let served = tokio::spawn(department::serve(listener, door, Some(verifying), shutdown.clone()));
    let head = "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = said("first", place, "http/1.1", Some(head)).await;
    assert!(answer.is_none_or(|(said, _)| said.is_empty()), "nobody without a certificate is answered");
    shutdown.cancel();
    served.await.unwrap();
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    assert!(check_listener(everywhere, false).is_err() && check_listener(everywhere, true).is_ok());
    assert!(check_listener((Ipv4Addr::LOCALHOST, 0).into(), false).is_ok());
}

// M-SEC
#[tokio::test]
async fn a_gateway_with_a_certificate_speaks_tls_alone_and_takes_a_new_one() {
    let files = Files(tempfile::tempdir().unwrap());
    files.put("first");
    let tls = ServerTls::open(&files.certificate(), &files.key()).unwrap();
    let harness = Harness::configured(|config| {
        config.origins = config.origins.iter().map(|it| format!("https://{}", it.authority())).map(origin).collect();
        config.tls = Some(tls);
    })
    .await;
    let (said, protocol) = asked(&harness, "first", harness.address).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(protocol.as_deref(), Some(b"http/1.1".as_slice()));
    let (_, protocol) = asked(&harness, "first", harness.grpc).await.unwrap();
    assert_eq!(protocol.as_deref(), Some(b"h2".as_slice()));

    assert!(!answers_plain_text(harness.address).await, "plain text is not answered");

    assert!(asked(&harness, "second", harness.address).await.is_none());
    files.put("second");
    let taken = async {
        while asked(&harness, "second", harness.address).await.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(MAX_WAIT, taken).await.unwrap();
    harness.stop().await;
}

fn origin(text: String) -> Origin {
    Origin::parse(&text).unwrap()
}

// M-SEC
#[test]
fn a_key_that_others_may_read_or_of_another_certificate_is_refused() {
    let files = Files(tempfile::tempdir().unwrap());
    files.put("first");
    fs::set_permissions(files.key(), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = ServerTls::open(&files.certificate(), &files.key());
    assert!(matches!(refused, Err(TlsFileError::Open(_))), "{refused:?}");
    files.put("first");
    let refused = ServerTls::open(&fixture("second"), &files.key());
    assert!(matches!(refused, Err(TlsFileError::Unusable { .. })), "{refused:?}");
    let refused = ServerTls::open(&files.key(), &files.key());
    assert!(matches!(refused, Err(TlsFileError::Unusable { .. })), "{refused:?}");
}
