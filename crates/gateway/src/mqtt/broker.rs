//! A client of a broker that others run (Mosquitto, ...): what sources publish there is submitted, and the outcomes go back there.
//!
//! The broker keeps a session for the city, whose name stays, so it keeps what is published while the city is away or the connection is lost; and a
//! message is acknowledged to the broker after it is decided (MQTT-1). So a message that the broker has reaches the journal: at least once from the
//! broker, exactly once by its idempotency key (DATA-3). Beyond this machine nothing is said to it, and nothing taken from it, but over TLS after it has
//! shown a certificate for its host (MQTT-6).

mod address;
mod tls;

use std::{fmt, io, sync::Arc, time::Duration};

use chancery_reference_points::r2d::R2dSources;
use rumqttc::{
    Transport,
    v5::{
        AsyncClient, ClientError, ConnectionError, Event, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{Filter, Packet, Publish, PublishProperties, RetainForwardRule, SubscribeReasonCode},
        },
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

pub use self::address::BrokerError;
use self::{
    address::Address,
    tls::{Trust, Way},
};
use super::{
    decide::{Patience, decide},
    limits::{FIRST_PAUSE, MAX_BROKER_KIB, MAX_CORRELATION_BYTES, MAX_IN_FLIGHT, MAX_PACKET_BYTES, MAX_PAUSE},
    topics::{OPERATIONS_FILTER, outcome_topic},
};
use crate::lines;

/// Requests to the connection that wait; an outcome and an acknowledgement for each message in flight.
const MAX_REQUESTS: usize = 2 * MAX_IN_FLIGHT as usize;
/// The broker keeps the session for ever (MQTT 5, 3.1.2.11.2).
const SESSION_NEVER_ENDS: u32 = u32::MAX;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A broker, and the name of the city's session there.
#[derive(Clone)]
pub struct Broker {
    host: String,
    port: u16,
    login: Option<(String, Zeroizing<String>)>,
    /// None: in clear, on this machine.
    trust: Option<Trust>,
    client_id: String,
}

impl Broker {
    /// Reads `mqtts://[USER[:PASSWORD]@]HOST[:PORT]` with the files that it names (`?password-file=FILE&ca-file=FILE&certificate-file=FILE&key-file=FILE`:
    /// a password of mode 0600, authorities instead of the system's, certificate and key of mode 0600 that the city shows), or `mqtt://` of this
    /// machine. `client_id` names the session: it must stay the same and be the city's alone.
    ///
    /// # Errors
    /// [`BrokerError`].
    pub fn parse(url: &str, client_id: &str) -> Result<Self, BrokerError> {
        let Address { host, port, login, trust } = Address::parse(url)?;
        Ok(Self { host, port, login, trust, client_id: client_id.to_owned() })
    }

    /// How the library reaches the broker: by itself, or by the socket at which TLS begins.
    fn options(&self, way: Option<&Way>) -> MqttOptions {
        let mut options = match way {
            None => MqttOptions::new(&self.client_id, &self.host, self.port),
            Some(way) => {
                let mut options = MqttOptions::new(&self.client_id, way.socket(), self.port);
                options.set_transport(Transport::unix());
                options
            }
        };
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_start(false)
            .set_session_expiry_interval(Some(SESSION_NEVER_ENDS))
            .set_receive_maximum(Some(MAX_IN_FLIGHT))
            .set_max_packet_size(u32::try_from(MAX_PACKET_BYTES).ok())
            .set_outgoing_inflight_upper_limit(MAX_IN_FLIGHT)
            .set_manual_acks(true);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password.as_str());
        }
        options
    }
}

/// Host and port; never the password.
impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Broker").field(&format_args!("{self}")).finish()
    }
}

/// Why a connection to a broker ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Connection(Box<ConnectionError>),
    #[error("no TLS with the broker: {0}")]
    Tls(io::Error),
    #[error("the broker does not let the city subscribe to {OPERATIONS_FILTER}")]
    NotSubscribed,
    #[error("the broker sends more at once than is kept in memory")]
    TooMuch,
    #[error("the connection takes nothing more")]
    Closed,
}

impl From<ClientError> for Lost {
    fn from(_: ClientError) -> Self {
        Self::Closed
    }
}

/// A message, and its place in memory.
type Held = (Publish, OwnedSemaphorePermit);

/// Messages that are not decided yet, bounded by the memory that they take.
struct Undecided {
    messages: mpsc::UnboundedSender<Held>,
    memory: Arc<Semaphore>,
}

impl Undecided {
    fn take(&self, publish: Publish) -> Result<(), Lost> {
        let kib =
            u32::try_from((publish.payload.len() + publish.topic.len()).div_ceil(1024)).unwrap_or(u32::MAX).max(1);
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(kib).map_err(|_| Lost::TooMuch)?;
        self.messages.send((publish, memory)).map_err(|_| Lost::Closed)
    }
}

/// Submits what sources publish at a broker, until `shutdown` is cancelled. A broker that is away is waited for.
pub async fn follow(broker: Broker, sources: Arc<dyn R2dSources>, shutdown: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        // Every connection has a client of its own: acknowledgements of the one before mean nothing to the next. A task of its own, so that a
        // broker's packet on which the client library fails ends one connection.
        let task = tokio::spawn(connection(broker.clone(), Arc::clone(&sources), shutdown.clone()));
        let (was_connected, lost) = task.await.unwrap_or((false, Err(Lost::Closed)));
        let Err(lost) = lost else { return };
        pause = if was_connected { FIRST_PAUSE } else { (pause * 2).min(MAX_PAUSE) };
        tracing::warn!(%broker, %lost, retry_ms = pause.as_millis(), "no connection to the MQTT broker");
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One connection, to its end; and whether there was one.
async fn connection(
    broker: Broker,
    sources: Arc<dyn R2dSources>,
    shutdown: CancellationToken,
) -> (bool, Result<(), Lost>) {
    let way = match &broker.trust {
        None => None,
        Some(trust) => match Way::open(trust, &broker.host, broker.port).await {
            Ok(way) => Some(way),
            Err(error) => return (false, Err(Lost::Tls(error))),
        },
    };
    let (client, mut events) = AsyncClient::new(broker.options(way.as_ref()), MAX_REQUESTS);
    let (messages, received) = mpsc::unbounded_channel();
    let undecided = Undecided { messages, memory: Arc::new(Semaphore::new(MAX_BROKER_KIB)) };
    let work = work(client.clone(), sources, received);
    tokio::pin!(work);
    let mut was_connected = false;
    let ended = loop {
        tokio::select! {
            () = shutdown.cancelled() => break Ok(()),
            ended = &mut work => break ended,
            event = events.poll() => match event {
                Err(error) => break Err(Lost::Connection(Box::new(error))),
                Ok(Event::Incoming(packet)) => match incoming(packet, &broker, &client, &undecided) {
                    Ok(connected) => was_connected |= connected,
                    Err(lost) => break Err(lost),
                },
                Ok(Event::Outgoing(_)) => {}
            },
        }
    };
    (was_connected, ended)
}

/// What one packet of the broker asks for; whether the city is connected now.
fn incoming(packet: Packet, broker: &Broker, client: &AsyncClient, undecided: &Undecided) -> Result<bool, Lost> {
    match packet {
        Packet::ConnAck(ack) => {
            tracing::info!(%broker, session = ack.session_present, "connected to the MQTT broker");
            let mut filter = Filter::new(OPERATIONS_FILTER, QoS::AtLeastOnce);
            filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
            client.try_subscribe_many([filter])?;
            return Ok(true);
        }
        Packet::SubAck(ack) => {
            let is_taken = |code: &SubscribeReasonCode| *code == SubscribeReasonCode::Success(QoS::AtLeastOnce);
            if !ack.return_codes.iter().all(is_taken) {
                return Err(Lost::NotSubscribed);
            }
        }
        Packet::Publish(publish) => undecided.take(publish)?,
        _ => {}
    }
    Ok(false)
}

/// Decides messages in order; publishes each outcome, then acknowledges its message (MQTT-2).
async fn work(
    client: AsyncClient,
    sources: Arc<dyn R2dSources>,
    mut messages: mpsc::UnboundedReceiver<Held>,
) -> Result<(), Lost> {
    let (mut together, mut number) = (Vec::new(), 0);
    while messages.recv_many(&mut together, usize::from(MAX_IN_FLIGHT)).await > 0 {
        let lines = together.iter().map(|(publish, _): &Held| lines::read(&publish.payload)).collect();
        let decided = decide(sources.as_ref(), number, lines, Patience::Endless).await;
        number += together.len() as u64;
        for ((publish, memory), decided) in together.drain(..).zip(decided) {
            let properties = publish.properties.clone().unwrap_or_default();
            let topic = std::str::from_utf8(&publish.topic).ok();
            if let Some(topic) = topic.and_then(|topic| outcome_topic(topic, properties.response_topic.as_deref())) {
                let properties = PublishProperties {
                    payload_format_indicator: Some(1),
                    content_type: Some("application/json".to_owned()),
                    correlation_data: properties.correlation_data.filter(|data| data.len() <= MAX_CORRELATION_BYTES),
                    ..PublishProperties::default()
                };
                client.publish_with_properties(topic, QoS::AtLeastOnce, false, decided.outcome, properties).await?;
            }
            client.ack(&publish).await?;
            drop(memory);
        }
    }
    Ok(())
}
