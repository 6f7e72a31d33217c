//! Packets of MQTT 3.1.1 and 5 as the listener needs them: frames out of bytes, then what a client says.

use bytes::{Bytes, BytesMut};
use rumqttc::{
    mqttbytes::{self, v4},
    v5::mqttbytes::{self as mqttbytes5, v5},
};

use crate::{limits::MAX_PACKET_BYTES, topics::is_topic};

/// Of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1
    V4,
    /// 5
    V5,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said so.
    Disconnect,
    /// The city stops.
    Stopping,
    /// What was published cannot be decided at present.
    NotNow,
    /// Bytes that are no packet, or a packet that does not belong here.
    Malformed,
    /// A packet beyond its bound.
    TooLarge,
    /// Published at QoS 2.
    Qos,
    /// Published elsewhere than where submissions are.
    Topic,
    /// Nothing was heard for one and a half keep-alives.
    Silent,
}

impl End {
    /// As a label of what is measured.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Stopping => "stopping",
            Self::NotNow => "not-now",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Qos => "qos",
            Self::Topic => "topic",
            Self::Silent => "silent",
        }
    }
}

/// What a client says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// What it speaks.
    pub version: Version,
    /// Seconds; 0 for none.
    pub keep_alive: u16,
    /// It leaves its name to the server.
    pub is_nameless: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Of QoS 1; `None` at QoS 0.
    pub packet_id: Option<u16>,
    /// Where it is published.
    pub topic: String,
    /// What it says.
    pub payload: Bytes,
    /// Where its outcome is wanted (MQTT 5, 4.10).
    pub response_topic: Option<String>,
    /// What the outcome is to bear, so that its publisher knows it.
    pub correlation: Option<Bytes>,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A message.
    Publish(Message),
    /// It wants outcomes.
    Subscribe {
        /// To be acknowledged.
        packet_id: u16,
        /// Of which topics.
        filters: Vec<String>,
    },
    /// It wants them no more.
    Unsubscribe {
        /// To be acknowledged.
        packet_id: u16,
        /// Of which topics.
        filters: Vec<String>,
    },
    /// It is there.
    Ping,
    /// It goes.
    Disconnect,
    /// Nothing that asks for an answer.
    Nothing,
}

/// Kinds of packets (MQTT 5, 2.1.2), in the upper half of the first byte.
mod kind {
    pub(super) const CONNECT: u8 = 1;
    pub(super) const PUBLISH: u8 = 3;
    pub(super) const PUBACK: u8 = 4;
    pub(super) const SUBSCRIBE: u8 = 8;
    pub(super) const UNSUBSCRIBE: u8 = 10;
    pub(super) const PINGREQ: u8 = 12;
    pub(super) const DISCONNECT: u8 = 14;
}

/// A whole packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    bytes: BytesMut,
    /// Bytes of the fixed header.
    header: usize,
}

/// Takes a packet from the front of what was received; `None` while it is not whole.
///
/// # Errors
/// [`End::TooLarge`] as soon as its length is known, [`End::Malformed`].
pub fn take(received: &mut BytesMut, max_bytes: usize) -> Result<Option<Frame>, End> {
    let mut length = 0_usize;
    for (position, shift) in [(1, 0), (2, 7), (3, 14), (4, 21)] {
        let Some(byte) = received.get(position).copied() else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (header, total) = (position + 1, position + 1 + length);
            if total > max_bytes {
                return Err(End::TooLarge);
            }
            return Ok((received.len() >= total).then(|| Frame { bytes: received.split_to(total), header }));
        }
    }
    Err(End::Malformed)
}

impl Frame {
    fn kind(&self) -> u8 {
        self.bytes.first().map_or(0, |byte| byte >> 4)
    }

    /// The lower half of the first byte.
    fn flags(&self) -> u8 {
        self.bytes.first().map_or(0, |byte| byte & 0x0f)
    }

    /// Reads the first packet of a client.
    ///
    /// # Errors
    /// `Some(version)` of a client that can be told what is wrong in its own; `None` when it speaks another protocol.
    pub fn connect(mut self) -> Result<Connect, Option<Version>> {
        let body = self.bytes.get(self.header..).unwrap_or_default();
        let version = match body.get(..7) {
            Some(b"\0\x04MQTT\x04") => Version::V4,
            Some(b"\0\x04MQTT\x05") => Version::V5,
            _ => return Err(None),
        };
        if self.kind() != kind::CONNECT || self.flags() != 0 {
            return Err(None);
        }
        let (keep_alive, client_id) = match version {
            Version::V4 => match v4::Packet::read(&mut self.bytes, MAX_PACKET_BYTES) {
                Ok(v4::Packet::Connect(connect)) => (connect.keep_alive, connect.client_id),
                _ => return Err(Some(version)),
            },
            Version::V5 => match v5::Packet::read(&mut self.bytes, None) {
                Ok(v5::Packet::Connect(connect, ..)) => (connect.keep_alive, connect.client_id),
                _ => return Err(Some(version)),
            },
        };
        Ok(Connect { version, keep_alive, is_nameless: client_id.is_empty() })
    }

    /// Reads a packet after the first.
    ///
    /// # Errors
    /// [`End::Malformed`], [`End::Qos`].
    pub fn read(self, version: Version) -> Result<Said, End> {
        match (self.kind(), self.flags()) {
            (kind::PINGREQ, 0) => Ok(Said::Ping),
            (kind::DISCONNECT, 0) => Ok(Said::Disconnect),
            // Outcomes leave at QoS 0, so there is nothing to acknowledge: a client that does is in no harm.
            (kind::PUBACK, 0) => Ok(Said::Nothing),
            (kind::PUBLISH, _) | (kind::SUBSCRIBE | kind::UNSUBSCRIBE, 2) => match version {
                Version::V4 => self.read_v4(),
                Version::V5 => self.read_v5(),
            },
            _ => Err(End::Malformed),
        }
    }

    fn read_v4(mut self) -> Result<Said, End> {
        match v4::Packet::read(&mut self.bytes, MAX_PACKET_BYTES).map_err(|_| End::Malformed)? {
            v4::Packet::Publish(publish) => {
                let packet_id = match publish.qos {
                    mqttbytes::QoS::AtMostOnce => None,
                    mqttbytes::QoS::AtLeastOnce => Some(publish.pkid),
                    mqttbytes::QoS::ExactlyOnce => return Err(End::Qos),
                };
                let (response_topic, correlation) = (None, None);
                let message =
                    Message { packet_id, topic: publish.topic, payload: publish.payload, response_topic, correlation };
                message.checked()
            }
            v4::Packet::Subscribe(subscribe) => {
                let filters = subscribe.filters.into_iter().map(|filter| filter.path).collect();
                Ok(Said::Subscribe { packet_id: subscribe.pkid, filters })
            }
            v4::Packet::Unsubscribe(one) => Ok(Said::Unsubscribe { packet_id: one.pkid, filters: one.topics }),
            _ => Err(End::Malformed),
        }
    }

    fn read_v5(mut self) -> Result<Said, End> {
        match v5::Packet::read(&mut self.bytes, None).map_err(|_| End::Malformed)? {
            v5::Packet::Publish(publish) => {
                let packet_id = match publish.qos {
                    mqttbytes5::QoS::AtMostOnce => None,
                    mqttbytes5::QoS::AtLeastOnce => Some(publish.pkid),
                    mqttbytes5::QoS::ExactlyOnce => return Err(End::Qos),
                };
                let topic = String::from_utf8(publish.topic.to_vec()).map_err(|_| End::Malformed)?;
                let properties = publish.properties.unwrap_or_default();
                let message = Message {
                    packet_id,
                    topic,
                    payload: publish.payload,
                    response_topic: properties.response_topic,
                    correlation: properties.correlation_data,
                };
                message.checked()
            }
            v5::Packet::Subscribe(subscribe) => {
                let filters = subscribe.filters.into_iter().map(|filter| filter.path).collect();
                Ok(Said::Subscribe { packet_id: subscribe.pkid, filters })
            }
            v5::Packet::Unsubscribe(one) => Ok(Said::Unsubscribe { packet_id: one.pkid, filters: one.filters }),
            _ => Err(End::Malformed),
        }
    }
}

impl Message {
    fn checked(self) -> Result<Said, End> {
        let has_id = self.packet_id != Some(0);
        if has_id && is_topic(&self.topic) { Ok(Said::Publish(self)) } else { Err(End::Malformed) }
    }
}
