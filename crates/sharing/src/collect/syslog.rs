//! Syslog: messages of RFC 5424 and RFC 3164, in datagrams (RFC 5426) or on a connection (RFC 6587), in plain text or under TLS (RFC 5425). Neither acknowledges; over TCP a full spool stops the
//! sender, over UDP it loses.

mod framing;
mod message;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

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
    writer::{Dropped, Writer},
};

/// Longest message.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Connections at a time.
const MAX_CONNECTIONS: usize = 256;
/// Connections of one address at a time.
const MAX_CONNECTIONS_OF_ONE: usize = 64;
/// A connection on which so long nothing comes is closed.
const IDLE: Duration = Duration::from_secs(3600);
/// How long a full spool makes a sender wait before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes datagrams until it is told to stop.
pub(super) async fn udp(
    socket: UdpSocket,
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
        writer.leave(record(&buffer[..length], from, "syslog-udp"), length, &dropped);
    }
}

/// Takes connections until it is told to stop.
pub(super) async fn tcp(
    listener: TcpListener,
    writer: Writer,
    encryption: Option<Arc<dyn Encryption>>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let origin = if encryption.is_some() { "syslog-tls" } else { "syslog-tcp" };
    let mut connections: JoinSet<IpAddr> = JoinSet::new();
    let mut of_each: HashMap<IpAddr, usize> = HashMap::new();
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = tokio::select! {
            accepted = async { (place.await, listener.accept().await) } => accepted,
            _ = stopped.changed() => break,
        };
        while let Some(ended) = connections.try_join_next() {
            if let Ok(address) = ended
                && let Some(count) = of_each.get_mut(&address)
            {
                *count -= 1;
                if *count == 0 {
                    of_each.remove(&address);
                }
            }
        }
        let (Ok(place), Ok((stream, from))) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let count = of_each.entry(from.ip()).or_default();
        if *count >= MAX_CONNECTIONS_OF_ONE {
            tracing::debug!(%from, "a syslog connection is refused: there are too many of its address");
            continue;
        }
        *count += 1;
        let (writer, encryption, mut stopped) = (writer.clone(), encryption.clone(), stopped.clone());
        connections.spawn(async move {
            let stream = tokio::select! {
                stream = opened(stream, encryption) => stream,
                _ = stopped.changed() => return from.ip(),
            };
            match stream {
                Ok(stream) => connection(stream, from, origin, &writer, stopped).await,
                Err(error) => tracing::debug!(%from, %error, "a TLS handshake failed"),
            }
            drop(place);
            from.ip()
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
    writer: &Writer,
    mut stopped: watch::Receiver<bool>,
) {
    let mut frames = Frames::new(BufReader::new(stream));
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(IDLE, frames.next()) => next,
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
        loop {
            match writer.append(vec![record(&message, from, origin)], message.len()).await {
                Ok(()) => break,
                Err(CollectError::Full(_)) if !*stopped.borrow() => tokio::time::sleep(PAUSE).await,
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
