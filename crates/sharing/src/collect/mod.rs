//! Collecting logs (S-COL): files that grow, syslog, records over HTTP, into a spool on disk, of which extracts are made.
//!
//! ```text
//! tail --+
//! syslog-+--> writer --one fsync for many--> spool: segments of NDJSON --extract--> part
//! http --+        |
//!                 +--> acknowledged, where the protocol has it
//! ```
//!
//! What was acknowledged is on disk. What waits for the disk is bounded: HTTP and TCP wait, a tail reads later, a datagram that finds no room is dropped and
//! counted, since nobody can be told.

mod batches;
mod encrypted;
mod error;
mod http;
mod places;
mod positions;
mod senders;
mod spool;
mod syslog;
mod tail;
mod taken;
mod writer;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value as Json};
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinSet,
};
use zeroize::Zeroizing;

pub(crate) use self::spool::{MAX_LINE_BYTES, SEQUENCE, Segment, UNTIL, identity, segments, whole};
// For `testing/decoders` alone: messages come over the network to everybody else.
#[doc(hidden)]
pub use self::syslog::read_message;
pub use self::{
    encrypted::{Channel, Encryption},
    error::CollectError,
    http::MAX_BODY_BYTES,
    syslog::MAX_MESSAGE_BYTES,
};
use self::{
    senders::Senders,
    spool::Spool,
    writer::{Dropped, Writer, Writing},
};

/// A record on its way into the spool.
type Record = Map<String, Json>;

/// What is collected, and where it is kept.
#[derive(Clone)]
pub struct CollectorConfig {
    /// Folder of the spool; made with mode 0700.
    pub spool: PathBuf,
    /// Most bytes of the spool; a spool that is full takes nothing until extracts were made of it.
    pub max_bytes: u64,
    /// Files that grow.
    pub tails: Vec<TailedFile>,
    /// Syslog over UDP (RFC 5426), on loopback alone: nothing shows there who sends.
    pub syslog_udp: Option<SocketAddr>,
    /// Syslog over TCP (RFC 6587), on loopback alone.
    pub syslog_tcp: Option<SocketAddr>,
    /// Addresses of this machine whose syslog is taken in plain text, and no other; when none is named, of anybody there.
    pub plain_senders: Vec<IpAddr>,
    /// Syslog over TLS (RFC 5425), by [`Self::syslog_encryption`]; beyond loopback one that verifies senders.
    pub syslog_tls: Option<SocketAddr>,
    /// NDJSON over HTTP; without [`Self::http_encryption`] and [`Self::token`] on loopback alone.
    pub http: Option<SocketAddr>,
    /// What encrypts HTTP. Nothing else is spoken there then.
    pub http_encryption: Option<Arc<dyn Encryption>>,
    /// What encrypts syslog over TLS.
    pub syslog_encryption: Option<Arc<dyn Encryption>>,
    /// What a sender over HTTP shows (RFC 6750). Needed beyond loopback, and where others of this machine, or a proxy, can reach it and must not write.
    pub token: Option<Zeroizing<String>>,
    /// Names of the senders over HTTP whose numbered batches are taken, and no other's; none: of whoever comes, until there are as many as are remembered.
    pub http_senders: Vec<String>,
    /// How often files are looked at.
    pub interval: Duration,
}

impl CollectorConfig {
    /// Refuses what would let anybody of another machine hear or write.
    fn check(&self) -> Result<(), CollectError> {
        let is_reached = |address: &SocketAddr| !address.ip().is_loopback();
        if let Some(address) = self.http.filter(is_reached) {
            // Not even with a token: it would cross in the clear, and so would the records.
            if self.http_encryption.is_none() {
                return Err(CollectError::Open(address));
            }
            if self.token.is_none() {
                return Err(CollectError::NoToken(address));
            }
        }
        let in_plain_text = [self.syslog_udp, self.syslog_tcp];
        if let Some(address) = in_plain_text.into_iter().flatten().find(is_reached) {
            // Not of named addresses either: an address authenticates nobody, and everybody on the way reads and alters.
            return Err(CollectError::PlainSyslog(address));
        }
        if let Some(address) = self.syslog_tls {
            let Some(encryption) = &self.syslog_encryption else { return Err(CollectError::NoCertificate(address)) };
            if is_reached(&address) && !encryption.verifies_senders() {
                return Err(CollectError::UnverifiedSenders(address));
            }
        }
        let many = self.http_senders.get(batches::MAX_SENDERS);
        if let Some(wrong) = self.http_senders.iter().find(|sender| !batches::is_sender(sender)).or(many) {
            return Err(CollectError::NoSender(wrong.clone()));
        }
        if self.token.as_ref().is_some_and(|token| token.trim().is_empty()) {
            return Err(CollectError::EmptyToken);
        }
        Ok(())
    }
}

/// A file that grows, and is rotated by renaming or by truncating it.
#[derive(Clone, Debug)]
pub struct TailedFile {
    /// Where new lines come.
    pub path: PathBuf,
    /// Whether a line is a JSON object, whose members become the record's.
    pub json: bool,
}

/// A running collector. Dropping it stops it; what was acknowledged is kept.
pub struct Collector {
    tasks: JoinSet<Result<(), CollectError>>,
    stop: watch::Sender<bool>,
    syslog_udp: Option<SocketAddr>,
    syslog_tcp: Option<SocketAddr>,
    syslog_tls: Option<SocketAddr>,
    http: Option<SocketAddr>,
    dropped: Dropped,
    writing: Writing,
}

impl Collector {
    /// Opens the spool and begins to listen and to read.
    ///
    /// # Errors
    /// [`CollectError`].
    pub async fn start(config: CollectorConfig) -> Result<Self, CollectError> {
        config.check()?;
        let mut spool = Spool::open(&config.spool, config.max_bytes)?;
        spool.take_only(&config.http_senders);
        let positions = spool.positions().clone();
        let (writer, writing) = Writer::start(spool)?;
        let (stop, stopped) = watch::channel(false);
        let dropped = Dropped::default();
        let (tasks, nowhere) = (JoinSet::new(), None);
        let (syslog_udp, syslog_tcp, syslog_tls, http) = (nowhere, nowhere, nowhere, nowhere);
        let mut collector = Self { tasks, stop, syslog_udp, syslog_tcp, syslog_tls, http, dropped, writing };
        let senders = Senders::named(&config.plain_senders);
        if let Some(address) = config.syslog_udp {
            let socket = UdpSocket::bind(address).await.map_err(|error| CollectError::listen(address, &error))?;
            collector.syslog_udp = socket.local_addr().ok();
            let dropped = collector.dropped.clone();
            collector.tasks.spawn(syslog::udp(socket, senders.clone(), writer.clone(), dropped, stopped.clone()));
        }
        if let Some(address) = config.syslog_tcp {
            let listener = listen(address).await?;
            collector.syslog_tcp = listener.local_addr().ok();
            collector.tasks.spawn(syslog::tcp(listener, senders, writer.clone(), None, stopped.clone()));
        }
        if let Some(address) = config.syslog_tls {
            let listener = listen(address).await?;
            collector.syslog_tls = listener.local_addr().ok();
            collector.tasks.spawn(syslog::tcp(
                listener,
                Senders::anybody(),
                writer.clone(),
                config.syslog_encryption.clone(),
                stopped.clone(),
            ));
        }
        if let Some(address) = config.http {
            let listener = listen(address).await?;
            collector.http = listener.local_addr().ok();
            let router = http::router(writer.clone(), config.token.clone());
            collector.tasks.spawn(http::serve(listener, router, config.http_encryption.clone(), stopped.clone()));
        }
        for file in config.tails {
            let position = positions.get(&file.path).cloned();
            collector.tasks.spawn(tail::follow(file, position, writer.clone(), config.interval, stopped.clone()));
        }
        Ok(collector)
    }

    /// Where syslog over UDP is taken.
    #[must_use]
    pub const fn syslog_udp(&self) -> Option<SocketAddr> {
        self.syslog_udp
    }

    /// Where syslog over TCP is taken.
    #[must_use]
    pub const fn syslog_tcp(&self) -> Option<SocketAddr> {
        self.syslog_tcp
    }

    /// Where syslog over TLS is taken.
    #[must_use]
    pub const fn syslog_tls(&self) -> Option<SocketAddr> {
        self.syslog_tls
    }

    /// Where records over HTTP are taken, at `/records`.
    #[must_use]
    pub const fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Datagrams that found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.count()
    }

    /// Completes when a part of it ends by itself, with the reason.
    ///
    /// # Errors
    /// [`CollectError`].
    pub async fn ended(&mut self) -> Result<(), CollectError> {
        tokio::select! {
            biased;
            Some(error) = self.writing.failed.recv() => Err(error),
            Some(ended) = self.tasks.join_next() => match ended {
                Ok(ended) => ended,
                Err(error) => Err(CollectError::Stopped(error.to_string())),
            },
            else => std::future::pending().await,
        }
    }

    /// Stops, after what is being written; the spool is closed then.
    pub async fn stop(mut self) {
        self.stop.send(true).ok();
        while self.tasks.join_next().await.is_some() {}
        let thread = self.writing.thread;
        tokio::task::spawn_blocking(move || thread.join().ok()).await.ok();
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, CollectError> {
    TcpListener::bind(address).await.map_err(|error| CollectError::listen(address, &error))
}
