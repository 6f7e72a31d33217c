//! A broker over TLS, and what is not said without.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::*;
use crate::{
    mqtt::{BrokerError, tests::tls},
    tls::ServerTls,
};

/// A certificate of `localhost` that nobody else vouches for, its key, another one, and a password.
struct Files {
    folder: TempDir,
    certificate: PathBuf,
    key: PathBuf,
    other: PathBuf,
    password: PathBuf,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let written = |name, text, mode| tls::written(folder.path(), name, text, mode);
        let (certificate, key) = (written("city.pem", tls::CERTIFICATE, 0o644), written("city.key", tls::KEY, 0o600));
        let other = written("other.pem", tls::OTHER_CERTIFICATE, 0o644);
        let password = written("password", "a word\n", 0o600);
        Self { folder, certificate, key, other, password }
    }

    /// The broker's TLS: for clients that show this certificate alone.
    fn serving(&self) -> ServerTls {
        ServerTls::open(&self.certificate, &self.key).unwrap().verifying_clients(&self.certificate).unwrap()
    }

    /// What a URL names so that the city shows the certificate, and trusts this one.
    fn shown(&self, authority: &Path) -> String {
        let [authority, certificate, key] =
            [authority, self.certificate.as_path(), self.key.as_path()].map(Path::display);
        format!("ca-file={authority}&certificate-file={certificate}&key-file={key}")
    }
}

fn following(url: &str, sources: &Arc<Sources>) -> CancellationToken {
    let (broker, stop) = (Broker::parse(url, "chancery-x").unwrap(), CancellationToken::new());
    tokio::spawn(follow(broker, sources.clone(), stop.clone()));
    stop
}

// M-SEC, MQTT-1, MQTT-6
#[tokio::test]
async fn a_broker_over_tls_is_followed_and_shown_who_comes() {
    let (files, sources) = (Files::new(), Arc::new(Sources::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!(
        "mqtts://city@localhost:{port}?password-file={}&{}",
        files.password.display(),
        files.shown(&files.certificate)
    );
    let stop = following(&url, &sources);
    let serving = files.serving();
    for again in [false, true] {
        // Who shows no certificate of ours gets no further than this.
        let stream = serving.accept_unnamed(connected(&listener).await).await.unwrap();
        let mut session = Session::begin(stream, again).await;
        session.send(&[message(1), message(2)]).await;
        assert_eq!(session.acknowledgements(2).await.into_keys().collect::<Vec<_>>(), [1, 2]);
    }
    assert_eq!(sources.asked(), ["1", "2", "1", "2"]);
    stop.cancel();
}

// M-SEC, MQTT-6: neither its login nor a message is said to whoever answers there.
#[tokio::test]
async fn nothing_is_said_to_a_broker_for_whom_nobody_vouches() {
    let (files, sources) = (Files::new(), Arc::new(Sources::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stranger, trusted) = (files.shown(&files.other), files.shown(&files.certificate));
    // By another authority, and by the right one for another name.
    for (host, authority) in [("localhost", stranger), ("127.0.0.1", trusted)] {
        let stop = following(&format!("mqtts://{host}:{port}?{authority}"), &sources);
        let refused = files.serving().accept_unnamed(connected(&listener).await).await.unwrap_err();
        assert_ne!(refused.kind(), ErrorKind::TimedOut, "{refused}");
        stop.cancel();
    }
    assert!(sources.asked().is_empty());
}

// M-SEC, MQTT-6
#[test]
fn what_would_be_said_in_clear_or_cannot_be_read_is_refused_by_name() {
    let files = Files::new();
    let of = |url: &str| Broker::parse(url, "x").map(|broker| broker.to_string());
    for host in ["example.org", "10.0.0.8", "192.0.2.1:2883", "localhost.example", "127.0.0.1.example", "[fd00::1]"] {
        let refused = of(&format!("mqtt://city:secret@{host}")).unwrap_err();
        assert!(matches!(refused, BrokerError::InClear(_)), "{host}");
        let said = refused.to_string();
        assert!(said.contains("mqtts://") && said.contains("ca-file") && !said.contains("secret"), "{said}");
    }
    let trusted = format!("ca-file={}", files.certificate.display());
    assert_eq!(of(&format!("mqtts://example.org?{trusted}")).unwrap(), "example.org:8883");
    let password = files.password.display();
    assert!(of(&format!("mqtt://city@127.0.0.1?password-file={password}")).is_ok());
    for parts in [
        format!("mqtt://127.0.0.1?{trusted}"),
        format!("mqtt://127.0.0.1?password-file={password}"),
        format!("mqtt://city:secret@127.0.0.1?password-file={password}"),
        format!("mqtts://example.org?{trusted}&key-file={}", files.key.display()),
    ] {
        assert!(matches!(of(&parts), Err(BrokerError::Parts(_))), "{parts}");
    }
    let open = tls::written(files.folder.path(), "open", "a word", 0o644);
    let empty = tls::written(files.folder.path(), "empty", "\n", 0o600);
    for file in [
        format!("mqtt://city@127.0.0.1?password-file={}", open.display()),
        format!("mqtt://city@127.0.0.1?password-file={}", empty.display()),
        format!("mqtts://example.org?ca-file={}", files.key.display()),
        format!("mqtts://example.org?{trusted}&certificate-file={0}&key-file={0}", files.certificate.display()),
        "mqtts://example.org?ca-file=/absent".to_owned(),
    ] {
        assert!(matches!(of(&file), Err(BrokerError::File(_))), "{file}");
    }
}
