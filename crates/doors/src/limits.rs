//! Every bound of the wire between processes, with its name.

use std::time::Duration;

/// Largest message, in bytes. The largest that the doors' own bounds allow are a trace (12 MiB of operations as JSON in JSON) and a data block with its
/// sealed payloads.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
/// Calls that a process answers at a time; more wait.
pub const MAX_CALLS: usize = 512;
/// Calls of one connection; its caller waits with more.
pub const MAX_CALLS_OF_CONNECTION: u32 = 256;
/// Connections to a process: five of a city, and as many that end while their processes start again.
pub const MAX_CONNECTIONS: usize = 16;
/// Memory for the messages of all calls that a process answers, and as much for its answers, in KiB: more wait, calls unread. A call's message counts until it
/// is answered, its answer until it is sent. Without it [`MAX_CALLS`] messages of [`MAX_MESSAGE_BYTES`] would be 32 GiB.
pub const MAX_MESSAGES_KIB: u32 = 256 * 1024;
/// Bytes of one message that wait to be read.
pub const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// Bytes of all messages of a connection that wait to be read: as many as its calls may have, so that calls that wait take nothing from one that is read.
pub const CONNECTION_WINDOW_BYTES: u32 = MAX_CALLS_OF_CONNECTION * STREAM_WINDOW_BYTES;
/// Longest that a connection may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a silent process is asked whether it lives.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// How long it may take to say so.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// After how long a call that found nobody is worth another.
pub const RETRY_AFTER_MS: u64 = 500;
/// Longest that what only reads may take.
pub const READ: Duration = Duration::from_secs(60);
/// Longest that what is recorded may take: it waits until a chain has made it final.
pub const WRITE: Duration = Duration::from_secs(150);
/// Longest that an audit or a history may take.
pub const AUDIT: Duration = Duration::from_secs(300);
/// Longest that a process waits for calls under way when it stops.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest path of a socket, in bytes: what Linux and the BSDs allow, without the closing zero.
pub const MAX_SOCKET_PATH_BYTES: usize = 103;
