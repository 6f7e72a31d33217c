//! What a client is told, gathered until it is sent.

use bytes::{Bytes, BytesMut};
use chancery_reference_points::Class;
use rumqttc::{
    mqttbytes::{self, v4},
    v5::mqttbytes::{self as mqttbytes5, v5},
};

use crate::{
    End, Message, Version,
    limits::{MAX_IN_FLIGHT, MAX_PACKET_BYTES},
};

/// Packets to a client.
#[derive(Debug)]
pub struct Answers {
    version: Version,
    bytes: BytesMut,
}

impl Answers {
    /// None yet, for a client of this version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self { version, bytes: BytesMut::new() }
    }

    /// What there is to send.
    pub fn take(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }

    /// CONNACK: welcome. `name`: for a client that left its name to us.
    pub fn welcome(&mut self, name: Option<String>) {
        match self.version {
            Version::V4 => self.v4(v4::Packet::ConnAck(v4::ConnAck::new(v4::ConnectReturnCode::Success, false))),
            Version::V5 => self.connack(v5::ConnectReturnCode::Success, name),
        }
    }

    /// CONNACK: the CONNECT could not be read.
    pub fn unreadable(&mut self) {
        match self.version {
            // 3.1.1 has no word for it: the connection ends.
            Version::V4 => {}
            Version::V5 => self.connack(v5::ConnectReturnCode::MalformedPacket, None),
        }
    }

    /// CONNACK: another version of the protocol. As 3.1.1 says it, because the client's version is not known.
    pub fn other_protocol(&mut self) {
        let code = v4::ConnectReturnCode::RefusedProtocolVersion;
        self.v4(v4::Packet::ConnAck(v4::ConnAck::new(code, false)));
    }

    /// PUBLISH of an outcome, at QoS 0: whoever has the acknowledgement has the outcome too, because that leaves first (MQTT-2).
    pub fn outcome(&mut self, topic: &str, outcome: Vec<u8>, message: &Message) {
        match self.version {
            Version::V4 => {
                self.v4(v4::Packet::Publish(v4::Publish::new(topic, mqttbytes::QoS::AtMostOnce, outcome)));
            }
            Version::V5 => {
                let properties = v5::PublishProperties {
                    payload_format_indicator: Some(1),
                    content_type: Some("application/json".to_owned()),
                    correlation_data: message.correlation.clone(),
                    ..v5::PublishProperties::default()
                };
                let publish = v5::Publish::new(topic, mqttbytes5::QoS::AtMostOnce, outcome, Some(properties));
                self.v5(v5::Packet::Publish(publish));
            }
        }
    }

    /// PUBACK. 3.1.1 acknowledges a refusal as it does a receipt; the outcome says which.
    pub fn acknowledge(&mut self, packet_id: u16, refused: Option<Class>) {
        match self.version {
            Version::V4 => self.v4(v4::Packet::PubAck(v4::PubAck::new(packet_id))),
            Version::V5 => {
                let mut ack = v5::PubAck::new(packet_id, None);
                ack.reason = match refused {
                    None => v5::PubAckReason::Success,
                    Some(Class::Invalid) => v5::PubAckReason::PayloadFormatInvalid,
                    Some(Class::Unauthenticated | Class::Refused) => v5::PubAckReason::NotAuthorized,
                    Some(Class::Missing | Class::Conflict) => v5::PubAckReason::ImplementationSpecificError,
                    Some(Class::Temporary) => v5::PubAckReason::QuotaExceeded,
                    Some(Class::Broken) => v5::PubAckReason::UnspecifiedError,
                };
                self.v5(v5::Packet::PubAck(ack));
            }
        }
    }

    /// SUBACK: whether each filter is taken, always at QoS 0.
    pub fn subscribed(&mut self, packet_id: u16, taken: &[bool]) {
        match self.version {
            Version::V4 => {
                let code = |taken: &bool| match taken {
                    true => v4::SubscribeReasonCode::Success(mqttbytes::QoS::AtMostOnce),
                    false => v4::SubscribeReasonCode::Failure,
                };
                let ack = v4::SubAck::new(packet_id, taken.iter().map(code).collect());
                self.v4(v4::Packet::SubAck(ack));
            }
            Version::V5 => {
                let code = |taken: &bool| match taken {
                    true => v5::SubscribeReasonCode::Success(mqttbytes5::QoS::AtMostOnce),
                    false => v5::SubscribeReasonCode::TopicFilterInvalid,
                };
                let return_codes = taken.iter().map(code).collect();
                self.v5(v5::Packet::SubAck(v5::SubAck { pkid: packet_id, return_codes, properties: None }));
            }
        }
    }

    /// UNSUBACK: whether there was each subscription.
    pub fn unsubscribed(&mut self, packet_id: u16, existed: &[bool]) {
        match self.version {
            Version::V4 => self.v4(v4::Packet::UnsubAck(v4::UnsubAck::new(packet_id))),
            Version::V5 => {
                let reason = |existed: &bool| match existed {
                    true => v5::UnsubAckReason::Success,
                    false => v5::UnsubAckReason::NoSubscriptionExisted,
                };
                let reasons = existed.iter().map(reason).collect();
                self.v5(v5::Packet::UnsubAck(v5::UnsubAck { pkid: packet_id, reasons, properties: None }));
            }
        }
    }

    /// PINGRESP.
    pub fn pong(&mut self) {
        match self.version {
            Version::V4 => self.v4(v4::Packet::PingResp),
            Version::V5 => self.v5(v5::Packet::PingResp(v5::PingResp)),
        }
    }

    /// DISCONNECT with the reason, in version 5; 3.1.1 has none from a server.
    pub fn farewell(&mut self, end: End) {
        use v5::DisconnectReasonCode as Reason;
        let (reason, words) = match end {
            End::Disconnect => return,
            End::Stopping => (Reason::ServerShuttingDown, "the city stops"),
            End::NotNow => (Reason::ServerBusy, "data cannot be kept at present: send again what is not acknowledged"),
            End::Malformed => (Reason::MalformedPacket, "a packet cannot be read, or does not belong here"),
            End::TooLarge => (Reason::PacketTooLarge, "a packet is larger than the maximum packet size"),
            End::Qos => (Reason::QoSNotSupported, "submissions are published at QoS 1, or 0"),
            End::Topic => (Reason::TopicNameInvalid, "submissions are published at chancery/v1/operations and below"),
            End::Silent => (Reason::KeepAliveTimeout, "nothing was heard for one and a half keep-alives"),
        };
        if self.version == Version::V5 {
            let properties = v5::DisconnectProperties {
                session_expiry_interval: None,
                reason_string: Some(words.to_owned()),
                user_properties: Vec::new(),
                server_reference: None,
            };
            self.v5(v5::Packet::Disconnect(v5::Disconnect { reason_code: reason, properties: Some(properties) }));
        }
    }

    fn connack(&mut self, code: v5::ConnectReturnCode, assigned_client_identifier: Option<String>) {
        let properties = v5::ConnAckProperties {
            session_expiry_interval: Some(0),
            receive_max: Some(MAX_IN_FLIGHT),
            max_qos: Some(1),
            retain_available: Some(0),
            max_packet_size: u32::try_from(MAX_PACKET_BYTES).ok(),
            assigned_client_identifier,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: Some(1),
            subscription_identifiers_available: Some(0),
            shared_subscription_available: Some(0),
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        };
        self.v5(v5::Packet::ConnAck(v5::ConnAck { session_present: false, code, properties: Some(properties) }));
    }

    fn v4(&mut self, packet: v4::Packet) {
        let before = self.bytes.len();
        if let Err(error) = packet.write(&mut self.bytes, usize::MAX) {
            self.bytes.truncate(before);
            tracing::error!(%error, "a packet could not be written");
        }
    }

    fn v5(&mut self, packet: v5::Packet) {
        let before = self.bytes.len();
        if let Err(error) = packet.write(&mut self.bytes, None) {
            self.bytes.truncate(before);
            tracing::error!(%error, "a packet could not be written");
        }
    }
}
