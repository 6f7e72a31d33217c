//! The listener over TLS, with what it counts.

use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

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
use crate::mqtt::{ListenerMetrics, ListenerOptions, Tls, TlsError, serve, topics::OPERATIONS};

/// Of `localhost`, signed by itself, until 2125.
const CERTIFICATE: &str = include_str!("tls/certificate.pem");
/// A key for these tests alone.
const KEY: &str = include_str!("tls/key.pem");

fn written(folder: &Path, name: &str, text: &str, mode: u32) -> std::path::PathBuf {
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
    let open = |mode, text: &str| Tls::open(&certificate, &written(folder.path(), "key.pem", text, mode));
    for mode in [0o644, 0o640, 0o604, 0o660] {
        assert!(matches!(open(mode, KEY), Err(TlsError::KeyExposed(_))), "{mode:o}");
    }
    assert!(open(0o600, KEY).is_ok());
    assert!(matches!(open(0o600, CERTIFICATE), Err(TlsError::Pem { expected: "private key", .. })));
    let key = written(folder.path(), "key.pem", KEY, 0o600);
    assert!(matches!(Tls::open(&key, &key), Err(TlsError::Pem { expected: "certificate chain", .. })));
    let absent = folder.path().join("absent");
    assert!(matches!(Tls::open(&absent, &key), Err(TlsError::Unreadable { .. })));
}

// MQTT-5, M-SEC
#[tokio::test]
async fn submissions_come_over_tls_and_clear_text_gets_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = written(folder.path(), "certificate.pem", CERTIFICATE, 0o644);
    let key = written(folder.path(), "key.pem", KEY, 0o600);
    let options =
        ListenerOptions { tls: Some(Tls::open(&certificate, &key).unwrap()), metrics: ListenerMetrics::default() };
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
