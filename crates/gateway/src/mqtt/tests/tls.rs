//! The listener over TLS, with what it counts.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use bytes::BytesMut;
use chancery_reference_points::Code;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::TLS13,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::{
    conversation::{acknowledged, connect, line, packets_of, publish},
    sources::Sources,
};
use crate::{
    mqtt::{ListenerMetrics, ListenerOptions, serve, topics::OPERATIONS},
    tls::{ServerTls, TlsFileError},
};

/// Of `localhost`, signed by itself, until 2125.
pub(super) const CERTIFICATE: &str = include_str!("tls/certificate.pem");
/// A key for these tests alone.
pub(super) const KEY: &str = include_str!("tls/key.pem");
/// Another pair, which clients of the first do not trust.
pub(super) const OTHER_CERTIFICATE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/tls/second.pem"));
const OTHER_KEY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/tls/second-key.pem"));
/// Many times what it takes until files are read again.
const MAX_WAIT: Duration = Duration::from_secs(60);

pub(super) fn written(folder: &Path, name: &str, text: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn bytes_of(packets: &[Packet]) -> BytesMut {
    let mut bytes = BytesMut::new();
    for packet in packets {
        packet.write(&mut bytes, None).unwrap();
    }
    bytes
}

// MQTT-5
#[test]
fn a_key_that_others_may_read_is_not_used_and_what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = written(folder.path(), "certificate.pem", CERTIFICATE, 0o644);
    let open = |mode, text: &str| ServerTls::open(&certificate, &written(folder.path(), "key.pem", text, mode));
    for mode in [0o644, 0o640, 0o604, 0o660] {
        assert!(matches!(open(mode, KEY), Err(TlsFileError::Open(_))), "{mode:o}");
    }
    assert!(open(0o600, KEY).is_ok());
    let unusable = |opened: Result<ServerTls, TlsFileError>| match opened {
        Err(TlsFileError::Unusable { path, what }) => (path, what),
        other => panic!("expected files that cannot be used, got {other:?}"),
    };
    let key = folder.path().join("key.pem");
    assert_eq!(unusable(open(0o600, CERTIFICATE)).0, key);
    written(folder.path(), "key.pem", KEY, 0o600);
    let (path, what) = unusable(ServerTls::open(&key, &key));
    assert!(path == key && what.contains("it holds 0 certificates"), "{what}");
    let absent = folder.path().join("absent");
    assert!(matches!(ServerTls::open(&absent, &key), Err(TlsFileError::Unreadable { .. })));
}

// MQTT-5, M-SEC
#[tokio::test]
async fn submissions_come_over_tls_and_clear_text_gets_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = written(folder.path(), "certificate.pem", CERTIFICATE, 0o644);
    let key = written(folder.path(), "key.pem", KEY, 0o600);
    let options = ListenerOptions {
        tls: Some(ServerTls::open(&certificate, &key).unwrap()),
        metrics: ListenerMetrics::default(),
    };
    let measured = options.metrics.source();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sources, stop) = (Arc::new(Sources::refusing([Code::QuotaExceeded])), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, sources.clone(), options, stop.clone()));

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(&bytes_of(&[connect(), publish(OPERATIONS, 1, line("plain"))])).await.unwrap();
    let mut answer = Vec::new();
    // The listener may close before it has read everything: then the kernel says so.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(answer.first().is_none_or(|kind| *kind == 0x15), "an alert at most, and no CONNACK: {answer:?}");

    let tcp = TcpStream::connect(address).await.unwrap();
    let mut client = connector().connect(ServerName::try_from("localhost").unwrap(), tcp).await.unwrap();
    let said = bytes_of(&[connect(), publish(OPERATIONS, 1, line("one")), publish(OPERATIONS, 2, line("two"))]);
    client.write_all(&said).await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("the end of TLS is said, not a connection that was cut off");
    let answers = packets_of(BytesMut::from(answer.as_slice()));
    let expected = [(1, PubAckReason::QuotaExceeded), (2, PubAckReason::Success)];
    assert_eq!(
        (acknowledged(&answers), sources.asked()),
        (expected.to_vec(), vec!["one".to_owned(), "two".to_owned()])
    );

    stop.cancel();
    serving.await.unwrap();
    let text = measured();
    for line in [
        "chancery_mqtt_connections_total 2",
        "chancery_mqtt_connections_open 0",
        "chancery_mqtt_tls_handshakes_failed_total 1",
        r#"chancery_mqtt_messages_total{outcome="accepted"} 1"#,
        r#"chancery_mqtt_messages_total{outcome="quota-exceeded"} 1"#,
        r#"chancery_mqtt_connections_ended_total{reason="gone"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

/// Connects until a client of the first certificate is taken, or is not.
async fn until_trusted(address: SocketAddr, expected: bool) {
    let looked = async {
        loop {
            let tcp = TcpStream::connect(address).await.unwrap();
            let agreed = connector().connect(ServerName::try_from("localhost").unwrap(), tcp).await;
            if agreed.is_ok() == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(MAX_WAIT, looked).await.unwrap();
}

// MQTT-5: as the gateway does, and back again.
#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let put = |certificate: &str, key: &str| {
        (written(folder.path(), "certificate.pem", certificate, 0o644), written(folder.path(), "key.pem", key, 0o600))
    };
    let (certificate, key) = put(CERTIFICATE, KEY);
    let tls = Some(ServerTls::open(&certificate, &key).unwrap());
    let options = ListenerOptions { tls, metrics: ListenerMetrics::default() };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sources, stop) = (Arc::new(Sources::refusing([])), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, sources, options, stop.clone()));
    until_trusted(address, true).await;
    put(OTHER_CERTIFICATE, OTHER_KEY);
    until_trusted(address, false).await;
    put(CERTIFICATE, KEY);
    until_trusted(address, true).await;
    stop.cancel();
    serving.await.unwrap();
}
