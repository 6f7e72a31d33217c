//! The bounds of a packet.

/// Largest packet, in bytes. It is larger than a submission may be, so that a message somewhat too long is refused by name; a larger packet ends its connection.
pub const MAX_PACKET_BYTES: usize = 2 * 1024 * 1024;
/// Messages of one connection, or of one broker, that are not acknowledged yet (MQTT 5: Receive Maximum). They are accepted together.
pub const MAX_IN_FLIGHT: u16 = 64;
/// Longest topic or topic filter, in bytes.
pub const MAX_TOPIC_BYTES: usize = 512;
