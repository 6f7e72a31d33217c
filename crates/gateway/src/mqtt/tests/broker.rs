//! The city as a client of a broker that a test plays.

mod encrypted;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::BytesMut;
use chancery_reference_points::Code;
use rumqttc::v5::mqttbytes::{QoS, v5};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::sources::Sources;
use crate::mqtt::{Broker, follow, limits::MAX_IN_FLIGHT, topics::OPERATIONS_FILTER};

/// After this a test has hung.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// One connection of the city, at the broker's end.
struct Session<S = TcpStream> {
    stream: S,
    received: BytesMut,
}

impl Session {
    async fn accept(listener: &TcpListener, session_present: bool) -> Self {
        Self::begin(connected(listener).await, session_present).await
    }
}

async fn connected(listener: &TcpListener) -> TcpStream {
    timeout(MAX_WAIT, listener.accept()).await.expect("the city does not connect").unwrap().0
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn begin(stream: S, session_present: bool) -> Self {
        let mut session = Self { stream, received: BytesMut::new() };
        let v5::Packet::Connect(connect, ..) = session.next().await else { panic!("no CONNECT") };
        assert!(!connect.clean_start && connect.client_id == "chancery-x");
        let properties = connect.properties.unwrap();
        assert_eq!(
            (properties.session_expiry_interval, properties.receive_maximum),
            (Some(u32::MAX), Some(MAX_IN_FLIGHT))
        );
        let code = v5::ConnectReturnCode::Success;
        session.send(&[v5::Packet::ConnAck(v5::ConnAck { session_present, code, properties: None })]).await;
        let v5::Packet::Subscribe(subscribe) = session.next().await else { panic!("no SUBSCRIBE") };
        assert_eq!(
            (subscribe.filters[0].path.as_str(), subscribe.filters[0].qos),
            (OPERATIONS_FILTER, QoS::AtLeastOnce)
        );
        let return_codes = vec![v5::SubscribeReasonCode::Success(QoS::AtLeastOnce)];
        session.send(&[v5::Packet::SubAck(v5::SubAck { pkid: subscribe.pkid, return_codes, properties: None })]).await;
        session
    }

    async fn send(&mut self, packets: &[v5::Packet]) {
        let mut bytes = BytesMut::new();
        for packet in packets {
            packet.write(&mut bytes, None).unwrap();
        }
        self.stream.write_all(&bytes).await.unwrap();
    }

    async fn next(&mut self) -> v5::Packet {
        loop {
            match v5::Packet::read(&mut self.received, None) {
                Ok(packet) => return packet,
                Err(_) => {
                    let read = timeout(MAX_WAIT, self.stream.read_buf(&mut self.received)).await;
                    assert_ne!(read.expect("the city says nothing").unwrap(), 0, "the city has gone");
                }
            }
        }
    }

    /// Reads outcomes, which it acknowledges, and acknowledgements, until there are so many of these. An outcome comes before its acknowledgement.
    async fn acknowledgements(&mut self, count: usize) -> BTreeMap<u16, serde_json::Value> {
        let (mut outcomes, mut acknowledged) = (Vec::new(), BTreeMap::new());
        while acknowledged.len() < count {
            match self.next().await {
                v5::Packet::Publish(publish) => {
                    outcomes.push(serde_json::from_slice(&publish.payload).unwrap());
                    self.send(&[v5::Packet::PubAck(v5::PubAck::new(publish.pkid, None))]).await;
                }
                v5::Packet::PubAck(ack) => {
                    let outcome = outcomes.get(acknowledged.len()).expect("acknowledged before its outcome");
                    assert!(acknowledged.insert(ack.pkid, Clone::clone(outcome)).is_none(), "acknowledged twice");
                }
                other => panic!("{other:?}"),
            }
        }
        acknowledged
    }
}

fn message(packet_id: u16) -> v5::Packet {
    let payload = json!({"submission": packet_id.to_string(), "operations": [{"time": 1}]}).to_string();
    let mut publish = v5::Publish::new(format!("chancery/v1/operations/{packet_id}"), QoS::AtLeastOnce, payload, None);
    publish.pkid = packet_id;
    v5::Packet::Publish(publish)
}

async fn followed(sources: Arc<Sources>) -> (TcpListener, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = Broker::parse(&format!("mqtt://{}", listener.local_addr().unwrap()), "chancery-x").unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(follow(broker, sources, stop.clone()));
    (listener, stop)
}

// MQTT-1, MQTT-2
#[tokio::test]
async fn a_message_is_acknowledged_to_the_broker_after_it_is_decided() {
    let sources =
        Arc::new(Sources::refusing([Code::JournalUnavailable, Code::TooManyRequests, Code::SignatureInvalid]));
    let (listener, stop) = followed(Arc::clone(&sources)).await;
    let mut session = Session::accept(&listener, false).await;
    session.send(&[message(1)]).await;
    let first = session.acknowledgements(1).await;
    assert_eq!((&first[&1]["problem"]["code"], sources.asked().len()), (&json!("signature-invalid"), 3));
    session.send(&[message(2)]).await;
    assert_eq!(session.acknowledgements(1).await[&2]["receipt"]["receipt"], "a.b.c");
    stop.cancel();
}

// MQTT-1: what is not acknowledged when the connection is lost is the broker's to send again; nothing of the old connection is said on the new one.
#[tokio::test]
async fn a_lost_connection_is_made_again_and_acknowledges_what_comes_again() {
    let sources = Arc::new(Sources::refusing(std::iter::repeat_n(Code::JournalUnavailable, 50)));
    let (listener, stop) = followed(Arc::clone(&sources)).await;
    let mut session = Session::accept(&listener, false).await;
    session.send(&[message(1), message(2)]).await;
    while sources.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(session);
    let mut session = Session::accept(&listener, true).await;
    session.send(&[message(2)]).await;
    let acknowledged = session.acknowledgements(1).await;
    assert_eq!(acknowledged.into_keys().collect::<Vec<_>>(), [2]);
    stop.cancel();
}

// MQTT-4: Mosquitto 2.0 sends a whole queue when a session is taken up again.
#[tokio::test]
async fn a_broker_that_sends_more_than_was_agreed_is_served() {
    let sources = Arc::new(Sources::default());
    let (listener, stop) = followed(Arc::clone(&sources)).await;
    let mut session = Session::accept(&listener, true).await;
    let count = 5 * MAX_IN_FLIGHT;
    session.send(&(1..=count).map(message).collect::<Vec<_>>()).await;
    let acknowledged = session.acknowledgements(usize::from(count)).await;
    assert_eq!(acknowledged.into_keys().collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
    let expected: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    assert_eq!(sources.asked(), expected, "in order");
    stop.cancel();
}
