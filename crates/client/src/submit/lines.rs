//! An answer that is read line by line.

use futures::TryStreamExt as _;
use reqwest::StatusCode;

use crate::{Client, ClientError, FileStream};

/// Longest line that is read, in bytes: a receipt, or a problem with what it says of violations.
const MAX_LINE_BYTES: usize = 256 * 1024;

pub(super) struct Lines<'a> {
    client: &'a Client,
    stream: FileStream,
    held: Vec<u8>,
    /// Bytes of `held` in which no end of a line is.
    looked_at: usize,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(client: &'a Client, stream: FileStream) -> Self {
        Self { client, stream, held: Vec::new(), looked_at: 0 }
    }

    /// The next line without its end; the last one may have none. `None` when the answer has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        loop {
            if let Some(end) = self.held[self.looked_at..].iter().position(|byte| *byte == b'\n') {
                let rest = self.held.split_off(self.looked_at + end + 1);
                let mut line = std::mem::replace(&mut self.held, rest);
                self.looked_at = 0;
                line.pop();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return Ok(Some(line));
            }
            self.looked_at = self.held.len();
            if self.looked_at > MAX_LINE_BYTES {
                let reason = format!("a line of the answer is longer than {MAX_LINE_BYTES} bytes");
                return Err(self.client.not_a_gateway(StatusCode::OK, reason));
            }
            match self.stream.try_next().await? {
                Some(chunk) => self.held.extend_from_slice(&chunk),
                None if self.held.trim_ascii().is_empty() => return Ok(None),
                None => {
                    self.looked_at = 0;
                    return Ok(Some(std::mem::take(&mut self.held)));
                }
            }
        }
    }
}
