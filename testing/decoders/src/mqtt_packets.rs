//! Packets of MQTT: anybody who reaches the listener sends them.

use bytes::{Bytes, BytesMut};
use chancery_mqtt::{
    Answers, End, Frame, Message, Said, Version,
    limits::MAX_PACKET_BYTES,
    take,
    topics::{OPERATIONS, OUTCOMES, is_topic, outcome_topic},
};
use rumqttc::{
    mqttbytes::{QoS, v4},
    v5::mqttbytes::{QoS as QoS5, v5},
};

/// Bytes that come at once.
const PIECES: [usize; 3] = [1, 3, 700];
const VERSIONS: [Version; 2] = [Version::V4, Version::V5];

/// However the bytes come, they are the same packets and the same end; what a packet says means the same when it is written again, and a client reads what it is
/// answered.
pub fn check(data: &[u8]) {
    let (frames, end) = received(data, data.len().max(1));
    for piece in PIECES {
        assert_eq!(received(data, piece), (frames.clone(), end), "the packets are others in pieces of {piece}");
    }
    for frame in frames {
        if let Ok(connect) = frame.clone().connect() {
            Answers::new(connect.version).welcome(connect.is_nameless.then(|| "a name".to_owned()));
        }
        for version in VERSIONS {
            if let Ok(said) = frame.clone().read(version) {
                answered(&said, version);
            }
        }
    }
}

/// The packets of a connection whose bytes come in pieces, and why it ends, if they end it.
fn received(data: &[u8], piece: usize) -> (Vec<Frame>, Option<End>) {
    let (mut waiting, mut frames) = (BytesMut::new(), Vec::new());
    for bytes in data.chunks(piece) {
        waiting.extend_from_slice(bytes);
        loop {
            match take(&mut waiting, MAX_PACKET_BYTES) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(end) => return (frames, Some(end)),
            }
        }
    }
    (frames, None)
}

fn answered(said: &Said, version: Version) {
    let mut answers = Answers::new(version);
    match said {
        Said::Publish(message) => {
            assert!(is_topic(&message.topic) && message.packet_id != Some(0));
            let mut again = written(message, version);
            let frame = take(&mut again, usize::MAX).unwrap().unwrap();
            assert_eq!(frame.read(version).as_ref(), Ok(said), "a message that is written again is another");
            assert!(again.is_empty());
            let Some(topic) = outcome_topic(&message.topic, message.response_topic.as_deref()) else { return };
            assert!(topic == OUTCOMES || topic.starts_with("chancery/v1/outcomes/"), "{topic}");
            answers.outcome(&topic, b"{}".to_vec(), message);
            if let Some(packet_id) = message.packet_id {
                answers.acknowledge(packet_id, None);
            }
            read_by_a_client(&answers.take(), version, 1 + usize::from(message.packet_id.is_some()));
        }
        Said::Subscribe { packet_id, filters } => answers.subscribed(*packet_id, &vec![true; filters.len()]),
        Said::Unsubscribe { packet_id, filters } => answers.unsubscribed(*packet_id, &vec![false; filters.len()]),
        Said::Ping => answers.pong(),
        Said::Disconnect | Said::Nothing => {}
    }
    let mut told = BytesMut::from(&answers.take()[..]);
    while take(&mut told, usize::MAX).unwrap().is_some() {}
    assert!(told.is_empty(), "an answer is no whole packet");
}

/// A message as a client of this version sends it.
fn written(message: &Message, version: Version) -> BytesMut {
    let mut bytes = BytesMut::new();
    let packet_id = message.packet_id.unwrap_or_default();
    match version {
        Version::V4 => {
            let qos = message.packet_id.map_or(QoS::AtMostOnce, |_| QoS::AtLeastOnce);
            let mut publish = v4::Publish::new(message.topic.clone(), qos, message.payload.to_vec());
            publish.pkid = packet_id;
            v4::Packet::Publish(publish).write(&mut bytes, usize::MAX).unwrap();
        }
        Version::V5 => {
            let qos = message.packet_id.map_or(QoS5::AtMostOnce, |_| QoS5::AtLeastOnce);
            let properties = v5::PublishProperties {
                response_topic: message.response_topic.clone(),
                correlation_data: message.correlation.clone(),
                ..v5::PublishProperties::default()
            };
            let mut publish = v5::Publish::new(message.topic.clone(), qos, message.payload.clone(), Some(properties));
            publish.pkid = packet_id;
            v5::Packet::Publish(publish).write(&mut bytes, None).unwrap();
        }
    }
    bytes
}

/// So many packets, each of which a client can read.
fn read_by_a_client(told: &Bytes, version: Version, count: usize) {
    let mut told = BytesMut::from(&told[..]);
    for _ in 0..count {
        match version {
            Version::V4 => drop(v4::Packet::read(&mut told, usize::MAX).unwrap()),
            Version::V5 => drop(v5::Packet::read(&mut told, None).unwrap()),
        }
    }
    assert!(told.is_empty(), "more was answered than asked");
}

/// A packet: its first byte, and what follows its length.
fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut length = body.len();
    let mut packet = vec![first];
    while length >= 128 {
        packet.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    packet.push(length as u8);
    packet.extend(body);
    packet
}

/// A text or data behind its length, of two bytes.
fn counted(data: &[u8]) -> Vec<u8> {
    [(data.len() as u16).to_be_bytes().as_slice(), data].concat()
}

/// Packets of both versions, alone and in a conversation, and some that are none.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let (name, here, outcomes) = (counted(b"a"), counted(OPERATIONS.as_bytes()), counted(b"chancery/v1/outcomes/#"));
    let session = [[0x11, 0, 0, 0, 9].as_slice(), &[0x21, 0, 5]].concat();
    let reply = [[0x08].as_slice(), &counted(OUTCOMES.as_bytes()), &[0x09], &counted(b"12")].concat();
    let line = br#"{"submission":"e30.e30.AA","operations":[{"time":1,"content":1}]}"#;
    let connect_v4 = packet(0x10, &[b"\0\x04MQTT\x04\x02\0\x3c", &name]);
    let connect_v5 = packet(0x10, &[b"\0\x04MQTT\x05\x02\0\x3c", &[session.len() as u8], &session, &name]);
    let publish_v4 = packet(0x32, &[&here, b"\0\x07", line]);
    let publish_v5 = packet(0x32, &[&here, b"\0\x07", &[reply.len() as u8], &reply, line]);
    let subscribe_v4 = packet(0x82, &[b"\0\x01", &outcomes, b"\0"]);
    let subscribe_v5 = packet(0x82, &[b"\0\x01\0", &outcomes, b"\0"]);
    let unsubscribe_v5 = packet(0xa2, &[b"\0\x02\0", &outcomes]);
    let (ping, goodbye) = (packet(0xc0, &[]), packet(0xe0, &[]));
    let conversation = [&connect_v5[..], &subscribe_v5, &publish_v5, &unsubscribe_v5, &ping, &goodbye].concat();
    let long = packet(0x30, &[&here, &vec![b' '; 20_000]]);
    vec![
        connect_v4,
        connect_v5,
        packet(0x10, &[b"\0\x04MQTT\x05\x02\0\x3c\0", &counted(b"")]),
        packet(0x10, &[b"\0\x06MQIsdp\x03\x02\0\x3c", &name]),
        publish_v4,
        publish_v5,
        packet(0x34, &[&here, b"\0\x07\0", line]),
        packet(0x30, &[&counted(b"doors/+"), b"\0", line]),
        subscribe_v4,
        subscribe_v5,
        packet(0xa2, &[b"\0\x02", &outcomes]),
        unsubscribe_v5,
        packet(0x40, &[b"\0\x07"]),
        ping,
        goodbye,
        conversation,
        long,
        b"\x32\xff\xff\xff\xff".to_vec(),
        b"\x32\xff\xff\xff\x7f".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ]
}
