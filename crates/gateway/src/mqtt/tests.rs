#![allow(clippy::unwrap_used)]

mod broker;
mod conversation;
pub(crate) mod sources;
mod tls;

use bytes::{Bytes, BytesMut};
use chancery_mqtt::{End, Message, Said, Version, take};
use proptest::prelude::*;
use rumqttc::{
    mqttbytes::{QoS, v4},
    v5::mqttbytes::{QoS as QoS5, v5},
};

use super::{
    Broker, BrokerError,
    limits::{MAX_CONNECT_BYTES, MAX_PACKET_BYTES, MAX_TOPIC_BYTES},
    topics::{OPERATIONS, OUTCOMES, is_filter, is_topic, matches, outcome_topic},
};

// MQTT-3
#[test]
fn an_outcome_is_published_beside_its_message_and_nowhere_else() {
    for (topic, response, outcome) in [
        (OPERATIONS, None, Some(OUTCOMES)),
        ("chancery/v1/operations/0xab/batch 7", None, Some("chancery/v1/outcomes/0xab/batch 7")),
        ("chancery/v1/operations/", None, Some("chancery/v1/outcomes/")),
        (OPERATIONS, Some("chancery/v1/outcomes/mine"), Some("chancery/v1/outcomes/mine")),
        (OPERATIONS, Some(OUTCOMES), Some(OUTCOMES)),
        (OPERATIONS, Some(OPERATIONS), Some(OUTCOMES)),
        (OPERATIONS, Some("$CONTROL/dynamic-security/v1"), Some(OUTCOMES)),
        (OPERATIONS, Some("doors/open"), Some(OUTCOMES)),
        (OPERATIONS, Some("chancery/v1/outcomesque"), Some(OUTCOMES)),
        (OPERATIONS, Some("chancery/v1/outcomes/#"), Some(OUTCOMES)),
        ("chancery/v1/operationsque", None, None),
        ("chancery/v1/outcomes", None, None),
        ("operations", Some("chancery/v1/outcomes/mine"), None),
    ] {
        assert_eq!(outcome_topic(topic, response).as_deref(), outcome, "{topic} {response:?}");
    }
}

// MQTT 5, 4.7
#[test]
fn filters_and_topics_are_those_of_the_standard() {
    for (filter, topic, is_matched) in [
        ("a/b", "a/b", true),
        ("a/b", "a/b/c", false),
        ("a/b/c", "a/b", false),
        ("a/#", "a", true),
        ("a/#", "a/b/c", true),
        ("#", "a/b", true),
        ("a/+/c", "a/b/c", true),
        ("a/+", "a", false),
        ("a/+", "a/", true),
        ("+/+", "/a", true),
        ("A", "a", false),
    ] {
        assert!(is_filter(filter) && is_topic(topic));
        assert_eq!(matches(filter, topic), is_matched, "{filter} {topic}");
    }
    for filter in ["", "a#", "#/a", "a/#/b", "a+", "a/+b", "a\0", &"x".repeat(MAX_TOPIC_BYTES + 1)] {
        assert!(!is_filter(filter), "{filter}");
    }
    for topic in ["", "a/+", "#", "a\0b", &"x".repeat(MAX_TOPIC_BYTES + 1)] {
        assert!(!is_topic(topic), "{topic}");
    }
}

proptest! {
    #[test]
    fn a_topic_is_matched_by_what_is_made_of_it(
        levels in proptest::collection::vec("[a-c/\u{e9}\u{4e2d}]{0,3}", 1..6), plus in any::<u8>(), cut in 0_usize..6,
    ) {
        let topic = levels.join("/");
        prop_assume!(!topic.is_empty());
        let wild = |(at, level): (usize, &str)| if plus >> (at % 8) & 1 == 1 { "+".to_owned() } else { level.to_owned() };
        let filter: Vec<String> = topic.split('/').enumerate().map(wild).collect();
        prop_assert!(matches(&filter.join("/"), &topic));
        let open = filter.iter().take(cut).map(String::as_str).chain(["#"]).collect::<Vec<_>>().join("/");
        prop_assert!(is_filter(&open) && matches(&open, &topic));
        let longer = format!("{topic}/z");
        prop_assert!(!matches(&filter.join("/"), &longer));
    }

    // MQTT-4: whatever comes, it is read, refused or waited for.
    #[test]
    fn no_bytes_break_the_codec(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u8..16, flags in 0_u8..16, cut in 0_usize..200,
    ) {
        let length = bytes.len();
        let mut head = vec![kind << 4 | flags];
        head.extend(if length < 128 { vec![length as u8] } else { vec![length as u8 | 0x80, (length >> 7) as u8] });
        head.append(&mut bytes);
        for body in [head.clone(), [b"\x10\x40\0\x04MQTT\x05".as_slice(), &head].concat(), head.split_off(cut.min(head.len()))] {
            for version in [Version::V4, Version::V5] {
                let mut received = BytesMut::from(body.as_slice());
                while let Ok(Some(frame)) = take(&mut received, MAX_PACKET_BYTES) {
                    let _ = frame.clone().connect();
                    let _ = frame.read(version);
                }
            }
        }
    }

    #[test]
    fn a_message_arrives_as_it_was_sent_however_it_is_cut(
        payload in proptest::collection::vec(any::<u8>(), 0..3000), correlation in proptest::collection::vec(any::<u8>(), 0..40),
        packet_id in 1_u16.., step in 1_usize..700,
    ) {
        let topic = format!("{OPERATIONS}/x");
        let mut sent = BytesMut::new();
        let mut publish = v5::Publish::new(topic.clone(), QoS5::AtLeastOnce, payload.clone(), None);
        publish.pkid = packet_id;
        publish.properties = Some(v5::PublishProperties {
            response_topic: Some(OUTCOMES.into()), correlation_data: Some(correlation.clone().into()), ..Default::default()
        });
        v5::Packet::Publish(publish).write(&mut sent, None).unwrap();
        let mut publish = v4::Publish::new(topic.clone(), QoS::AtLeastOnce, payload.clone());
        publish.pkid = packet_id;
        let first = sent.len();
        v4::Packet::Publish(publish).write(&mut sent, usize::MAX).unwrap();

        let (mut received, mut said, mut version) = (BytesMut::new(), Vec::new(), Version::V5);
        for piece in sent.chunks(step) {
            received.extend_from_slice(piece);
            while let Some(frame) = take(&mut received, MAX_PACKET_BYTES).unwrap() {
                said.push(frame.read(version).unwrap());
                version = Version::V4;
            }
        }
        prop_assert!(first > 0 && received.is_empty());
        let message = |response_topic: Option<String>, correlation: Option<Bytes>| Said::Publish(Message {
            packet_id: Some(packet_id), topic: topic.clone(), payload: payload.clone().into(), response_topic, correlation,
        });
        prop_assert_eq!(said, vec![message(Some(OUTCOMES.into()), Some(correlation.into())), message(None, None)]);
    }
}

// MQTT-4
#[test]
fn a_length_beyond_the_bound_is_refused_before_its_bytes_are_waited_for() {
    let announced = |bytes: usize| {
        let lengths = [bytes as u8 | 0x80, (bytes >> 7) as u8 | 0x80, (bytes >> 14) as u8 | 0x80, (bytes >> 21) as u8];
        BytesMut::from([[0x32].as_slice(), &lengths].concat().as_slice())
    };
    assert_eq!(take(&mut announced(MAX_PACKET_BYTES - 5), MAX_PACKET_BYTES), Ok(None));
    assert_eq!(take(&mut announced(MAX_PACKET_BYTES - 4), MAX_PACKET_BYTES), Err(End::TooLarge));
    assert_eq!(take(&mut announced(MAX_CONNECT_BYTES), MAX_CONNECT_BYTES), Err(End::TooLarge));
    assert_eq!(
        take(&mut BytesMut::from([0x32, 0xff, 0xff, 0xff, 0xff].as_slice()), MAX_PACKET_BYTES),
        Err(End::Malformed)
    );
}

// MQTT-6
#[test]
fn a_broker_has_a_host_and_its_password_is_not_shown() {
    let broker = Broker::parse("mqtt://city:s%65cret%20word@[::1]:2883", "chancery-x").unwrap();
    assert_eq!((broker.to_string().as_str(), format!("{broker:?}").as_str()), ("[::1]:2883", "Broker([::1]:2883)"));
    assert_eq!(Broker::parse("mqtt://localhost", "x").unwrap().to_string(), "localhost:1883");
    for (url, error) in [
        ("http://example.org", BrokerError::Url),
        ("mqtt://example.org/topic", BrokerError::Url),
        ("mqtt://localhost?client_id=x", BrokerError::Url),
        ("mqtts://example.org?ca-file=", BrokerError::Url),
        ("mqtt://", BrokerError::Url),
        ("example.org", BrokerError::Url),
    ] {
        assert_eq!(Broker::parse(url, "x").map(|_| ()), Err(error), "{url}");
    }
}
