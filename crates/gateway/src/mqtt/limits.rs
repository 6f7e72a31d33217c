//! Every bound of MQTT, with its name.

use std::time::Duration;

pub use chancery_mqtt::limits::{MAX_IN_FLIGHT, MAX_PACKET_BYTES, MAX_TOPIC_BYTES};

const _: () =
    assert!(MAX_PACKET_BYTES > crate::limits::MAX_LINE_BYTES, "a message somewhat too long is refused by name");

/// Largest first packet of a client, in bytes.
pub const MAX_CONNECT_BYTES: usize = 64 * 1024;
/// KiB of messages of one broker that are in memory, about. Of messages that a session has waiting a broker may send more than [`MAX_IN_FLIGHT`] when
/// the session is taken up again (Mosquitto 2.0 does); beyond this the connection ends, and what is not acknowledged comes again.
pub const MAX_BROKER_KIB: usize = 64 * 1024;
/// Bytes of messages of one connection that are accepted together, before the last of them.
pub const MAX_TOGETHER_BYTES: usize = 1024 * 1024;
/// Most topic filters of one client.
pub const MAX_FILTERS: usize = 16;
/// Most clients at a time.
pub const MAX_CLIENTS: usize = 1024;
/// Most of them with one address, or of one /64: so many stations may stand behind one router, and nobody takes all places.
pub const MAX_CLIENTS_PER_ADDRESS: usize = 256;
/// Longest from the first byte of a packet to its last, beside what it has at [`MIN_BYTES_PER_SECOND`].
pub const PACKET_TIMEOUT: Duration = Duration::from_secs(30);
/// At least so fast a packet has to come.
pub const MIN_BYTES_PER_SECOND: usize = 16 * 1024;
/// Longest correlation data that are given back with an outcome, in bytes.
pub const MAX_CORRELATION_BYTES: usize = 4096;
/// Longest from a connection to its CONNECT.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest that a client may be silent that has asked for no keep-alive.
pub const MAX_SILENCE: Duration = Duration::from_secs(60 * 60);
/// Longest that a client may take to take what it is sent.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often what may succeed later is tried for a client of the listener, before its connection ends without an acknowledgement.
pub const MAX_TRIES: u32 = 8;
/// Longest that one such try is waited for.
pub const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);
/// The first pause before a broker is connected to again; every further one is twice as long.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause.
pub const MAX_PAUSE: Duration = Duration::from_secs(5);
