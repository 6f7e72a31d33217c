//! A client and the listener, packet by packet.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use chancery_reference_points::Code;
use rumqttc::{
    mqttbytes::{QoS, v4},
    v5::mqttbytes::{QoS as QoS5, v5},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::sources::Sources;
use crate::{
    limits::MAX_LINE_BYTES,
    mqtt::{
        ListenerOptions,
        connection::converse,
        limits::{
            MAX_CLIENTS_PER_ADDRESS, MAX_FILTERS, MAX_PACKET_BYTES, MAX_TRIES, MIN_BYTES_PER_SECOND, PACKET_TIMEOUT,
        },
        metrics::ListenerMetrics,
        serve,
        topics::{OPERATIONS, OUTCOMES},
    },
};

pub(super) fn line(signed: &str) -> Vec<u8> {
    json!({"submission": signed, "operations": [{"time": 1}]}).to_string().into_bytes()
}

pub(super) fn connect() -> v5::Packet {
    v5::Packet::Connect(
        v5::Connect { keep_alive: 60, client_id: "meter".into(), clean_start: true, properties: None },
        None,
        None,
    )
}

fn subscribe(filter: &str) -> v5::Packet {
    let mut subscribe = v5::Subscribe::new(v5::Filter::new(filter, QoS5::AtLeastOnce), None);
    subscribe.pkid = 1;
    v5::Packet::Subscribe(subscribe)
}

pub(super) fn publish(topic: &str, packet_id: u16, payload: Vec<u8>) -> v5::Packet {
    let mut publish = v5::Publish::new(topic, QoS5::AtLeastOnce, payload, None);
    publish.pkid = packet_id;
    let correlation_data = Some(packet_id.to_be_bytes().to_vec().into());
    publish.properties = Some(v5::PublishProperties { correlation_data, ..Default::default() });
    v5::Packet::Publish(publish)
}

/// Everything that the listener says to a client that says all this and then nothing more.
async fn said(sources: &Sources, bytes: &[u8]) -> BytesMut {
    let (mut client, server) = tokio::io::duplex(8 * 1024 * 1024);
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    converse(server, sources, &ListenerMetrics::default(), &CancellationToken::new()).await;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    BytesMut::from(answer.as_slice())
}

async fn conversation(sources: &Sources, packets: &[v5::Packet]) -> Vec<v5::Packet> {
    let mut bytes = BytesMut::new();
    for packet in packets {
        packet.write(&mut bytes, None).unwrap();
    }
    packets_of(said(sources, &bytes).await)
}

pub(super) fn packets_of(mut bytes: BytesMut) -> Vec<v5::Packet> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        packets.push(v5::Packet::read(&mut bytes, None).unwrap());
    }
    packets
}

fn outcome_of(packet: &v5::Packet) -> (String, Vec<u8>, Value) {
    let v5::Packet::Publish(publish) = packet else { panic!("{packet:?}") };
    let correlation = publish.properties.clone().unwrap().correlation_data.unwrap().to_vec();
    (String::from_utf8(publish.topic.to_vec()).unwrap(), correlation, serde_json::from_slice(&publish.payload).unwrap())
}

pub(super) fn acknowledged(packets: &[v5::Packet]) -> Vec<(u16, v5::PubAckReason)> {
    let ack = |packet: &v5::Packet| match packet {
        v5::Packet::PubAck(ack) => Some((ack.pkid, ack.reason)),
        _ => None,
    };
    packets.iter().filter_map(ack).collect()
}

fn farewell(packets: &[v5::Packet]) -> Option<v5::DisconnectReasonCode> {
    match packets.last() {
        Some(v5::Packet::Disconnect(disconnect)) => Some(disconnect.reason_code),
        _ => None,
    }
}

// MQTT-1, MQTT-2
#[tokio::test]
async fn an_outcome_leaves_before_the_acknowledgement_of_its_message() {
    let sources = Sources::refusing([Code::SignatureInvalid]);
    let packets = [
        connect(),
        subscribe("chancery/v1/outcomes/#"),
        publish("chancery/v1/operations/b/1", 7, line("forged")),
        publish(OPERATIONS, 8, line("genuine")),
        publish(OPERATIONS, 9, b"no json".to_vec()),
        v5::Packet::PingReq(v5::PingReq),
    ];
    let answers = conversation(&sources, &packets).await;
    let [v5::Packet::ConnAck(ack), v5::Packet::SubAck(granted), rest @ ..] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!((ack.code, ack.session_present), (v5::ConnectReturnCode::Success, false));
    assert_eq!(granted.return_codes, [v5::SubscribeReasonCode::Success(QoS5::AtMostOnce)]);
    let [
        v5::Packet::PingResp(_),
        first,
        v5::Packet::PubAck(_),
        second,
        v5::Packet::PubAck(_),
        third,
        v5::Packet::PubAck(_),
    ] = rest
    else {
        panic!("{rest:?}")
    };
    let expected = [(7, v5::PubAckReason::PayloadFormatInvalid), (8, v5::PubAckReason::Success)];
    assert_eq!(acknowledged(rest)[..2], expected);
    let (topic, correlation, outcome) = outcome_of(first);
    assert_eq!((topic.as_str(), correlation), ("chancery/v1/outcomes/b/1", vec![0, 7]));
    assert_eq!((&outcome["index"], &outcome["problem"]["code"]), (&json!(0), &json!("signature-invalid")));
    let (topic, correlation, outcome) = outcome_of(second);
    assert_eq!((topic.as_str(), correlation), (OUTCOMES, vec![0, 8]));
    assert_eq!((&outcome["index"], &outcome["receipt"]["receipt"]), (&json!(1), &json!("a.b.c")));
    assert_eq!(outcome_of(third).2["problem"]["code"], "malformed-request");
    assert_eq!(sources.asked(), ["forged", "genuine"]);
}

// MQTT-1
#[tokio::test]
async fn what_may_succeed_later_is_tried_again_and_not_acknowledged_before() {
    let busy = || std::iter::repeat_n(Code::TooManyRequests, MAX_TRIES as usize - 1);
    let sources = Sources::refusing(busy());
    let answers = conversation(&sources, &[connect(), publish(OPERATIONS, 1, line("one"))]).await;
    assert_eq!(acknowledged(&answers), [(1, v5::PubAckReason::Success)]);
    assert_eq!(sources.asked().len(), MAX_TRIES as usize);

    let sources = Sources::refusing(busy().chain([Code::JournalUnavailable]));
    let answers = conversation(&sources, &[connect(), publish(OPERATIONS, 1, line("one"))]).await;
    assert_eq!((acknowledged(&answers), farewell(&answers)), (vec![], Some(v5::DisconnectReasonCode::ServerBusy)));
}

// MQTT-1, QUOTA-4: a quota that is used up is said at once, and ends no connection.
#[tokio::test]
async fn a_quota_that_is_used_up_is_acknowledged_as_such() {
    let sources = Sources::refusing([Code::QuotaExceeded]);
    let said = [connect(), subscribe("#"), publish(OPERATIONS, 1, line("one")), publish(OPERATIONS, 2, line("two"))];
    let answers = conversation(&sources, &said).await;
    assert_eq!(outcome_of(&answers[2]).2["problem"]["code"], "quota-exceeded");
    let expected = [(1, v5::PubAckReason::QuotaExceeded), (2, v5::PubAckReason::Success)];
    assert_eq!((acknowledged(&answers), farewell(&answers)), (expected.to_vec(), None));
    assert_eq!(sources.asked(), ["one", "two"]);
}

// MQTT-4: the messages before a bad packet are decided; the bad packet ends its connection by name.
#[tokio::test]
async fn a_bad_packet_ends_its_connection_and_loses_no_message_before_it() {
    use v5::DisconnectReasonCode as Reason;
    let written = |packet: v5::Packet| {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        bytes.to_vec()
    };
    let mut twice = v5::Publish::new(OPERATIONS, QoS5::ExactlyOnce, line("x"), None);
    twice.pkid = 3;
    for (bad, reason) in [
        (written(v5::Packet::Publish(twice)), Reason::QoSNotSupported),
        (written(publish("elsewhere", 3, line("x"))), Reason::TopicNameInvalid),
        (written(publish("chancery/v1/operations/+", 3, line("x"))), Reason::MalformedPacket),
        (written(connect()), Reason::MalformedPacket),
        (vec![0xf0, 0], Reason::MalformedPacket),
        (vec![0x32, 3, 0, 9, b'x'], Reason::MalformedPacket),
        (vec![0x32, 0xff, 0xff, 0xff, 0x7f], Reason::PacketTooLarge),
    ] {
        let sources = Sources::default();
        let bytes = [written(connect()), written(publish(OPERATIONS, 2, line("good"))), bad].concat();
        let answers = packets_of(said(&sources, &bytes).await);
        assert_eq!(acknowledged(&answers), [(2, v5::PubAckReason::Success)], "{reason:?}");
        assert_eq!((farewell(&answers), sources.asked()), (Some(reason), vec!["good".to_owned()]));
    }
}

// MQTT-4
#[tokio::test]
async fn a_message_somewhat_too_long_is_refused_by_name() {
    let sources = Sources::default();
    let long = vec![b'x'; MAX_LINE_BYTES + 1];
    assert!(long.len() < MAX_PACKET_BYTES);
    let answers = conversation(&sources, &[connect(), subscribe("#"), publish(OPERATIONS, 2, long)]).await;
    assert_eq!(outcome_of(&answers[2]).2["problem"]["code"], "body-too-large");
    assert_eq!(acknowledged(&answers), [(2, v5::PubAckReason::PayloadFormatInvalid)]);
}

#[tokio::test]
async fn a_client_is_sent_what_it_subscribes_to_within_the_bound() {
    let sources = Sources::default();
    let filters = (0..=MAX_FILTERS).map(|number| v5::Filter::new(format!("f/{number}"), QoS5::AtLeastOnce));
    let mut many = v5::Subscribe::new_many(filters, None);
    many.pkid = 5;
    let mut fewer = v5::Unsubscribe::new("f/0", None);
    fewer.pkid = 6;
    fewer.filters.push("f/none".into());
    let packets = [
        connect(),
        v5::Packet::Subscribe(many),
        publish(OPERATIONS, 1, line("unheard")),
        v5::Packet::Unsubscribe(fewer),
        subscribe("chancery/+/outcomes"),
        publish(OPERATIONS, 2, line("unheard too: the subscription came before it was decided")),
    ];
    let answers = conversation(&sources, &packets).await;
    let v5::Packet::SubAck(granted) = &answers[1] else { panic!("{answers:?}") };
    let refused =
        granted.return_codes.iter().filter(|code| **code == v5::SubscribeReasonCode::TopicFilterInvalid).count();
    assert_eq!((granted.return_codes.len(), refused), (MAX_FILTERS + 1, 1));
    let v5::Packet::UnsubAck(gone) = &answers[2] else { panic!("{answers:?}") };
    assert_eq!(gone.reasons, [v5::UnsubAckReason::Success, v5::UnsubAckReason::NoSubscriptionExisted]);
    let heard = answers.iter().filter(|packet| matches!(packet, v5::Packet::Publish(_))).count();
    assert_eq!(heard, 2, "both were decided after the subscription: {answers:?}");
}

// MQTT 3.1.1 has the same, without reasons and correlation.
#[tokio::test]
async fn version_3_1_1_is_served_and_others_are_told_so() {
    let sources = Sources::refusing([Code::UnknownSource]);
    let mut bytes = BytesMut::new();
    let mut message = v4::Publish::new("chancery/v1/operations/7", QoS::AtLeastOnce, line("one"));
    message.pkid = 9;
    let mut filter = v4::Subscribe::new("chancery/v1/outcomes/7", QoS::AtLeastOnce);
    filter.pkid = 1;
    for packet in [
        v4::Packet::Connect(v4::Connect::new("meter")),
        v4::Packet::Subscribe(filter),
        v4::Packet::Publish(message),
        v4::Packet::Disconnect,
    ] {
        packet.write(&mut bytes, usize::MAX).unwrap();
    }
    let mut answer = said(&sources, &bytes).await;
    let mut next = || v4::Packet::read(&mut answer, usize::MAX).unwrap();
    assert_eq!(next(), v4::Packet::ConnAck(v4::ConnAck::new(v4::ConnectReturnCode::Success, false)));
    assert!(matches!(next(), v4::Packet::SubAck(_)));
    let v4::Packet::Publish(outcome) = next() else { panic!("an outcome") };
    let body: Value = serde_json::from_slice(&outcome.payload).unwrap();
    assert_eq!(
        (outcome.topic.as_str(), &body["problem"]["code"]),
        ("chancery/v1/outcomes/7", &json!("unknown-source"))
    );
    assert_eq!(next(), v4::Packet::PubAck(v4::PubAck::new(9)));
    assert!(answer.is_empty(), "nothing is said after a client's farewell");

    for other in [
        b"\x10\x0e\0\x06MQIsdp\x03\x02\0\x3c\0\0".as_slice(),
        b"\x10\x0c\0\x04MQTT\x06\x02\0\x3c\0\0",
        b"\x30\x07\0\x04MQTT\x05",
    ] {
        assert_eq!(said(&sources, other).await, [0x20, 2, 0, 1].as_slice());
    }
    assert!(said(&sources, b"GET / HTTP/1.1\r\n\r\n").await.len() <= 4);
}

#[tokio::test]
async fn a_client_is_told_when_the_city_stops() {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let (sources, stop) = (Sources::default(), CancellationToken::new());
    let mut bytes = BytesMut::new();
    connect().write(&mut bytes, None).unwrap();
    client.write_all(&bytes).await.unwrap();
    stop.cancel();
    converse(server, &sources, &ListenerMetrics::default(), &stop).await;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    let answers = packets_of(BytesMut::from(answer.as_slice()));
    assert_eq!(farewell(&answers), Some(v5::DisconnectReasonCode::ServerShuttingDown));
}

// MQTT-4: what has begun to come has to come, and holds its memory no longer than that takes.
#[tokio::test(start_paused = true)]
async fn a_packet_of_which_the_end_does_not_come_ends_its_connection() {
    let sources = Sources::default();
    let mut bytes = BytesMut::new();
    // Without a keep-alive: a client may be silent for an hour.
    let v5::Packet::Connect(asked, ..) = connect() else { panic!("no CONNECT") };
    let asked = v5::Connect { keep_alive: 0, ..asked };
    v5::Packet::Connect(asked, None, None).write(&mut bytes, None).unwrap();
    publish(OPERATIONS, 7, vec![b' '; MAX_PACKET_BYTES / 2]).write(&mut bytes, None).unwrap();
    let (mut client, server) = tokio::io::duplex(8 * 1024 * 1024);
    client.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
    let begun = Instant::now();
    converse(server, &sources, &ListenerMetrics::default(), &CancellationToken::new()).await;
    let most = PACKET_TIMEOUT + Duration::from_secs((bytes.len() / MIN_BYTES_PER_SECOND) as u64);
    assert!(begun.elapsed() >= PACKET_TIMEOUT && begun.elapsed() <= most, "{:?}", begun.elapsed());
    assert!(sources.asked().is_empty());
}

// MQTT-4: an outcome is never much longer than its message, whatever that quotes: a broker takes no packet beyond its bound, and nothing behind it would be acknowledged.
#[tokio::test]
async fn an_outcome_quotes_what_is_wrong_no_further_than_it_helps() {
    let name = "x".repeat(MAX_LINE_BYTES / 2);
    let packets = [
        connect(),
        subscribe("chancery/v1/outcomes/#"),
        publish(OPERATIONS, 7, format!("{{\"{name}\":0}}").into_bytes()),
    ];
    let answers = conversation(&Sources::default(), &packets).await;
    let v5::Packet::Publish(outcome) = &answers[2] else { panic!("{answers:?}") };
    assert!(outcome.payload.len() < 20 * 1024, "{}", outcome.payload.len());
    assert_eq!(outcome_of(&answers[2]).2["problem"]["code"], "unknown-member");
    assert_eq!(acknowledged(&answers), [(7, v5::PubAckReason::PayloadFormatInvalid)]);
}

// MQTT-4: one address does not take the places of all.
#[tokio::test]
async fn one_address_has_a_part_of_the_places() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let served = tokio::spawn(serve(listener, Arc::new(Sources::default()), ListenerOptions::default(), stop.clone()));
    let mut open = Vec::new();
    for _ in 0..MAX_CLIENTS_PER_ADDRESS {
        open.push(TcpStream::connect(address).await.unwrap());
    }
    let mut more = TcpStream::connect(address).await.unwrap();
    assert_eq!(more.read(&mut [0; 1]).await.unwrap(), 0, "it is not spoken to");
    // A place that is given back is another's.
    drop(open.pop());
    let mut bytes = BytesMut::new();
    connect().write(&mut bytes, None).unwrap();
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        // Until the one that has gone is missed, this one is turned away, too.
        if next.write_all(&bytes).await.is_ok() && next.read(&mut [0; 1]).await.is_ok_and(|read| read == 1) {
            break;
        }
    }
    stop.cancel();
    served.await.unwrap();
}
