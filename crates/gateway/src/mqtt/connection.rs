//! One client of the listener: what it says, in order, until it or we end it.

use std::time::Duration;

use bytes::BytesMut;
use chancery_mqtt::{Answers, End, Message, Said, Version, take};
use chancery_reference_points::{Code, r2d::R2dSources};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    decide::{Patience, decide},
    limits::{
        CONNECT_TIMEOUT, MAX_CONNECT_BYTES, MAX_FILTERS, MAX_IN_FLIGHT, MAX_PACKET_BYTES, MAX_SILENCE,
        MAX_TOGETHER_BYTES, MIN_BYTES_PER_SECOND, PACKET_TIMEOUT, WRITE_TIMEOUT,
    },
    metrics::ListenerMetrics,
    topics::{is_filter, matches, outcome_topic},
};
use crate::lines;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

/// Serves one client to its end.
pub(super) async fn converse<S>(
    stream: S,
    sources: &dyn R2dSources,
    metrics: &ListenerMetrics,
    shutdown: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut connection = Connection {
        stream,
        received: BytesMut::new(),
        answers: Answers::new(Version::V4),
        version: Version::V4,
        silence: MAX_SILENCE,
        begun: None,
        filters: Vec::new(),
        messages: 0,
        metrics,
    };
    let end = match timeout(CONNECT_TIMEOUT, connection.welcome()).await {
        Ok(Ok(())) => connection.serve(sources, shutdown).await,
        Ok(Err(gone)) => gone,
        Err(_) => {
            metrics.ended("never-connected");
            return;
        }
    };
    metrics.ended(end.map_or("gone", End::name));
    if let Some(end) = end {
        tracing::debug!(?end, messages = connection.messages, "an MQTT connection ended");
        connection.answers.farewell(end);
        // The client may be gone already.
        let _ = connection.flush().await;
    }
    // Over TLS the client is told that this is the end, and nobody cut the connection off.
    let _ = timeout(WRITE_TIMEOUT, connection.stream.shutdown()).await;
}

struct Connection<'a, S> {
    stream: S,
    received: BytesMut,
    answers: Answers,
    version: Version,
    /// Longest between two packets.
    silence: Duration,
    /// Since when a packet is there in part.
    begun: Option<Instant>,
    filters: Vec<String>,
    /// Messages so far; the number of the next.
    messages: u64,
    metrics: &'a ListenerMetrics,
}

/// What ends a conversation: a reason, or `None` when there is nobody to tell it to.
type Gone = Option<End>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<'_, S> {
    /// CONNECT and CONNACK.
    async fn welcome(&mut self) -> Result<(), Gone> {
        let frame = loop {
            match take(&mut self.received, MAX_CONNECT_BYTES) {
                Ok(Some(frame)) => break frame,
                Ok(None) => self.receive().await?,
                Err(_) => return Err(None),
            }
        };
        match frame.connect() {
            Ok(connect) => {
                self.version = connect.version;
                self.answers = Answers::new(connect.version);
                if connect.keep_alive > 0 {
                    self.silence = Duration::from_millis(u64::from(connect.keep_alive) * 1500).min(MAX_SILENCE);
                }
                let name = connect.is_nameless.then(|| format!("source-{}", uuid::Uuid::now_v7().simple()));
                self.answers.welcome(name);
                self.flush().await
            }
            Err(version) => {
                match version {
                    Some(version) => {
                        self.answers = Answers::new(version);
                        self.answers.unreadable();
                    }
                    None => self.answers.other_protocol(),
                }
                self.flush().await?;
                Err(None)
            }
        }
    }

    /// Everything after. Returns why it ends.
    async fn serve(&mut self, sources: &dyn R2dSources, shutdown: &CancellationToken) -> Gone {
        loop {
            // Before the messages of a bad packet's neighbours are lost, they are decided; then the bad packet ends the connection.
            let (messages, end) = self.together();
            if let Err(gone) = self.decide(sources, messages).await {
                return gone;
            }
            if let Err(gone) = self.flush().await {
                return gone;
            }
            match end {
                Next::End(end) => return Some(end),
                Next::More => {}
                Next::Read => tokio::select! {
                    () = shutdown.cancelled() => return Some(End::Stopping),
                    read = timeout(self.patience(), receive(&mut self.stream, &mut self.received)) => match read {
                        Err(_) => return Some(End::Silent),
                        Ok(Err(gone)) => return gone,
                        Ok(Ok(())) => {}
                    },
                },
            }
        }
    }

    /// How long the next bytes are waited for: until a packet that has begun should be there, or as long as a client may be silent.
    fn patience(&mut self) -> Duration {
        if self.received.is_empty() {
            self.begun = None;
            return self.silence;
        }
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let at_least = Duration::from_secs((self.received.len() / MIN_BYTES_PER_SECOND) as u64);
        (PACKET_TIMEOUT + at_least).saturating_sub(begun.elapsed()).min(self.silence)
    }

    /// The messages among the whole packets that were received, as many as are decided together. Other packets are answered.
    fn together(&mut self) -> (Vec<Message>, Next) {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        while messages.len() < usize::from(MAX_IN_FLIGHT) && bytes < MAX_TOGETHER_BYTES {
            let said = match take(&mut self.received, MAX_PACKET_BYTES) {
                Ok(None) => return (messages, Next::Read),
                Ok(Some(frame)) => {
                    self.begun = None;
                    frame.read(self.version)
                }
                Err(end) => Err(end),
            };
            match said {
                Ok(Said::Publish(message)) if outcome_topic(&message.topic, None).is_none() => {
                    return (messages, Next::End(End::Topic));
                }
                Ok(Said::Publish(message)) => {
                    bytes += message.payload.len();
                    messages.push(message);
                }
                Ok(Said::Subscribe { packet_id, filters }) => self.subscribe(packet_id, filters),
                Ok(Said::Unsubscribe { packet_id, filters }) => self.unsubscribe(packet_id, &filters),
                Ok(Said::Ping) => self.answers.pong(),
                Ok(Said::Nothing) => {}
                Ok(Said::Disconnect) => return (messages, Next::End(End::Disconnect)),
                Err(end) => return (messages, Next::End(end)),
            }
        }
        (messages, Next::More)
    }

    /// Decides messages, publishes what became of them, and acknowledges them, in order.
    async fn decide(&mut self, sources: &dyn R2dSources, messages: Vec<Message>) -> Result<(), Gone> {
        if messages.is_empty() {
            return Ok(());
        }
        let (first, count) = (self.messages, messages.len());
        self.messages += count as u64;
        let lines = messages.iter().map(|message| lines::read(&message.payload)).collect();
        let decided = decide(sources, first, lines, Patience::Bounded).await;
        let is_all = decided.len() == count;
        self.metrics.undecided(count - decided.len());
        for (message, decided) in messages.into_iter().zip(decided) {
            self.metrics.decided(message.payload.len(), decided.refused);
            let topic = outcome_topic(&message.topic, message.response_topic.as_deref());
            if let Some(topic) = topic.filter(|topic| self.filters.iter().any(|filter| matches(filter, topic))) {
                self.answers.outcome(&topic, decided.outcome, &message);
            }
            if let Some(packet_id) = message.packet_id {
                self.answers.acknowledge(packet_id, decided.refused.map(Code::class));
            }
        }
        if is_all { Ok(()) } else { Err(Some(End::NotNow)) }
    }

    fn subscribe(&mut self, packet_id: u16, filters: Vec<String>) {
        let mut taken = Vec::with_capacity(filters.len());
        for filter in filters {
            let known = self.filters.contains(&filter);
            let takes =
                is_filter(&filter) && !filter.starts_with("$share/") && (known || self.filters.len() < MAX_FILTERS);
            if takes && !known {
                self.filters.push(filter);
            }
            taken.push(takes);
        }
        self.answers.subscribed(packet_id, &taken);
    }

    fn unsubscribe(&mut self, packet_id: u16, filters: &[String]) {
        let existed: Vec<bool> = filters.iter().map(|filter| self.filters.contains(filter)).collect();
        self.filters.retain(|filter| !filters.contains(filter));
        self.answers.unsubscribed(packet_id, &existed);
    }

    async fn receive(&mut self) -> Result<(), Gone> {
        receive(&mut self.stream, &mut self.received).await
    }

    /// Sends what there is to send; an acknowledgement leaves with the outcome before it.
    async fn flush(&mut self) -> Result<(), Gone> {
        let bytes = self.answers.take();
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = async {
            self.stream.write_all(&bytes).await?;
            // TLS keeps what the socket did not take at once.
            self.stream.flush().await
        };
        match timeout(WRITE_TIMEOUT, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}

/// What to do when the messages at hand are decided.
enum Next {
    /// There may be whole packets at hand.
    More,
    /// Wait for bytes.
    Read,
    /// Nothing more.
    End(End),
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S, received: &mut BytesMut) -> Result<(), Gone> {
    received.reserve(READ_BYTES);
    match stream.read_buf(received).await {
        Ok(0) | Err(_) => Err(None),
        Ok(_) => Ok(()),
    }
}
