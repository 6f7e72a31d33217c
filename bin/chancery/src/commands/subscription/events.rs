//! Server-sent events, as a gateway writes them: lines of fields, an empty line behind each event (HTML, "Server-sent events").

use anyhow::{Result, ensure};

/// Longest event that is read, in bytes: an operation at its bounds takes less.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// An event, or how far everything was delivered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Where whoever comes back goes on.
    pub(super) id: Option<String>,
    /// What happened; a comment has nothing.
    pub(super) data: Option<String>,
}

/// What has come of a stream, and is no whole event yet.
#[derive(Default)]
pub(super) struct Events(Vec<u8>);

impl Events {
    /// Takes bytes as they come, however they were cut, and gives the events that end in them.
    ///
    /// # Errors
    /// An event is too large, or no UTF-8.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        self.0.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.0.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.0.drain(..end + 2).collect();
            events.push(read(std::str::from_utf8(&event)?));
        }
        ensure!(self.0.len() <= MAX_EVENT_BYTES, "an event is longer than {MAX_EVENT_BYTES} bytes");
        Ok(events)
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| {
        let begins = |line: &str| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).map(str::to_owned);
        text.lines().find_map(begins)
    };
    Event { id: field("id"), data: field("data") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // PROVISIONING-5
    #[test]
    fn events_are_read_wherever_they_are_cut() {
        let stream = "retry: 2000\n\nid: 5.1\nevent: operation\ndata: {\"a\":\"id: é\"}\n\n: heart-beat\nid: 7.2\n\n: heart-beat\n\n";
        let event =
            |id: Option<&str>, data: Option<&str>| Event { id: id.map(str::to_owned), data: data.map(str::to_owned) };
        let expected = [
            event(None, None),
            event(Some("5.1"), Some("{\"a\":\"id: é\"}")),
            event(Some("7.2"), None),
            event(None, None),
        ];
        for cut in 1..stream.len() {
            let mut events = Events::default();
            let (first, second) = stream.as_bytes().split_at(cut);
            let mut read = events.take(first).unwrap();
            read.extend(events.take(second).unwrap());
            assert_eq!(read, expected, "{cut}");
        }
        assert!(Events::default().take("x".repeat(MAX_EVENT_BYTES + 1).as_bytes()).is_err());
    }
}
