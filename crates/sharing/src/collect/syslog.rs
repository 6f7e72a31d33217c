//! Syslog: messages of RFC 5424 and RFC 3164, in datagrams (RFC 5426) or on a connection (RFC 6587), in plain text or under TLS (RFC 5425). Neither acknowledges; over TCP a full spool stops the
//! sender, over UDP it loses.

mod framing;
mod message;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::BufReader,
    net::{TcpListener, UdpSocket},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use self::framing::Frames;
use super::{
    Channel, CollectError, Encryption, Record,
    encrypted::opened,
    places::Places,
    senders::Senders,
    writer::{Dropped, Writer},
};

/// Longest message.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Connections at a time.
const MAX_CONNECTIONS: usize = 256;
/// Connections of one host at a time.
const MAX_CONNECTIONS_OF_ONE: usize = 64;
/// How long a full spool makes a sender wait before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads a message as text of a record.
#[must_use]
pub fn read_message(message: &[u8]) -> String {
    serde_json::Value::Object(message::parse(message)).to_string()
}

/// After how much silence a connection is closed.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// Before its first message.
    first: Duration,
    /// After one.
    idle: Duration,
}

impl Patience {
    /// Senders over TLS begin anew by themselves, and see that the connection is closed; in plain text what they send next may be lost (RFC 6587, section 3.4).
    const fn of(is_encrypted: bool) -> Self {
        let idle = Duration::from_secs(if is_encrypted { 600 } else { 3600 });
        Self { first: Duration::from_secs(60), idle }
    }
}

/// Takes datagrams until it is told to stop.
pub(super) async fn udp(
    socket: UdpSocket,
    senders: Senders,
    writer: Writer,
    dropped: Dropped,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let mut buffer = vec![0; MAX_MESSAGE_BYTES];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            _ = stopped.changed() => return Ok(()),
        };
        // An error is of an earlier answer, of which there are none; the next datagram is taken.
        let Ok((length, from)) = received else { continue };
        if !senders.include(from.ip()) {
            tracing::debug!(%from, "a datagram is not taken: its sender is not named");
            continue;
        }
        writer.leave(record(&buffer[..length], from, "syslog-udp"), length, &dropped);
    }
}

/// Takes connections until it is told to stop.
pub(super) async fn tcp(
    listener: TcpListener,
    senders: Senders,
    writer: Writer,
    encryption: Option<Arc<dyn Encryption>>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let origin = if encryption.is_some() { "syslog-tls" } else { "syslog-tcp" };
    let patience = Patience::of(encryption.is_some());
    let (mut connections, of_each) = (JoinSet::new(), Places::new(MAX_CONNECTIONS_OF_ONE));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = tokio::select! {
            accepted = async { (place.await, listener.accept().await) } => accepted,
            _ = stopped.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        let (Ok(place), Ok((stream, from))) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if !senders.include(from.ip()) {
            tracing::debug!(%from, "a syslog connection is refused: its sender is not named");
            continue;
        }
        let Some(held) = of_each.take(from.ip()) else {
            tracing::debug!(%from, "a syslog connection is refused: there are too many of its host");
            continue;
        };
        let (writer, encryption, mut stopped) = (writer.clone(), encryption.clone(), stopped.clone());
        connections.spawn(async move {
            let stream = tokio::select! {
                stream = opened(stream, encryption) => stream,
                _ = stopped.changed() => return,
            };
            match stream {
                Ok(stream) => connection(stream, from, origin, patience, &writer, stopped).await,
                Err(error) => tracing::debug!(%from, %error, "a TLS handshake failed"),
            }
            drop((place, held));
        });
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Messages of a connection, one after the other, until it ends or sends what is none.
async fn connection(
    stream: Box<dyn Channel>,
    from: SocketAddr,
    origin: &str,
    patience: Patience,
    writer: &Writer,
    mut stopped: watch::Receiver<bool>,
) {
    let mut frames = Frames::new(BufReader::new(stream));
    let mut silence = patience.first;
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(silence, frames.next()) => next,
            _ = stopped.changed() => return,
        };
        let message = match next {
            Ok(Ok(Some(message))) => message,
            Ok(Err(error)) => {
                tracing::warn!(%from, %error, "a syslog connection is closed");
                return;
            }
            Ok(Ok(None)) | Err(_) => return,
        };
        silence = patience.idle;
        loop {
            match writer.append(vec![record(&message, from, origin)], message.len()).await {
                Ok(()) => break,
                Err(error) if error.passes() && !*stopped.borrow() => tokio::time::sleep(PAUSE).await,
                Err(_) => return,
            }
        }
    }
}

fn record(message: &[u8], from: SocketAddr, origin: &str) -> Record {
    let mut record = message::parse(message);
    record.insert("_from".to_owned(), from.ip().to_string().into());
    received(&mut record, origin);
    record
}

/// Notes when and how a record came.
pub(super) fn received(record: &mut Record, origin: &str) {
    record.insert("_received".to_owned(), jiff::Timestamp::now().to_string().into());
    record.insert("_origin".to_owned(), origin.into());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::{
        io::{AsyncWriteExt as _, duplex},
        time::timeout,
    };

    use super::*;
    use crate::collect::spool::Spool;

    // S-COL
    #[tokio::test]
    async fn a_silent_connection_is_closed_before_its_first_message_and_after_one() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _writing) = Writer::start(Spool::open(folder.path(), 1 << 20).unwrap()).unwrap();
        let (_stop, stopped) = watch::channel(false);
        let from = SocketAddr::from(([192, 0, 2, 1], 1));
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(600));
        for (patience, message) in [
            (Patience { first: short, idle: long }, ""),
            (Patience { first: long, idle: short }, "<13>Oct 11 22:14:15 host app: one\n"),
        ] {
            let (ours, mut theirs) = duplex(1024);
            theirs.write_all(message.as_bytes()).await.unwrap();
            let serving = connection(Box::new(ours), from, "syslog-tls", patience, &writer, stopped.clone());
            timeout(Duration::from_secs(60), serving).await.unwrap();
        }
        assert!(Patience::of(true).idle <= Duration::from_secs(600));
        assert!(Patience::of(false).first <= Duration::from_secs(60));
    }
}
