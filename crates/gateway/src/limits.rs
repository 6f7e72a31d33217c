//! Every bound of the gateway, with its name.

use std::time::Duration;

mod clients;
mod layer;
mod per_client;
mod place;
mod streams;

pub(crate) use clients::Clients;
pub(crate) use layer::{enforce, in_time, log};
pub(crate) use per_client::{Held, PerClient};
pub(crate) use place::{admit, keep};
pub(crate) use streams::{StreamPlace, Streams};

/// Largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Most submissions of one array.
pub const MAX_ARRAY_SUBMISSIONS: usize = 256;
/// Longest line of a stream: a submission of 1 MiB, and what stands around it.
pub const MAX_LINE_BYTES: usize = MAX_BODY_BYTES + 16 * 1024;
/// Most bytes of one stream; whoever has more opens another.
pub const MAX_STREAM_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Longest that one stream may take.
pub const MAX_STREAM_TIME: Duration = Duration::from_secs(60 * 60);
/// Longest that a stream may stand still.
pub const MAX_STREAM_SILENCE: Duration = Duration::from_secs(30);
/// Most streams of submissions at a time, of all clients and over HTTP and gRPC together; reflection counts among them, who follows an alliance or a subscription does not.
pub const MAX_STREAMS: usize = 1024;
/// Most such streams of one client address. Each is a request under way too; of [`MAX_IN_FLIGHT_PER_CLIENT`] these and [`MAX_FOLLOWERS_PER_CLIENT`] leave a quarter for other requests.
pub const MAX_STREAMS_PER_CLIENT: usize = 32;
/// Most that follow an alliance or a subscription at a time, of all clients: they take no place of a stream of submissions.
pub const MAX_FOLLOWERS: usize = 1024;
/// Most of them of one client address.
pub const MAX_FOLLOWERS_PER_CLIENT: usize = 16;
/// Longest that somebody follows on one connection; then it comes back.
pub const MAX_FOLLOW_TIME: Duration = Duration::from_secs(60 * 60);
/// How long whoever follows a subscription has the roles that were looked up for it; then they are looked up again.
pub const MAX_RIGHT_AGE: Duration = Duration::from_secs(1);
/// How often whoever follows hears that the stream lives.
pub const HEART_BEAT: Duration = Duration::from_secs(15);
/// After how long a client comes back whose stream has ended.
pub const EVENT_RETRY: Duration = Duration::from_secs(2);
/// How long what comes for whoever follows may gather, where it cannot be waited for.
pub const GATHERING: Duration = Duration::from_millis(250);
/// Most events that are put together at a time.
pub const MAX_EVENTS_AT_ONCE: usize = 16;
/// Lines of a stream that are accepted together.
pub const MAX_CHUNK_LINES: usize = 256;
/// Bytes of lines that are accepted together, before the last of them.
pub const MAX_CHUNK_BYTES: usize = 256 * 1024;
/// Chunks of one stream under way at once.
pub const MAX_CHUNKS_UNDER_WAY: usize = 4;
/// Longest sealed certificate or presentation, in bytes.
pub const MAX_SEALED_BYTES: usize = 64 * 1024;
/// Longest URL (path and query), in bytes.
pub const MAX_URL_BYTES: usize = 8 * 1024;
/// Most bytes of header names and values together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Most bytes that a connection buffers for a request's head. Between [`MAX_HEADER_BYTES`] and this the refusal is a problem document, above it a
/// bare 431.
pub const MAX_HEAD_BUFFER_BYTES: usize = 64 * 1024;
/// Deepest nesting of JSON.
pub const MAX_JSON_DEPTH: usize = 32;
/// Rows of a page unless asked otherwise.
pub const DEFAULT_PAGE_ROWS: usize = 20;
/// Most rows of a page.
pub const MAX_PAGE_ROWS: usize = 100;
/// Longest cursor, in bytes.
pub const MAX_CURSOR_BYTES: usize = 256;
/// Longest idempotency key, in characters.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 64;
/// Longest that a request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest that a client may take to send a request's head and, from the beginning of a connection, its first request.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest that a connection is kept on which nothing is under way.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// Longest that an answer waits for its reader to take more of it.
pub const MAX_READER_SILENCE: Duration = Duration::from_secs(30);
/// Most bytes of an answer that are handed on at once: what its reader does not take stays with the request that is counted.
pub const MAX_PIECE_BYTES: usize = 16 * 1024;
/// Longest that the gateway waits for requests under way when it stops.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections at a time.
pub const MAX_CONNECTIONS: usize = 4096;
/// Most connections of one client address, over HTTP and gRPC together. Those of trusted proxies are of many clients, and are not counted so.
pub const MAX_CONNECTIONS_PER_CLIENT: usize = 256;
/// Most HTTP/2 streams of a connection.
pub const MAX_HTTP2_STREAMS: u32 = 64;
/// Most requests under way for one client address.
pub const MAX_IN_FLIGHT_PER_CLIENT: u32 = 64;
/// Requests a second for one client address.
pub const REQUESTS_PER_SECOND: u32 = 100;
/// Requests that one client address may send at once before the rate counts.
pub const REQUEST_BURST: u32 = 200;
/// Client addresses that are remembered; the longest silent one is forgotten first.
pub const MAX_CLIENTS: u32 = 65_536;
/// Sessions at a time.
pub const MAX_SESSIONS: usize = 100_000;
/// Sessions of one address at a time; a further one ends the oldest.
pub const MAX_SESSIONS_PER_ADDRESS: usize = 16;
/// How long a session lasts.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long a sign-in nonce lasts.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How far a caller's clock may differ from ours.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(30);
/// Nonces that are remembered as used. When there are as many that have not ended yet, further signed requests wait.
pub const MAX_USED_NONCES: usize = 262_144;
/// Most of them of one office of a network of persons, of however few.
pub const MAX_NONCES_OF_AN_OFFICE: usize = 16_384;
/// What one office has of them, among however many: some 10 requests a second.
pub const MIN_NONCES_OF_AN_OFFICE: usize = 1024;
/// Longest that a presentation may wait for its inspector.
pub const MAX_PRESENTATION_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Most files of the web.
pub const MAX_WEB_FILES: usize = 4096;
/// Most bytes of the web's files together.
pub const MAX_WEB_BYTES: u64 = 128 * 1024 * 1024;

/// The bounds that an operator may set; the defaults are the named constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// [`REQUESTS_PER_SECOND`].
    pub requests_per_second: u32,
    /// [`REQUEST_BURST`].
    pub request_burst: u32,
    /// [`MAX_IN_FLIGHT_PER_CLIENT`].
    pub max_in_flight_per_client: u32,
    /// [`MAX_CONNECTIONS`].
    pub max_connections: usize,
    /// [`MAX_CONNECTIONS_PER_CLIENT`].
    pub max_connections_per_client: usize,
    /// [`REQUEST_TIMEOUT`].
    pub request_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: REQUESTS_PER_SECOND,
            request_burst: REQUEST_BURST,
            max_in_flight_per_client: MAX_IN_FLIGHT_PER_CLIENT,
            max_connections: MAX_CONNECTIONS,
            max_connections_per_client: MAX_CONNECTIONS_PER_CLIENT,
            request_timeout: REQUEST_TIMEOUT,
        }
    }
}
